import type { CheckoutMove } from '../domain/event.ts'

/** Where an attempt works. The path is this machine's own and never leaves it. */
export interface Worktree {
  path: string
  /** The commit that its work starts from. */
  base: string
  /** Found as an earlier attempt left it; else made ready anew. */
  found: boolean
  /** What a commit in it writes to. */
  gitFolders?: readonly string[]
}

export interface Kept {
  /** The attempt's last commit, or nothing when there is none beyond the base. */
  commit: string | null
  base: string
  /** Whether the agent had left changes uncommitted. */
  leftovers: boolean
  /** Marker and result files that the agent wrote; they are never committed. */
  claims: string[]
  /** Subjects of the commits beyond the base that the agent made itself. */
  subjects: string[]
  files: string[]
  /** Why this commit cannot be landed as it is (an unreachable gitlink, a nested repository). */
  problem: string | null
}

export interface Merge {
  outcome: 'merged'
  tip: string
  tree: string
  commit: string
  /** The tip has all of it already. */
  empty: boolean
  /** The tip is a commit that was made in this attempt's worktree: the branch was moved by hand, past the gate. */
  ownTip: boolean
  files: string[]
}
export interface Conflict {
  outcome: 'conflict'
  tip: string
  files: string[]
  detail: string
}

export interface LandingText {
  subject: string
  body: string
  trailers: readonly (readonly [string, string])[]
  author: { name: string; email: string }
  at: number
}

export interface Gate {
  passed: boolean
  /** sha256 of the log, first 12 hex, or `none` without a gate. */
  evidence: string
  log: string
  tail: string
  exitCode: number | null
  durationMs: number
}

export interface LandedWork {
  task: string
  commit: string
}

export type Moved =
  | { outcome: 'landed' | 'already' }
  /** A git of the person's holds the index of a checkout that must move along. */
  | { outcome: 'locked' }
  /** The branch is not where it was. */
  | { outcome: 'moved' }
  /** A newer daemon has taken over this repository. */
  | { outcome: 'fenced' }
  /** The remote does not take it, in its own words; or whether it did is not known, and saying it again finds out. */
  | { outcome: 'refused'; words: string }
  | ({ outcome: 'away' } & Away)

/** The remote that work travels by cannot be reached now, or must not be. */
export type Away = Record<'away', string>
/** `taken`: another machine has brought work of the same attempt. */
export type Shared = 'shared' | 'taken' | { refused: string } | Away

type Landed = Record<'branch' | 'from' | 'to', string>

export interface Blocker {
  path: string
  files: string[]
  /** What the person does there, where it is no edit of a file. */
  why?: string
}

/** Work of a task that is not on the target, as a pack of what the base lacks. */
export interface Snapshot {
  task: string
  attempt: number
  commit: string
  /** Base64. */
  pack: string
}

