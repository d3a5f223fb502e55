import { eventTypes } from '../domain/event.ts'
import type { Strike } from './strike.ts'

/**
 * Every boundary at which a test may end drover, or make it wait. `test/chaos/points.test.ts` holds this table against the
 * moves table, and against what a real run passes.
 *
 * - an event: `before` its row is written, `inside` when all of its transaction is written and not committed, `after` the commit
 * - a step: `before` its body, `done` when its body is and nobody remembers it, `kept` when the workflow goes on
 * - git, a command of the user's: `during` is while the process lives
 */
const groups = {
  events: { names: eventTypes, moments: ['before', 'inside', 'after'] },
  steps: {
    names: [
      'start',
      'worktree',
      'next part',
      'run agent',
      'stop',
      'keep',
      'said',
      'judge',
      'record',
      'leave worktree',
      'close',
      'merge',
      'gate',
      'note gate',
      'write evidence',
      'look at checkouts',
      'note merge',
      'intend',
      'move branch',
      'note move',
      'move checkouts',
    ].map((name) => `step ${name}`),
    moments: ['before', 'done', 'kept'],
  },
  workspace: {
    names: [
      'recover',
      'at',
      'keep',
      'forgetClaims',
      'release',
      'merge',
      'gate',
      'checkouts',
      'move',
      'unland',
      'follow',
      'restore',
      'prune',
      'adopt',
      'refresh',
      'share',
      'unshare',
    ].map((name) => `workspace ${name}`),
    moments: ['before', 'after'],
  },
  system: {
    names: ['agent launch', 'agent end', 'agent look', 'file write'],
    moments: ['before', 'after'],
  },
  /** The gate, a check, a set-up, a judge. */
  commands: { names: ['command'], moments: ['before', 'during', 'after'] },
  /** From the files of a start to the first job: before and after each is the process's own beginning. */
  starting: { names: ['lock', 'migration', 'jobs served'], moments: ['before', 'after'] },
  /** From the dispatcher's last look to the end of the jobs. */
  ending: { names: ['run end', 'jobs stopped'], moments: ['before', 'after'] },
} as const satisfies Record<string, { names: readonly string[]; moments: readonly string[] }>

export type Moment = 'before' | 'inside' | 'during' | 'done' | 'kept' | 'after'

/** Where a process may be made to fail. */
export interface Points {
  /** Ends this process here, or goes on. */
  at(name: string, moment: Moment): void
  /** The same where one may wait. */
  pass(name: string, moment: Moment): Promise<void>
  /** What is to happen to a process that is about to run, if anything. */
  during(name: string): Strike | number | undefined
}

const all = Object.values(groups).flatMap(({ names, moments }) =>
  names.flatMap((name) => moments.map((moment) => `${name} ${moment}`)),
)

/** Points whose names cannot be listed: each git operation, and each statement by what it does to which table. */
const open = [/^git [\w+-]+ (?:before|during|after)$/, /^(?:insert|update|delete) \w+ (?:before|after)$/]

export const faultPoints: readonly string[] = all
export const isFaultPoint = (name: string): boolean => faultPoints.includes(name) || open.some((one) => one.test(name))
