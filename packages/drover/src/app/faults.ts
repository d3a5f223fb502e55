import { appendFileSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, StatementSync } from 'node:sqlite'
import { setTimeout as pass } from 'node:timers/promises'
import { nameOfText, type Named, watchPostgres } from './faults-postgres.ts'
import type { Crew } from '../flow/crew.ts'
import type { Durable, Runtime, Workflow } from '../ports/durable.ts'
import type { System } from '../ports/system.ts'
import type { Workspace } from '../ports/workspace.ts'
import type { Moment, Points } from './fault-points.ts'
import type { Exec, ExecCall } from './exec.ts'
import { strike, type Strike } from './strike.ts'

/** What is to happen at the `nth` time that this process passes a point, 0 for each time; `*` counts every point. */
export interface Fault {
  point: string
  nth: number
  /** Whom it ends, or for how many milliseconds it waits. */
  what: Strike | number
}

export interface Wanted {
  faults: readonly Fault[]
  /** Whose agents are meant. */
  project?: string
  /** A line for every point that is passed for the first time, and `!` for what happened. */
  log?: string
}

/** Makes a process of drover's fail where a test wants it. It is loaded by no other. */
export interface Faults {
  hands<T extends System & { exec: Exec }>(system: T): T
  crew<T extends Crew>(crew: T): T
}

let planted: { faults: Faults; points: Points } | undefined

/** Once for a process: what the database is asked to do is watched from here on. */
export function plantFaults(words: string): Faults {
  planted ??= plant(JSON.parse(words) as Wanted)
  return planted.faults
}

let isWatched = false

/** The same for a process whose ledger is on PostgreSQL. */
export async function plantInPostgres(words: string): Promise<void> {
  plantFaults(words)
  if (isWatched || !planted) return
  isWatched = true
  watchPostgres(planted.points, (await import('pg')).default.Client.prototype)
}

function plant(wanted: Wanted): { faults: Faults; points: Points } {
  const points = openPoints(wanted)
  watchDatabase(points)
  const faults: Faults = {
    hands: (system) => faultyHands(points, system),
    crew: (crew) => ({
      ...crew,
      workspace: faultyWorkspace(points, crew.workspace),
      runtime: faultyRuntime(points, crew.runtime),
      ledger: {
        ...crew.ledger,
        endRun: (...words) => around(points, 'run end')(() => crew.ledger.endRun(...words)),
      },
    }),
  }
  return { faults, points }
}

function openPoints({ faults, log, project }: Wanted): Points {
  const counts = new Map<string, number>()
  const note = (line: string): void => {
    if (log !== undefined) appendFileSync(log, `${line}\n`)
  }
  const count = (point: string): number => {
    const now = (counts.get(point) ?? 0) + 1
    counts.set(point, now)
    return now
  }
  const due = (point: string): Fault | undefined => {
    const [here, everywhere] = [count(point), count('*')]
    if (here === 1) note(point)
    const isDue = ({ point: wanted, nth }: Fault): boolean =>
      wanted === '*' ? nth === everywhere : wanted === point && (nth === 0 || nth === here)
    const found = faults.find(isDue)
    if (found) note(`! ${point} ${here} ${found.what}`)
    return found
  }
  const at = (name: string, moment: Moment): void => {
    const what = due(`${name} ${moment}`)?.what
    // Within a transaction nothing else could run meanwhile, so the process may as well stand still.
    if (typeof what === 'number') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, what)
    else if (what !== undefined) strike(what, project)
  }
  return {
    at,
    async pass(name, moment) {
      const what = due(`${name} ${moment}`)?.what
      if (typeof what === 'number') await pass(what)
      else if (what !== undefined) strike(what, project)
    },
    during: (name) => due(`${name} during`)?.what,
  }
}

const around =
  (points: Points, name: string) =>
  async <T>(run: () => Promise<T>): Promise<T> => {
    await points.pass(name, 'before')
    const result = await run()
    await points.pass(name, 'after')
    return result
  }

// The database: whoever writes, it is a statement. So every event has its points, also those that follow from others.

function watchDatabase(points: Points): void {
  const inside = new WeakMap<DatabaseSync, string[]>()
  let latest: string[] = []
  const { exec } = DatabaseSync.prototype
  DatabaseSync.prototype.exec = function (this: DatabaseSync, text: string) {
    const name = nameOfExec(text)
    if (text.startsWith('begin')) inside.set(this, (latest = []))
    const told = text === 'commit' ? (inside.get(this) ?? []) : []
    if (name) points.at(name, 'before')
    for (const type of told) points.at(type, 'inside')
    exec.call(this, text)
    for (const type of told) points.at(type, 'after')
    if (name) points.at(name, 'after')
  }
  const { all } = StatementSync.prototype
  StatementSync.prototype.all = function (this: StatementSync, ...values: SQLInputValue[]) {
    const { name, typeAt } = nameOfStatement(this)
    const type = typeAt === undefined ? undefined : String(values[typeAt])
    if (type) points.at(type, 'before')
    if (name) points.at(name, 'before')
    const rows = Reflect.apply(all, this, values) as ReturnType<typeof all>
    if (type) latest.push(type)
    if (name) points.at(name, 'after')
    return rows
  } as typeof all
}

