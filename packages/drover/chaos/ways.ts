import type { Fault } from '../src/app/faults.ts'
import { act, standStill, type Act, type Action } from './life.ts'
import type { Kind } from './tasks.ts'

/** What has to be done so that a point is passed. */
export interface Way {
  acts: readonly Act[]
  /** Whoever passes the point first dies of it; or only who drives, where a person's command passes it too. */
  dies: 'anybody' | 'who drives'
  /** Where drover waits, so that somebody comes at the right moment. */
  faults?: readonly Fault[]
  /** Everybody at once, because somebody waits for somebody. */
  atOnce?: true
}

const way = (...acts: readonly Act[]): Way => ({ acts, dies: 'anybody' })
const adding = (kind: Kind): Act => act('add', { kind, pick: 'newest' })
const onNewest = (action: Action, after = 0): Act => act(action, { pick: 'newest', after })

const plain = way(adding('plain'))
const driving = (...acts: readonly Act[]): Way => ({ acts, dies: 'who drives' })

/** By what a point's name begins with; whatever is not here is passed by a task like any other. */
const ways: Readonly<Record<string, readonly Way[]>> = {
  'task.created': [plain, way(act('import')), driving(adding('spawner'))],
  'task.edited': [way(adding('slow'), onNewest('edit')), driving(adding('spawner'))],
  'task.progress': [way(adding('finder'))],
  'task.found': [way(adding('finder'))],
  'task.asked': [way(adding('asker'))],
  'task.answered': [way(adding('asker'), act('answer'))],
  'task.proposed': [way(adding('splitter'))],
  'task.decomposed': [way(adding('splitter'))],
  'task.blocked': [way(adding('asker')), way(adding('spender')), way(adding('stopper'))],
  'task.failed': [way(adding('last'))],
  'task.hinted': [way(adding('slow'), onNewest('hint'))],
  'task.hint_delivered': [way(adding('talker'), onNewest('hint'))],
  'task.paused': [way(adding('slow'), onNewest('pause'))],
  'task.resumed': [way(adding('slow'), onNewest('pause'), onNewest('resume'))],
  'task.cancelled': [way(adding('slow'), onNewest('cancel'))],
  'task.reopened': [way(adding('slow'), onNewest('cancel'), onNewest('retry')), way(act('redo'))],
  'step close': [way(adding('slow'), onNewest('pause', 250))],
  'epic.': [way(act('epic'))],
  'agent.session': [way(adding('talker'))],
  'agent.usage': [way(adding('talker'))],
  'step said': [way(adding('asker'))],
  'account.parked': [way(adding('limited')), way(adding('loggedOut'))],
  'account.released': [way(adding('limited'), act('release')), driving(adding('limited'), act('release'))],
  'landing.merged': [way(act('obstruct'))],
  'step note merge': [way(act('obstruct'))],
  'step note move': [
    {
      ...way(act('commit', { when: 'workspace move before' }), adding('plain')),
      faults: [standStill('workspace move before', 400, 1)],
      atOnce: true,
    },
  ],
  'workspace unland': [way(act('redo'))],
  'workspace restore': [way(adding('slow'), act('restore'))],
  'workspace prune': [way(adding('slow'), act('prune'))],
  'workspace adopt': [way(act('hand over'))],
}

const prefixes = Object.keys(ways)

export function waysTo(point: string): readonly Way[] {
  const prefix = prefixes.find((one) => point.startsWith(one.endsWith('.') ? one : `${one} `))
  return prefix === undefined ? [driving(adding('plain'))] : ways[prefix]!
}

/** Points that are met before there is a project to drive: whoever makes it dies there. */
export const isBirth = (point: string): boolean => point.startsWith('migration ')

/** Named points that the matrix cannot come to, each with the reason. A point that is never met and has none is a failure. */
export const unreachable: Readonly<Record<string, string>> = Object.fromEntries(
  ['before', 'inside', 'after'].map((moment) => [
    `machine.lost ${moment}`,
    'needs a second machine: `--machines 3` kills there',
  ]),
)

/** The same, where PostgreSQL has the ledger and DBOS the jobs. */
export const unreachableOnPostgres: Readonly<Record<string, string>> = {}
