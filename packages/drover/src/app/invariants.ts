import type { Finding } from './finding.ts'
import { openWorkspaceFor } from './open-workspace.ts'
import type { Project } from './open-project.ts'

const worst = 20

/** What must be true of ledger and git together, whatever happened before. Slow, so only `--deep` looks. */
export async function checkInvariants(project: Project): Promise<Finding[]> {
  const problems = [...(await landings(project)), ...(await needs(project)), ...(await attempts(project))]
  if (problems.length === 0) return [{ name: 'invariants', state: 'ok', words: 'ledger and git agree', remedy: '' }]
  return problems
    .slice(0, worst)
    .map((words) => ({ name: 'invariants', state: 'bad', words, remedy: 'drover stream --task <id> tells its story' }))
}

/** A completed task that had something to land is on the branch; nothing else has a landed commit. */
async function landings({ reading, target, ...project }: Project): Promise<string[]> {
  const workspace = await openWorkspaceFor({ reading, target, ...project })
  const tip = await workspace.tip(target)
  const problems: string[] = []
  const landed = (await reading.tasks({})).filter((task) => task.landedCommit !== null)
  const own = landed.filter(({ kind }) => kind !== 'subtask')
  const missing = await workspace.lacking(
    tip,
    own.map(({ id, landedCommit }) => ({ task: id, commit: landedCommit! })),
  )
  for (const id of missing) problems.push(`${id} is completed, but ${target} does not hold its landed commit`)
  for (const task of landed) {
    if (task.status !== 'completed') problems.push(`${task.id} is ${task.status}, but has a landed commit`)
  }
  return problems
}

/** The counter of open needs is what the needs say. */
async function needs({ reading }: Project): Promise<string[]> {
  const tasks = new Map((await reading.tasks({})).map((task) => [task.id, task]))
  const open = new Map<string, number>()
  for (const need of await reading.allNeeds())
    if (tasks.get(need.needs)?.status !== 'completed') open.set(need.task, (open.get(need.task) ?? 0) + 1)
  return [...tasks.values()]
    .filter((task) => task.openNeeds !== (open.get(task.id) ?? 0))
    .map((task) => `${task.id} counts ${task.openNeeds} open needs, and has ${open.get(task.id) ?? 0}`)
}

/** `attempt` is the number of attempt rows, and `attempts` is never above what it may be. */
async function attempts({ reading }: Project): Promise<string[]> {
  const problems: string[] = []
  for (const task of await reading.tasks({})) {
    const rows = task.kind === 'subtask' ? task.attempt : (await reading.attempts(task.id)).length
    if (rows !== task.attempt) problems.push(`${task.id} is at attempt ${task.attempt}, and has ${rows} of them`)
    if (task.attempts > task.maxAttempts)
      problems.push(`${task.id} has counted ${task.attempts} attempts of ${task.maxAttempts}`)
  }
  return problems
}