/** Git and worktrees, in drover's words. Everything here is safe to do twice. */
export interface Workspace {
  readonly travels: boolean
  /** After a start: a new epoch, our dead git's locks and children gone, half-finished moves of checkouts finished. */
  recover(): Promise<void>
  tip(branch: string): Promise<string>
  /** Looks anew where the branch is and whether the task has landed: at the remote, where work travels. */
  refresh(branch: string, task: string, signal?: AbortSignal): Promise<{ landed: string | null } | Away>
  /** The tasks whose landed commit is not in this commit's history, nor its trailer. */
  lacking(base: string, landed: readonly LandedWork[]): Promise<string[]>
  /** A worktree for the task: the one it had, or one made ready from what was kept or from the base. The signal ends its set-up. */
  at(
    wanted: {
      task: string
      attempt: number
      base: string
      fresh: boolean
      from: string | null
      /** Where it begins while nothing was kept of it, also a fresh one; the base otherwise. */
      startsFrom?: string | null
    },
    signal?: AbortSignal,
  ): Promise<Worktree | { problem: string }>
  find(task: string): Promise<Worktree | undefined>
  /** How many more tasks could have a worktree without there being more than `most`, when these have theirs. */
  room(most: number, expected: readonly string[]): number
  /** Commits what is there and points the refs at it: nothing that is not ignored can be lost afterwards. */
  keep(wanted: {
    task: string
    attempt: number
    message: string
    author: { name: string; email: string }
    /** Its agent may be at work there. */
    beside?: boolean
  }): Promise<Kept>
  /** Brings what was kept to where other machines find it; nothing to do where work does not travel. */
  share(wanted: { task: string; attempt: number }, signal: AbortSignal): Promise<Shared>
  /** Takes away what was shared of tasks that are over. Whether one is over is asked for those that have something there. */
  unshare(isOver: (task: string) => Promise<boolean>, signal: AbortSignal): Promise<void>
  /** Takes away marker and result files of an earlier agent, before the next one starts in the same worktree. */
  forgetClaims(task: string): Promise<void>
  /** The worktree may be used for another task from now on. Its work must be kept before. */
  release(task: string): Promise<void>
  /** Programs that git's configuration would make it run and that no person has agreed to. Nothing lands while there are any. */
  strangeDrivers(): Promise<string[]>
  merge(wanted: {
    task: string
    branch: string
    commit: string
    base: string
    text: LandingText
    history: 'squash' | 'merge'
  }): Promise<Merge | Conflict>
  /** Runs the gate on exactly this commit's tree. */
  gate(
    wanted: { commit: string; command: string; timeoutMs: number; logFile: string; fresh: boolean },
    signal: AbortSignal,
  ): Promise<Gate>
  /** Checkouts of the target that must move along, and what stands in their way. */
  checkouts(branch: string, from: string, to: string): Promise<{ moves: CheckoutMove[]; blockers: Blocker[] }>
  /** The same look while no landing is meant. */
  blockers(branch: string, from: string, to: string): Promise<Blocker[]>
  /** One ref transaction: epoch verified, branch compared and swapped, `refs/drover/landed/<task>` created; checkouts under lock. */
  move(wanted: Landed & { task: string; checkouts?: readonly CheckoutMove[] }): Promise<Moved>
  landed(task: string): Promise<string | undefined>
  /** Takes `refs/drover/landed/<task>` away to a rescue ref, so that the task may land once more. */
  unland(task: string): Promise<void>
  /** Moves the checkouts along that could not at once. What cannot be moved is returned. */
  follow(moves: readonly CheckoutMove[]): Promise<Blocker[]>
  /** What the commit changed since it and the base went apart. */
  patch(base: string, commit: string): Promise<string>
  diff(task: string, against: string | null, how: 'patch' | 'stat' | 'names'): Promise<string>
  /** The task's work as it stands now, in its worktree or as it was kept; nothing when the base has all of it. */
  snapshot(task: string, attempt: number, base: string): Promise<Snapshot | undefined>
  /** Takes the pack's objects over; no ref says so yet. */
  unpack(snapshot: Snapshot): Promise<void>
  /** A commit that is here becomes what was kept of the attempt. */
  adopt(snapshot: Omit<Snapshot, 'pack'>): Promise<void>
  has(commit: string): Promise<boolean>
  rescues(task?: string): Promise<{ task: string; attempt: string; commit: string; at: number; subject: string }[]>
  restore(name: string): Promise<string>
  worktrees(): Promise<{ path: string; task: string | null; state: 'used' | 'free' | 'stray'; dirty: boolean }[]>
  /** Removes worktrees nobody uses, their work kept first; `all` also those of tasks that rest. */
  prune(wanted: {
    all: boolean
    dryRun: boolean
    isAtWork?(task: string): Promise<boolean>
  }): Promise<{ removed: string[]; kept: { path: string; why: string }[] }>
  /** Checkouts of the target that are behind it. */
  behind(branch: string): Promise<{ path: string; by: string }[]>
}
