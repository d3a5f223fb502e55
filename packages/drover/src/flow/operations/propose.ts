import { checkTitle } from '../../domain/draft.ts'
import { DroverError } from '../../domain/error.ts'
import type { NewEvent, ProposedPart } from '../../domain/event.ts'
import { findCircle } from '../../domain/needs.ts'
import type { Task } from '../../domain/task.ts'
import { freshId } from './epic.ts'
import { say, type Ports } from './say.ts'
import { atWork, born, inherited, refuseCommand, refuseTooMany, type Agent, type Bounds } from './spawn.ts'

/** An agent says that its task should be several. They come to be when its attempt has ended; until then the last word counts. */
export async function propose(
  ports: Bounds,
  { reason, parts }: { reason: string; parts: readonly ProposedPart[] },
  by: Agent,
): Promise<void> {
  const task = await atWork(ports.reading, by)
  await refuseCommand(ports.reading, by)
  if (by.task !== task.id || (await ports.reading.subtasks(task.id)).length > 0)
    throw usage(`${task.id} is divided into sub-tasks that share a worktree: use create_subtask for what is beside it`)
  const checked = check(parts)
  await refuseTooMany(ports, task, parts.length)
  const data = { reason, parts: checked }
  await say(
    ports.ledger,
    [{ type: 'task.proposed', task: task.id, attempt: by.attempt, data }],
    by,
    'signal_decomposition',
  )
}

function check(parts: readonly ProposedPart[]): ProposedPart[] {
  if (parts.length < 2) throw usage('suggestedSubtasks needs at least two: one is the task itself')
  const checked = parts.map((part) => ({ ...part, title: checkTitle(part.title) }))
  const titles = new Set(checked.map(({ title }) => title))
  if (titles.size < checked.length) throw usage('two of suggestedSubtasks have the same title')
  const needs = new Map(checked.map(({ after = [] }, i) => [String(i + 1), after.map(String)]))
  for (const [part, after] of needs)
    for (const other of after)
      if (!needs.has(other)) throw usage(`part ${part} is to come after part ${other}, and there is none`)
  const path = findCircle(needs)
  if (path) throw usage(`these parts wait for each other: ${path.join(' → ')}`)
  return checked
}

const usage = (problem: string): DroverError => new DroverError('usage', { problem, command: 'mcp' })

/** The events that make the parts. What the whole had done so far is where the first that needs no other begins. */
export async function partsToCreate(
  ports: Pick<Ports, 'reading' | 'clock'>,
  { whole, parts, startsFrom }: { whole: Task; parts: readonly ProposedPart[]; startsFrom: string | null },
): Promise<NewEvent[]> {
  const ids: string[] = []
  while (ids.length < parts.length) {
    const id = await freshId(ports, 'task')
    if (!ids.includes(id)) ids.push(id)
  }
  const first = parts.findIndex(({ after = [] }) => after.length === 0)
  const { type, scope, judge, timeoutMs } = whole
  const words = { ...inherited(whole), type, scope, judge, timeoutMs }
  return parts.map(({ title, description, after = [] }, i) => ({
    type: 'task.created',
    task: ids[i]!,
    data: {
      ...born(whole),
      kind: 'split',
      sequence: i + 1,
      needs: after.map((n) => ids[n - 1]!),
      words: { ...words, title, description },
      ...(i === first && startsFrom !== null ? { startsFrom } : {}),
    },
  }))
}
