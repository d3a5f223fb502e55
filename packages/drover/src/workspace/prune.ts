import { join } from 'node:path'
import { removeWorktree } from './make.ts'
import { strays } from './recover.ts'
import { isThere, placeOf } from './repair.ts'
import type { Entry } from './worktree-file.ts'
import { keepFirst, type Worktrees } from './worktrees.ts'

export interface Listed {
  path: string
  task: string | null
  state: 'used' | 'free' | 'stray'
  dirty: boolean
}

export async function list(to: Worktrees): Promise<Listed[]> {
  const known = to.entries.all().filter((entry) => entry.state !== 'making')
  const listed = known.map(async (entry): Promise<Listed> => {
    const state = entry.state === 'used' ? 'used' : 'free'
    return { path: entry.path, task: entry.task, state, dirty: await isDirty(to, entry) }
  })
  const lost = (await strays(to)).map((name): Listed => ({
    path: join(to.entries.folder, name),
    task: null,
    state: 'stray',
    dirty: true,
  }))
  return [...(await Promise.all(listed)), ...lost]
}

/** What drover's own free worktrees hold is kept already. */
async function isDirty({ git }: Worktrees, entry: Entry): Promise<boolean> {
  if (entry.state !== 'used' || !isThere(entry)) return false
  const { code, out } = await git.run(placeOf(entry), ['status', '--porcelain', '-z', '--ignore-submodules=all'], {
    also: [128],
  })
  return code !== 0 || out !== ''
}

export interface Pruning {
  all: boolean
  dryRun: boolean
  isAtWork?(task: string): Promise<boolean>
}

/** Removes worktrees that nobody uses; `all` also those of tasks that rest. An attempt that is not over keeps its own. */
export async function prune(
  to: Worktrees,
  wanted: Pruning,
): Promise<{ removed: string[]; kept: { path: string; why: string }[] }> {
  const removed: string[] = []
  const kept: { path: string; why: string }[] = []
  for (const { name, path } of to.entries.all()) {
    const why = await pruneOne(to, name, wanted)
    if (why === undefined) removed.push(path)
    else kept.push({ path, why })
  }
  return { removed, kept }
}

/** Why it stays; nothing when it is gone, or would be. */
async function pruneOne(to: Worktrees, name: string, wanted: Pruning): Promise<string | undefined> {
  const { task } = to.entries.named(name) ?? {}
  const turn = task ?? name
  const isAtWork = async () => wanted.all && task != null && (await wanted.isAtWork?.(task)) === true
  const why = whyKept(to, name, { ...wanted, task, isAtWork: await isAtWork(), isTaken: to.turns.isTaken(turn) })
  if (why !== undefined || wanted.dryRun) return why
  // An attempt that begins meanwhile waits for its turn, and then looks for its worktree anew.
  return to.turns.take(turn, async () => {
    const known = { ...wanted, task, isAtWork: await isAtWork(), isTaken: false }
    // Nothing begins between this look and what is done next.
    return whyKept(to, name, known) ?? takeAway(to, name)
  })
}

async function takeAway(to: Worktrees, name: string): Promise<undefined> {
  const entry = to.entries.named(name)!
  // Whoever looked around in a worktree after it was kept may have left something.
  if (entry.state === 'used' && isThere(entry)) await keepFirst(to, { ...entry, kept: false })
  // Found by nobody from here on: an attempt that began in it while it goes would lose its files.
  to.entries.save({ ...to.entries.named(name)!, state: 'making', task: null, ready: false })
  await removeWorktree(to, entry)
}

interface Known {
  task: string | null | undefined
  all: boolean
  isAtWork: boolean
  isTaken: boolean
}

function whyKept({ entries }: Worktrees, name: string, known: Known): string | undefined {
  const entry = entries.named(name)
  if (!entry || entry.task !== known.task) return 'it is used again'
  if (entry.state === 'making') return 'it is being made'
  if (entry.state === 'gate') return known.isTaken ? 'the gate runs in it' : undefined
  if (entry.state === 'free') return undefined
  if (!known.all) return `${entry.task} uses it`
  if (known.isAtWork) return `${entry.task} is at work`
  if (known.isTaken) return 'it is being made ready'
  return entry.kept ? undefined : `the attempt of ${entry.task} is not over`
}
