import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '../ports/clock.ts'
import type { System } from '../ports/system.ts'
import type { Workspace } from '../ports/workspace.ts'
import { advance, apart } from './advance.ts'
import { openAttributes } from './attributes.ts'
import { blockersOf, checkouts } from './checkouts.ts'
import type { Person } from './commit-object.ts'
import { behind, finishFailed, follow } from './follow.ts'
import { gate, type Gating } from './gate.ts'
import { openGit, type Exec } from './git.ts'
import { lacking } from './lacking.ts'
import { diff, patch, rescues, restore } from './look.ts'
import { merge, tipOf } from './merge.ts'
import { epochRef, landedRef, move, unland } from './move.ts'
import { createMutex, createTurns } from './mutex.ts'
import { adopt, has, snapshot, unpack } from './packs.ts'
import { openPending } from './pending.ts'
import { list, prune } from './prune.ts'
import { pushLanding, unlandThere } from './push-landing.ts'
import { recover } from './recover.ts'
import { reach, refresh } from './refresh.ts'
import { openRefs } from './refs.ts'
import { openRemote } from './remote.ts'
import { share, unshare, type Sharing } from './share.ts'
import { gateName, openEntries, room } from './worktree-file.ts'
import { at, find, forgetClaims, keep, release } from './worktrees.ts'

export interface WorkspaceOptions {
  /** The user's main checkout, and the repository's common git folder. Absolute, links resolved. */
  root: string
  gitDir: string
  /** Where worktrees are, and a folder of ours for scratch files. Absolute. */
  worktreeRoot: string
  runFolder: string
  /** The branch that work lands on. */
  target: string
  /** Where work travels by a remote: its name, or nothing for the upstream's, and the project whose tasks these are. */
  travels?: { remote: string; project: string } | null
  /** Who commits: the git user, or drover's settings. */
  committer: Person
  /** Drivers as they stood at `init` or `doctor --trust`: what `readDrivers` answered then. */
  trusted(): Promise<Readonly<Record<string, string>>>
  exec: Exec
  env: Readonly<Record<string, string>>
  clock: Pick<Clock, 'now'>
  system: Pick<System, 'run' | 'end'>
  /** What the gate's command may see, and the mark its processes carry. */
  gateEnv: Readonly<Record<string, string>>
  gateMark: string
  cache: readonly string[]
  include: string
  /** Runs `worktree.setup`, if there is one; answers with what went wrong, in words. */
  setup: ((path: string, signal: AbortSignal) => Promise<string | null>) | null
  /** Ends processes whose environment has a mark that begins so (`DROVER_GIT=<12 hex>:`), but those of one epoch. */
  endGit(mark: string, butEpoch: string): Promise<void>
}

export interface TrustingWorkspace extends Workspace {
  /** Programs that git's configuration may make it run, as they stand now: to be stored, and given back as `trusted`. */
  readDrivers(): Promise<Record<string, string>>
  /** How the person's own branch stands to the remote's; nothing where they are the same, or work does not travel. */
  apart(branch: string): Promise<{ remote: string; ahead: number; behind: number } | undefined>
  /** The remote that work travels by, and what stands between it and this machine; nothing where work does not travel. */
  reach(): Promise<{ name: string; problem: string | null } | undefined>
}

/** The set-up as one caller has it: it ends when nobody waits for it any more. */
const stoppable = (setup: WorkspaceOptions['setup'], signal: AbortSignal) =>
  setup && ((path: string) => setup(path, signal))

