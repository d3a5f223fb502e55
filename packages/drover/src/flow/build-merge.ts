import type { Task } from '../domain/task.ts'
import type { Job } from '../ports/durable.ts'
import type { LandingText } from '../ports/workspace.ts'
import type { Crew } from './crew.ts'
import { matchesAny } from './match.ts'
import { passedParts } from './parts.ts'

export interface Merged {
  kind: 'merged'
  tip: string
  tree: string
  commit: string
}

/** What came of building the merge on the tip. */
export type Built =
  | Merged
  | { kind: 'landed'; commit: string; from: string }
  | { kind: 'conflict' | 'review'; detail: string }
  | { kind: 'empty' }
  | { kind: 'gone' }

const always = ['.drover.toml', '.gitattributes', '**/.gitattributes', '.gitmodules']

/** One new commit on the tip with all of the attempt's work, or why there is none. Nothing moves. */
export async function buildMerge(crew: Crew, job: Job, evidence = 'none'): Promise<Built> {
  const task = await crew.reading.task(job.task)
  if (!task || task.status !== 'landing' || task.attempt !== job.attempt || task.commit === null)
    return { kind: 'gone' }
  const landed = await crew.workspace.landed(job.task)
  if (landed && !(await isOurs(crew, job, landed))) return { kind: 'review', detail: foreign(crew, task.id, landed) }
  if (landed) return { kind: 'landed', commit: landed, from: task.baseCommit ?? landed }
  const text = await landingText(crew, task, evidence)
  const strange = await crew.workspace.strangeDrivers()
  if (strange.length > 0) return { kind: 'review', detail: unseen(strange, task.id) }
  const base = task.baseCommit ?? task.commit
  const merge = await crew.workspace.merge({
    task: task.id,
    branch: crew.here.target,
    commit: task.commit,
    base,
    text,
    history: crew.settings['land.history'],
  })
  if (merge.outcome === 'conflict') return { kind: 'conflict', detail: merge.detail }
  if (merge.ownTip && task.approved !== task.commit)
    return { kind: 'review', detail: movedByHand(crew.here.target, { from: base, to: merge.tip, id: task.id }) }
  if (merge.empty) return { kind: 'empty' }
  const guarded = merge.files.filter((file) => matchesAny(file, [...always, ...crew.settings['land.protected']]))
  if (guarded.length > 0 && task.approved !== task.commit)
    return {
      kind: 'review',
      detail: `it changes ${guarded.slice(0, 5).join(', ')}: look at \`drover diff ${task.id}\`, then \`drover resolve ${task.id}\``,
    }
  return { kind: 'merged', tip: merge.tip, tree: merge.tree, commit: merge.commit }
}

/** Another project with the same remote may have a task of the same name. What we land stands in the ledger before. */
const isOurs = async ({ reading, workspace }: Crew, { task }: Job, commit: string): Promise<boolean> =>
  !workspace.travels || (await reading.landings(task)).some((landing) => landing.commit === commit)

const foreign = ({ here }: Crew, id: string, commit: string): string =>
  `the remote says that ${id} has landed as ${commit.slice(0, 12)}, and that was not this project: land it under another id, or look at that commit and take \`refs/drover/landed/${id}\` away from the remote of ${here.target}, then \`drover resolve ${id}\``

const unseen = (drivers: readonly string[], id: string): string =>
  `git would run programs that nobody has agreed to (${drivers.join(', ')}): look at .git/config, then \`drover doctor --trust\` and \`drover resolve ${id}\``

const movedByHand = (branch: string, { from, to, id }: { from: string; to: string; id: string }): string =>
  `${branch} was moved to a commit of this attempt, past the gate: look at \`drover diff ${id}\`, take it back with \`git update-ref refs/heads/${branch} ${from} ${to}\` or leave it there, then \`drover resolve ${id}\``

const kindOf: Record<Task['type'], string> = { implementation: 'feat', fix: 'fix', research: 'chore' }

async function landingText(crew: Crew, task: Task, evidence: string): Promise<LandingText> {
  const subjects = await subjectsOf(crew, task)
  const parts = (await passedParts(crew.reading, task.id)).map(({ id }) => id)
  return {
    subject: subjects.length === 1 ? subjects[0]! : `${kindOf[task.type]}(${task.id}): ${summaryOf(task)}`.slice(0, 72),
    body: subjects.length > 1 ? subjects.map((subject) => `- ${subject}`).join('\n') : bodyOf(task),
    trailers: [
      ...[task.id, ...parts].map((id) => ['Drover-Task', id] as const),
      ['Drover-Attempt', String(task.attempt)],
      ['Drover-Evidence', evidence],
    ],
    author: await authorOf(crew, task),
    at: crew.clock.now(),
  }
}

/** Whoever created the task; of one that an agent made, whoever created that agent's task. */
async function authorOf({ here, reading }: Crew, task: Task): Promise<LandingText['author']> {
  if (task.email === null) return here.committer
  let origin: Task | undefined = task
  while (origin && !origin.createdBy.startsWith('person:') && origin.parentId !== null)
    origin = await reading.task(origin.parentId)
  return { name: (origin ?? task).createdBy.replace(/^person:/, ''), email: task.email }
}

/** An exit code is no words. */
const bodyOf = ({ verdict }: Task): string => (verdict && verdict.by !== 'exit-code' ? verdict.summary : '')

/** What the agent said is true now; a command says nothing, so its title does. */
function summaryOf(task: Task): string {
  const said = bodyOf(task).split('\n')[0]!.trim()
  return said === '' ? task.title : said
}

async function subjectsOf({ reading }: Crew, task: Task): Promise<string[]> {
  const passes = await reading.events(0, { task: task.id, types: ['task.passed'] }, 500)
  const last = passes.filter((event) => event.attempt === task.attempt).at(-1)
  return last?.type === 'task.passed' ? last.data.subjects : []
}
