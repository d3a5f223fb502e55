import type { EventType, Facts } from '../../src/domain/event.ts'
import { moves, tellings } from '../../src/domain/moves.ts'
import { statuses, type Task, type TaskStatus } from '../../src/domain/task.ts'
import { taskWith } from '../domain/task.ts'

type Target = TaskStatus | ((task: Task, facts: Facts[EventType]) => TaskStatus | undefined)

/** Tasks and facts that differ in everything a move may look at. */
const kinds = ['task', 'subtask'] as const
const hows: Facts['task.unblocked']['how'][] = ['needs', 'checkout', 'resolved', 'approved', 'land', 'retry']
const rests = [
  null,
  { status: 'landing', reason: null, note: '' },
  { status: 'blocked', reason: 'review', note: '' },
] as const
const samples = kinds.flatMap((kind) =>
  [0, 1].flatMap((openNeeds) =>
    [null, 'c0ffee'].flatMap((commit) =>
      rests.flatMap((rest) =>
        hows.map((how) => ({ task: taskWith({ kind, openNeeds, commit, rest }), facts: { how, reason: 'needs' } })),
      ),
    ),
  ),
)

interface Arrow {
  from: TaskStatus
  event: string
  to: TaskStatus[]
  only: '' | 'tasks' | 'sub-tasks'
}

const arrows: Arrow[] = statuses.flatMap((from) =>
  Object.entries(moves[from] as Record<string, Target>).map(([event, target]): Arrow => {
    const ends = samples.map(({ task, facts }) => ({
      kind: task.kind,
      to: typeof target === 'function' ? target(task, facts as never) : target,
    }))
    const can = (kind: string): boolean => ends.some((end) => end.kind === kind && end.to !== undefined)
    const to = statuses.filter((status) => ends.some((end) => end.to === status))
    return { from, event, to, only: !can('subtask') ? 'tasks' : !can('task') ? 'sub-tasks' : '' }
  }),
)

/** The table `moves` as a drawing and as a table. */
export function movesPage(note: string): string {
  const drawn = Map.groupBy(
    arrows.flatMap(({ from, event, to }) => to.map((end) => ({ pair: `${from} --> ${end}`, event }))),
    ({ pair }) => pair,
  )
  return `${[
    '# Moves',
    '',
    note,
    '',
    'Which event moves a task from which status to which. Whatever is not here cannot happen. Where several targets stand, the task decides: `blocked`',
    'while a need is open, else `ready`; after a pause, what it was paused from; out of `blocked`, `landing` where there is work to land.',
    '',
    '```mermaid',
    'stateDiagram-v2',
    '  [*] --> ready: created',
    '  [*] --> blocked: created',
    ...[...drawn].map(([pair, some]) => `  ${pair}: ${some.map(({ event }) => short(event)).join(', ')}`),
    ...['completed', 'failed', 'cancelled'].map((status) => `  ${status} --> [*]`),
    '```',
    '',
    '| From | Event | To | |',
    '| --- | --- | --- | --- |',
    ...arrows.map(
      ({ from, event, to, only }) => `| ${from} | \`${event}\` | ${to.join(', ')} | ${only && `${only} only`} |`,
    ),
    '',
    `These tell and move nothing, in any status: ${[...tellings].map((type) => `\`${type}\``).join(', ')}. The events of a \`landing\` are`,
    'about a task that is `landing`, and leave it there; what follows from one is a task event in the same transaction.',
  ].join('\n')}\n`
}

const short = (event: string): string => event.replace(/^task\./, '')