function nameOfExec(text: string): string | undefined {
  if (text.endsWith('begin exclusive')) return 'lock'
  return text.startsWith('pragma application_id') || /create table/i.test(text) ? 'migration' : undefined
}

const named = new WeakMap<StatementSync, Named>()

function nameOfStatement(statement: StatementSync): Named {
  const known = named.get(statement) ?? nameOfText(statement.sourceSQL)
  named.set(statement, known)
  return known
}

// Steps

function faultyRuntime(points: Points, runtime: Runtime): Runtime {
  const faulty =
    (workflow: Workflow): Workflow =>
    (job, durable) =>
      workflow(job, faultyDurable(points, durable))
  return {
    ...runtime,
    serve: ({ drive, land }) =>
      around(points, 'jobs served')(() => runtime.serve({ drive: faulty(drive), land: faulty(land) })),
    stop: () => around(points, 'jobs stopped')(() => runtime.stop()),
  }
}

const faultyDurable = (points: Points, durable: Durable): Durable => ({
  ...durable,
  async step(name, run, weight) {
    // `t1.2: keep` and `merge 2` are the points of `keep` and `merge`.
    const point = `step ${name.replace(/^.*: /, '').replace(/ \d+$/, '')}`
    const result = await durable.step(
      name,
      async (step) => {
        await points.pass(point, 'before')
        const done = await run(step)
        await points.pass(point, 'done')
        return done
      },
      weight,
    )
    await points.pass(point, 'kept')
    return result
  },
})

// Git, worktrees, processes

/** Those that change something; who only looks can be ended anywhere. */
const changing = [
  ...(['recover', 'at', 'keep', 'forgetClaims', 'release', 'merge', 'gate', 'checkouts', 'move', 'unland'] as const),
  ...(['follow', 'restore', 'prune', 'adopt', 'refresh', 'share', 'unshare'] as const),
]

function faultyWorkspace(points: Points, workspace: Workspace): Workspace {
  const faulty = changing.map((name) => {
    const method = workspace[name] as (...given: unknown[]) => Promise<unknown>
    return [
      name,
      (...given: unknown[]) => around(points, `workspace ${name}`)(() => method.call(workspace, ...given)),
    ] as const
  })
  return { ...workspace, ...(Object.fromEntries(faulty) as Partial<Workspace>) }
}

function faultyHands<T extends System & { exec: Exec }>(points: Points, system: T): T {
  return {
    ...system,
    launch: (launch) => around(points, 'agent launch')(() => system.launch(launch)),
    end: (wanted) => around(points, 'agent end')(() => system.end(wanted)),
    look: (folder, mark) => around(points, 'agent look')(() => system.look(folder, mark)),
    writeFile: (path, text) => around(points, 'file write')(() => system.writeFile(path, text)),
    run: (command, signal) =>
      around(
        points,
        'command',
      )(() => {
        const running = system.run(command, signal)
        void soon().then(() => points.at('command', 'during'))
        return running
      }),
    exec: (call, signal) => around(points, nameOfGit(call))(() => execute(points, system.exec, call, signal)),
  }
}

const soon = (): Promise<void> => pass(2 + Math.random() * 6)

/** `git update-ref`, or all that a script of ours asks of git: `git checkout+clean`. */
function nameOfGit({ file, args }: ExecCall): string {
  const verbs =
    file === 'git' ? [args[0] ?? ''] : [...(args[1] ?? '').matchAll(/git ([a-z-]+)/g)].map(([, verb]) => verb!)
  return `git ${[...new Set(verbs)].join('+') || 'nothing'}`
}

const asks = [
  `exec 3<&0; "$@" <&3 3<&- & pid=$!; sleep "$__after"; read -r child _ </proc/$pid/task/$pid/children; kill -9 $child $pid; wait $pid`,
  `sleep "$__after"; exec "$@"`,
] as const

/** While it lives: it is ended itself, or who asked for it, now or long before it is done. */
function execute(points: Points, exec: Exec, call: ExecCall, signal?: AbortSignal): ReturnType<Exec> {
  const what = points.during(nameOfGit(call))
  const wrapped = (script: string, seconds: number): ExecCall => ({
    ...call,
    file: 'sh',
    args: ['-c', script, 'sh', call.file, ...call.args],
    env: { ...call.env, __after: seconds.toFixed(3) },
  })
  if (what === undefined) return exec(call, signal)
  if (what === 'git') return exec(wrapped(asks[0], Math.random() * 0.006), signal)
  if (typeof what === 'number') return exec(wrapped(asks[1], what / 1000), signal)
  const running = exec(what === 'orphan' ? wrapped(asks[1], 0.2 + Math.random() * 0.3) : call, signal)
  void (what === 'orphan' ? pass(15) : pass(Math.random() * 6)).then(() => strike(what))
  return running
}