/** The only place that runs git. */
export function openWorkspace(options: WorkspaceOptions): TrustingWorkspace {
  const { runFolder, worktreeRoot, clock } = options
  const travels = options.travels ?? null
  const git = openGit({ ...options, remote: travels && { name: travels.remote, target: options.target } })
  const refs = openRefs(git)
  const remote = travels && openRemote({ ...options, git, refs })
  const sharing: Sharing = {
    git,
    refs,
    remote,
    project: travels?.project ?? '',
    target: options.target,
    seen: new Map(),
    landed: new Map(),
  }
  const tip = async (branch: string): Promise<string> => (await remote?.tip(branch)) ?? tipOf(refs, branch)
  const entries = openEntries(worktreeRoot)
  const pending = openPending(join(runFolder, 'moves.json'))
  const attributes = openAttributes(git, runFolder)
  const never = new AbortController().signal
  const to: Gating & Parameters<typeof recover>[0] & Parameters<typeof merge>[0] = {
    ...options,
    setup: stoppable(options.setup, never),
    git,
    refs,
    entries,
    pending,
    attributes,
    alone: createMutex(),
    turns: createTurns(),
    tip,
    sharing,
    now: () => clock.now(),
    random: () => randomBytes(16).toString('hex'),
  }
  // Read once: a process that was overtaken must not learn the epoch of the one that overtook it.
  let epoch: Promise<string | undefined> | undefined
  const moving = {
    ...to,
    epoch: () => (epoch ??= refs.read(epochRef)),
    renewed: (now: string) => void (epoch = Promise.resolve(now)),
  }
  return {
    travels: remote !== null,
    async recover() {
      epoch = Promise.resolve(await recover(to))
      if (remote) await advance(moving, options.target)
    },
    tip,
    refresh: (branch, task, signal) => refresh(sharing, { branch, task }, signal),
    lacking: (base, landed) => lacking(git, base, landed),
    at: (wanted, signal = never) =>
      to.turns.take(wanted.task, () => at({ ...to, setup: stoppable(options.setup, signal) }, wanted)),
    find: (task) => find(to, task),
    room: (most, expected) => room(entries, most, expected),
    keep: (wanted) => keep(to, wanted),
    share: (wanted, signal) => share(sharing, wanted, signal),
    unshare: (isOver, signal) => unshare(sharing, isOver, signal),
    forgetClaims: (task) => forgetClaims(to, task),
    release: (task) => to.turns.take(task, () => release(to, task)),
    strangeDrivers: () => git.drivers.strange(),
    merge: (wanted) => merge(to, wanted),
    gate: (wanted, signal) =>
      to.turns.take(gateName, () => gate({ ...to, setup: stoppable(options.setup, signal) }, wanted, signal)),
    async checkouts(branch, from, target) {
      await finishFailed(to)
      // What lands by the remote lands there, whatever stands in the way here.
      if (remote) return { moves: [], blockers: [] }
      return checkouts(to, { branch, from, to: target })
    },
    async blockers(branch, from, target) {
      await finishFailed(to)
      return blockersOf(to, { branch, from, to: target })
    },
    move: (wanted) => (remote ? pushLanding({ ...moving, ...sharing, remote }, wanted) : move(moving, wanted)),
    landed: async (task) => (remote ? sharing.landed.get(task) : refs.read(landedRef(task))),
    unland: (task) => (remote ? unlandThere({ ...moving, ...sharing, remote }, task) : unland(moving, task)),
    follow: (moves) => (remote ? advance(moving, options.target) : follow(to, moves)),
    patch: (base, commit) => patch(to, base, commit),
    diff: (task, against, how) => diff(to, task, against, how),
    snapshot: (task, attempt, base) => snapshot(to, { task, attempt, base }),
    unpack: (one) => unpack(to, one),
    adopt: (one) => adopt(to, one),
    has: (commit) => has(to, commit),
    rescues: (task) => rescues(to, task),
    restore: (name) => restore(to, name),
    worktrees: () => list(to),
    prune: (wanted) => prune(to, wanted),
    behind: (branch) => behind(to, branch),
    apart: async (branch) => (remote ? apart(moving, branch) : undefined),
    reach: async () => (remote ? reach(sharing, remote, options.target) : undefined),
    readDrivers: () => git.drivers.read(),
  }
}
