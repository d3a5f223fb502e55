import type { Project } from '../app/open-project.ts'
import { version } from '../flow/handoff/document.ts'
import { standingOf } from '../domain/summary.ts'
import type { Snapshot } from '../ports/workspace.ts'
import { manyTasksJson } from './around.ts'
import { safeJson } from './escape.ts'
import { attemptJson, epicJson, eventJson, isoTime } from './json.ts'

export interface Standing {
  repository: string
  baseCommit: string
  snapshots: readonly Snapshot[]
}

/** The whole session as a document, in pieces: a long history is never in memory at once. */
export async function* sessionText(
  project: Project,
  { repository, baseCommit, snapshots }: Standing,
): AsyncGenerator<string> {
  const { reading, clock, operator, id, target } = project
  const upTo = await reading.lastSeq()
  const [tasks, epics, standings, needs] = await Promise.all([
    reading.tasks({}),
    reading.epics(),
    reading.standingByEpic(),
    reading.allNeeds(),
  ])
  const head = {
    version,
    exportedAt: isoTime(clock.now()),
    exportedBy: operator.email,
    repository,
    baseCommit,
    project: { id, target },
  }
  yield `${safeJson(head, 2).slice(0, -2)},\n`
  yield list(
    'epics',
    epics.map((epic) => epicJson(epic, standings.get(epic.id) ?? standingOf([]))),
  )
  yield list('tasks', await manyTasksJson(project, tasks))
  yield list('needs', needs)
  const done = tasks.flatMap(({ id: task, landedCommit }) => (landedCommit ? [{ task, commit: landedCommit }] : []))
  yield list('completedCommits', done)
  yield* inPieces(
    'attempts',
    rowsOf(tasks, async ({ id: task }) => (await reading.attempts(task)).map((one) => ({ task, ...attemptJson(one) }))),
  )
  yield* inPieces(
    'hints',
    rowsOf(tasks, ({ id: task }) => hintsOf(reading, task)),
  )
  yield* inPieces('events', eventsOf(reading, upTo))
  yield `${list('worktreeSnapshots', snapshots).slice(0, -2)}\n}\n`
}

const list = (name: string, rows: readonly object[]): string =>
  `  ${JSON.stringify(name)}: [${rows.map((row) => `\n    ${safeJson(row)}`).join(',')}${rows.length > 0 ? '\n  ' : ''}],\n`

async function* inPieces(name: string, rows: AsyncIterable<object>): AsyncGenerator<string> {
  let before = `  ${JSON.stringify(name)}: [`
  for await (const row of rows) {
    yield `${before}\n    ${safeJson(row)}`
    before = ','
  }
  yield before === ',' ? '\n  ],\n' : `${before}],\n`
}

async function* rowsOf<T>(tasks: readonly T[], of: (task: T) => Promise<object[]>): AsyncGenerator<object> {
  for (const task of tasks) yield* await of(task)
}

async function hintsOf(reading: Project['reading'], task: string): Promise<object[]> {
  const said = await reading.events(0, { task, types: ['task.hinted'] }, 500)
  const pending = new Set((await reading.pendingHints(task)).map(({ id }) => id))
  return said.flatMap((event) =>
    event.type === 'task.hinted'
      ? [
          {
            task,
            id: event.data.hint,
            text: event.data.text,
            at: isoTime(event.at),
            delivered: !pending.has(event.data.hint),
          },
        ]
      : [],
  )
}

async function* eventsOf(reading: Project['reading'], upTo: number): AsyncGenerator<object> {
  for (let after = 0; ;) {
    const events = await reading.events(after, { upTo }, 500)
    if (events.length === 0) return
    for (const event of events)
      yield { ...eventJson(event, event.epic ?? null), machine: event.machine, slot: event.slot }
    after = events.at(-1)!.seq
  }
}
