import { DroverError, type ErrorCode } from '../domain/error.ts'
import { isPassing } from '../domain/ledger-trouble.ts'
import type { Crew } from '../flow/crew.ts'
import type { Workspace } from '../ports/workspace.ts'
import { tryLock } from './lock.ts'
import { openWorkspaceFor } from './open-workspace.ts'
import type { Project } from './open-project.ts'

type IsAtWork = (task: string) => Promise<boolean>

/** What other commands want done to refs and worktrees, which only the holder of the lock may touch. */
const wishes = {
  'worktree.prune': (workspace: Workspace, about: { all: boolean; dryRun: boolean }, isAtWork?: IsAtWork) =>
    workspace.prune({ ...about, ...(isAtWork && { isAtWork }) }),
  'rescue.restore': (workspace: Workspace, about: { name: string }) => workspace.restore(about.name),
  'rescue.adopt': (workspace: Workspace, about: { task: string; attempt: number; commit: string }) =>
    workspace.adopt(about),
  unland: (workspace: Workspace, about: { task: string }) => workspace.unland(about.task),
}
export type WishName = keyof typeof wishes
type About<W extends WishName> = Parameters<(typeof wishes)[W]>[1]
type AnswerOf<W extends WishName> = Awaited<ReturnType<(typeof wishes)[W]>>
type Told = { ok: unknown } | { problem: string } | { code: ErrorCode; about: object }

/** While much happens, it is looked at together. */
const gatherMs = 15

/** Carries out what was wished for since, and answers; until the signal. */
export async function fulfilWishes(crew: Crew, project: Project, signal: AbortSignal): Promise<void> {
  const bell = crew.ledger.bell()
  while (!signal.aborted) {
    const isAnswered = await answerAll(crew, project)
    await bell(isAnswered ? 60_000 : 1000, signal)
    await crew.clock.sleep(gatherMs, signal)
  }
}

/** False while there is no room to write the answer down: each wish may be carried out twice. */
async function answerAll({ workspace, runtime }: Crew, { records }: Project): Promise<boolean> {
  const isAtWork: IsAtWork = async (task) => (await runtime.living()).some((job) => job.task === task)
  try {
    for (const wish of await records.wishes())
      await records.answerWish(wish.id, await carryOut(workspace, wish.what, wish.about, isAtWork))
    return true
  } catch (error) {
    if (!isPassing(error)) throw error
    return false
  }
}

async function carryOut(workspace: Workspace, what: string, about: unknown, isAtWork?: IsAtWork): Promise<Told> {
  try {
    const wish = wishes[what as WishName] as
      | ((workspace: Workspace, about: unknown, isAtWork?: IsAtWork) => Promise<unknown>)
      | undefined
    return wish
      ? { ok: (await wish(workspace, about, isAtWork)) ?? null }
      : { problem: `nobody knows how to "${what}"` }
  } catch (error) {
    if (error instanceof DroverError) return { code: error.code, about: error.about as object }
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

/** Has it done: by the holder of the lock, or here when nobody holds it. */
export async function makeWish<W extends WishName>(
  project: Project,
  what: W,
  about: About<W>,
  timeoutMs = 60_000,
): Promise<AnswerOf<W>> {
  const lock = tryLock(project.places)
  if (!lock) return ask(project, what, about, timeoutMs)
  try {
    return readTold(await carryOut(await recovered(project), what, about), what) as AnswerOf<W>
  } finally {
    lock.release()
  }
}

async function ask<W extends WishName>(
  project: Project,
  what: W,
  about: About<W>,
  timeoutMs: number,
): Promise<AnswerOf<W>> {
  const id = await project.records.wish(what, about, project.clock.now())
  await project.poke()
  const deadline = project.clock.ticks() + timeoutMs
  const bell = project.ledger.bell()
  while (project.clock.ticks() < deadline) {
    const told = ((await project.records.answerTo(id)) as Told | undefined) ?? (await fulfilAlone(project, id))
    if (told) return readTold(told, what) as AnswerOf<W>
    await bell(1000, new AbortController().signal)
  }
  throw new DroverError('busy', { task: what, why: 'the daemon has not answered yet' })
}

/** Whoever was asked is gone, and nobody came after: it is done here, and the next start finds it done. */
async function fulfilAlone(project: Project, id: number): Promise<Told | undefined> {
  const lock = tryLock(project.places)
  if (!lock) return undefined
  try {
    const wish = (await project.records.wishes()).find((one) => one.id === id)
    if (wish === undefined) return undefined
    const told = await carryOut(await recovered(project), wish.what, wish.about)
    await project.records.answerWish(id, told)
    return told
  } finally {
    lock.release()
  }
}

/** Whoever drove before may have died in the middle of a git: what it left is put in order first, as at every start. */
async function recovered(project: Project): Promise<Workspace> {
  const workspace = await openWorkspaceFor(project)
  await workspace.recover()
  return workspace
}

function readTold(told: Told, what: string): unknown {
  if ('code' in told) throw new DroverError(told.code, told.about as never)
  if ('problem' in told) throw new DroverError('git', { command: what, problem: told.problem })
  return told.ok
}
