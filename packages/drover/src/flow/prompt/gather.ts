import type { Attempt } from '../../domain/rows.ts'
import { isOver, type Task } from '../../domain/task.ts'
import type { Reading } from '../../ports/reading.ts'
import { spawnedBy } from '../child.ts'
import type { Crew } from '../crew.ts'
import { partsOf } from '../parts.ts'
import type { Work } from '../work.ts'
import type { Earlier, Known, Result } from './known.ts'

/** What telling an agent stands on. */
export interface Telling extends Pick<Crew, 'reading' | 'settings'> {
  workspace: Pick<Crew['workspace'], 'patch'>
  driverFor(agent: string): { abilities: { tools: boolean } }
}

/** Asks ledger and git for all that this attempt should know. */
export async function gather(crew: Telling, task: Task, work: Work, hints: readonly string[]): Promise<Known> {
  const { reading, settings } = crew
  const tries = await reading.attempts(work.owner)
  const now = tries.find(({ attempt }) => attempt === work.attempt)
  const past = tries.filter(({ attempt }) => attempt < work.attempt)
  return {
    task,
    above: await above(reading, task),
    before: await resultsOf(reading, await passedBefore(reading, work)),
    ...(await others(crew, task, now)),
    answers: (await reading.questions({ task: task.id, open: false })).map(({ text, answer }) => ({
      question: text,
      answer: answer ?? '',
    })),
    hints,
    earlier: await earlier(reading, task, past),
    diff: task.run === null && now?.fresh === true ? await lostWork(crew, work, past) : undefined,
    guidelines: settings.guidelines,
    repos: [...new Set([...task.repos, ...(task.type === 'research' ? settings['research.repos'] : [])])],
    hasTools: task.run === null && crew.driverFor(agentOf(crew, task, now)).abilities.tools,
    onBlocked: settings.on_blocked,
    limits: {
      description: settings.max_description_size,
      diff: settings.max_diff_size,
      file: settings.max_file_size,
    },
  }
}

/** The one that it was claimed for; a sub-task may name one of its own, and its parent may need none. */
const agentOf = ({ settings }: Telling, task: Task, now: Attempt | undefined): string => {
  const claimed = now === undefined || now.agent === 'command' ? settings.agent : now.agent
  return task.kind === 'subtask' ? (task.agent ?? claimed) : claimed
}

/** The tasks that a sub-task is a part of, the nearest first. */
async function above(reading: Reading, task: Task): Promise<Task[]> {
  const parent = task.kind === 'subtask' && task.parentId !== null ? await reading.task(task.parentId) : undefined
  return parent ? [parent, ...(await above(reading, parent))] : []
}

/** Parts of the same attempt whose turn was before this one. */
async function passedBefore(reading: Reading, { owner, task }: Work): Promise<Task[]> {
  if (task === owner && (await reading.subtasks(owner)).length === 0) return []
  const parts = await partsOf(reading, owner)
  const own = parts.findIndex(({ id }) => id === task)
  return parts.slice(0, own < 0 ? parts.length : own).filter(({ status }) => status === 'landing')
}

/** A command reads no prompt: what came of others is not asked for its sake. */
async function others(
  { reading, settings }: Telling,
  task: Task,
  now: Attempt | undefined,
): Promise<Pick<Known, 'needs' | 'children' | 'recent'>> {
  if (task.run !== null) return { needs: [], children: [], recent: [] }
  const met = (await reading.needsOf(task.id)).filter(isOver).map(({ id }) => id)
  const made = (await spawnedBy(reading, task.id)).filter(isOver)
  const ids = new Set(made.map(({ id }) => id))
  const needs = await Promise.all(met.filter((id) => !ids.has(id)).map((id) => reading.task(id)))
  // Counted from when the attempt began, so that the same ledger gives the same words.
  const until = now?.claimedAt ?? task.createdAt
  const recent = await reading.recent({
    epic: task.epicId,
    since: until - settings.task_context_max_age,
    until,
    limit: settings.task_context_count,
    but: [task.id, ...met, ...ids],
  })
  return {
    needs: await resultsOf(
      reading,
      needs.filter((need) => need !== undefined),
    ),
    children: await resultsOf(reading, made),
    recent: await resultsOf(reading, recent),
  }
}

const resultsOf = (reading: Reading, tasks: readonly Task[]): Promise<Result[]> =>
  Promise.all(
    tasks.map(async (task) => ({
      task,
      findings: task.type === 'research' ? await reading.findings(task.id) : [],
    })),
  )

async function earlier(reading: Reading, task: Task, past: readonly Attempt[]): Promise<Earlier[]> {
  if (past.length === 0) return []
  const types = ['task.reported', 'task.passed', 'task.retried', 'task.blocked', 'task.failed'] as const
  const events = await reading.events(0, { task: task.id, types }, 500)
  return past.map(({ attempt, error, commit }) => {
    const ofIt = events.filter((event) => event.attempt === attempt)
    const reported = ofIt.findLast((event) => event.type === 'task.reported')
    const ended = ofIt.findLast((event) => 'verdict' in event.data)
    return {
      attempt,
      error,
      commit,
      report: reported?.type === 'task.reported' ? reported.data.report : null,
      verdict: ended && 'verdict' in ended.data ? ended.data.verdict : null,
    }
  })
}

/** What the last attempt did, when this one begins without it. */
async function lostWork({ workspace }: Telling, { base }: Work, past: readonly Attempt[]): Promise<Known['diff']> {
  const last = past.at(-1)
  if (!last?.commit) return undefined
  return { attempt: last.attempt, range: `${base}...${last.commit}`, text: await workspace.patch(base, last.commit) }
}
