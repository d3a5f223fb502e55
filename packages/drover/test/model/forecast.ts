import type { BlockedReason, TaskStatus } from '../../src/domain/task.ts'

/** A task as the documents say that it must stand now. Written from them alone; the product's tables are not looked at. */
export interface Foreseen {
  id: string
  kind: 'task' | 'subtask' | 'split'
  parent: string | null
  ordinal: number
  priority: number
  max: number
  scope: string[]
  epic: string | null
  /** Runs a command, so that no agent has to be able to work. */
  isCommand: boolean
  byHand: boolean
  needs: Set<string>
  status: TaskStatus
  reason: BlockedReason | null
  /** What it was paused from, where that is not simply work. */
  rest: { status: 'landing' | 'blocked'; reason: BlockedReason | null } | null
  attempt: number
  attempts: number
  lost: number
  notBefore: number
  fresh: boolean
  commit: string | null
  approved: string | null
  landed: string | null
  landings: number
  /** Who may speak for the last attempt. */
  holder: string | null
  /** The job of the last attempt has not ended it yet. */
  isStopping: boolean
  /** What it was split into. */
  into: string[]
  /** The branch may be moving for it at this moment. */
  isIntended: boolean
}

/** A job as its machine knows it. */
export interface ForeseenJob {
  id: string
  kind: 'drive' | 'land'
  task: string
  attempt: number
  fresh: boolean
  isDone: boolean
  isBegun: boolean
  /** It has said how it ended, or was told that the task has moved on. */
  isOver: boolean
  hasMovedOn: boolean
  tries: number
  isIntended: boolean
}

export interface Forecast {
  now: number
  tasks: Map<string, Foreseen>
  jobs: ForeseenJob[]
  epics: Map<string, 'open' | 'closed'>
  said: Set<string>
}

export const emptyForecast = (now: number): Forecast => ({
  now,
  tasks: new Map(),
  jobs: [],
  epics: new Map(),
  said: new Set(),
})

export const isOver = ({ status }: Foreseen): boolean =>
  status === 'completed' || status === 'failed' || status === 'cancelled'
export const isAtWork = ({ status }: Foreseen): boolean => status === 'claimed' || status === 'in_progress'
export const openNeeds = ({ tasks }: Forecast, task: Foreseen): string[] =>
  [...task.needs].filter((id) => tasks.get(id)!.status !== 'completed')

export function put(task: Foreseen, status: TaskStatus, reason: BlockedReason | null = null): void {
  if (status === 'landing' && task.status !== 'landing') task.landings++
  Object.assign(task, { status, reason })
}

/** Ready, or waiting for what it needs. */
export const stand = (forecast: Forecast, task: Foreseen): void =>
  openNeeds(forecast, task).length > 0 ? put(task, 'blocked', 'needs') : put(task, 'ready')

/** Needs are looked at by themselves: nobody is ready without them, nobody waits for needs that are met. */
export function settleNeeds(forecast: Forecast): void {
  for (const task of forecast.tasks.values())
    if (task.status === 'ready' || (task.status === 'blocked' && task.reason === 'needs')) stand(forecast, task)
}

export function add(
  forecast: Forecast,
  about: Pick<Foreseen, 'id' | 'priority' | 'max' | 'scope' | 'epic' | 'isCommand' | 'byHand'> & Partial<Foreseen>,
): void {
  const task: Foreseen = {
    kind: 'task',
    parent: null,
    ordinal: forecast.tasks.size,
    needs: new Set(),
    status: 'ready',
    reason: null,
    rest: null,
    attempt: 0,
    attempts: 0,
    lost: 0,
    notBefore: 0,
    fresh: false,
    commit: null,
    approved: null,
    landed: null,
    landings: 0,
    holder: null,
    isStopping: false,
    isIntended: false,
    into: [],
    ...about,
  }
  forecast.tasks.set(task.id, task)
}

/** Deepest first, the task itself last; sub-tasks run in this order too. */
export function family(forecast: Forecast, task: Foreseen): Foreseen[] {
  const children = [...forecast.tasks.values()].filter(({ kind, parent }) => kind === 'subtask' && parent === task.id)
  return [...children.flatMap((child) => family(forecast, child)), task]
}

export const partsOf = (forecast: Forecast, id: string): Foreseen[] =>
  family(forecast, forecast.tasks.get(id)!).slice(0, -1)

/** Whether one waits for the other, however far away; who needs a sub-task waits for its parent, what was split for its parts. */
export function waitsFor({ tasks }: Forecast, from: string, to: string): boolean {
  const seen = new Set<string>()
  const look = (id: string): boolean => {
    if (id === to) return true
    if (seen.has(id)) return false
    seen.add(id)
    const task = tasks.get(id)
    const parent = task?.kind === 'subtask' ? [task.parent!] : []
    const parts = task?.status === 'decomposed' ? task.into : []
    return [...(task?.needs ?? []), ...parent, ...parts].some(look)
  }
  return look(from)
}

/** Scopes of these tests are folders and files without wildcards, or everything. */
export const meets = (one: readonly string[], other: readonly string[]): boolean =>
  one.some((a) =>
    other.some((b) => a === '**' || b === '**' || a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`)),
  )

/** Who is claimed next: the most urgent that may start, and of those the oldest. */
export function bestReady(
  { tasks, now }: Forecast,
  { agents, epic }: { agents: readonly string[]; epic: string | null },
): Foreseen | undefined {
  const busy = [...tasks.values()].filter((task) => task.kind !== 'subtask' && isAtWork(task))
  return [...tasks.values()]
    .filter((task) => task.status === 'ready' && task.kind !== 'subtask' && !task.isStopping && task.notBefore <= now)
    .filter((task) => (epic === null || task.epic === epic) && (task.isCommand || agents.includes('claude')))
    .filter((task) => !busy.some((other) => meets(task.scope, other.scope)))
    .toSorted((a, b) => b.priority - a.priority || a.ordinal - b.ordinal)[0]
}

/** The count begins anew, because a person said so. */
export const again = (task: Foreseen): void =>
  void Object.assign(task, { attempts: 0, lost: 0, notBefore: 0 } satisfies Partial<Foreseen>)
