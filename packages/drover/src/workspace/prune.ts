import { isThere, placeOf } from './repair.ts'
import { strays } from './recover.ts'
import { join } from 'node:path'
import type { Entry } from './worktree-file.ts'
import { discard, type Worktrees } from './worktrees.ts'

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

/** Removes worktrees that nobody uses; `all` also those of tasks that rest. An attempt that is not over keeps its own. */
export async function prune(
  to: Worktrees,
  { all, dryRun }: { all: boolean; dryRun: boolean },
): Promise<{ removed: string[]; kept: { path: string; why: string }[] }> {
  const removed: string[] = []
  const kept: { path: string; why: string }[] = []
  for (const entry of to.entries.all()) {
    const why = whyKept(entry, all)
    if (why) kept.push({ path: entry.path, why })
    else if (dryRun || (await takeAway(to, entry))) removed.push(entry.path)
    else kept.push({ path: entry.path, why: 'it is used again' })
  }
  return { removed, kept }
}

/** A free one is found by nobody from here on: an attempt that began in it while it goes would lose its files. */
async function takeAway(to: Worktrees, entry: Entry): Promise<boolean> {
  const now = to.entries.named(entry.name)
  if (now?.state !== entry.state || now.task !== entry.task || now.attempt !== entry.attempt || now.kept !== entry.kept)
    return false
  if (now.state !== 'used') to.entries.save({ ...now, state: 'making', task: null, ready: false })
  // Whoever looked around in a worktree after it was kept may have left something.
  await discard(to, { ...entry, kept: entry.state !== 'used' })
  return true
}

function whyKept(entry: Entry, all: boolean): string | undefined {
  if (entry.state === 'making') return 'it is being made'
  if (entry.state !== 'used') return undefined
  if (!all) return `${entry.task} uses it`
  return entry.kept ? undefined : `the attempt of ${entry.task} is not over`
}
