import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Event, EventType } from '../../src/domain/event.ts'
import type { Task } from '../../src/domain/task.ts'
import { type OpenLedger, openSqlite } from '../../src/ledger/open.ts'
import { openPostgres } from '../../src/ledger/open-postgres.ts'
import type { Reading } from '../../src/ports/reading.ts'

// Stripping types takes most of a start from source; once is enough for all tests.
const compiled = fileURLToPath(new URL('../../../../node_modules/.cache/drover-test-compiled', import.meta.url))
const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

/** Drover as a process of its own, that goes on beside the test. */
export interface Running {
  pid: number
  /** Its end: what it said until then, and the signal if there was one. */
  ended: Promise<Ran & { signal: NodeJS.Signals | null }>
  said(): string
  send(signal: NodeJS.Signals): void
  /** `kill -9`, and wait until it is gone. */
  kill(): Promise<void>
}

interface Wanted {
  settings?: string
  files?: Record<string, string>
  init?: boolean
}

/** A repository as a person has it, with a drover project, and everything of this machine kept out. */
export class World {
  readonly folder: string
  readonly root: string
  /** Beside the repository: where commands of tasks leave traces that no git sees. */
  readonly marks: string
  readonly env: Record<string, string>
  readonly running = new Set<ChildProcess>()
  /** How long a test waits for what must come, and for a command. Only a broken drover lets it pass. */
  patienceMs = 40_000
  longestMs = 70_000
  /** Another drover than this one, as after an upgrade. */
  program = main
  /** Where its ledger is, when it is no file of its own. */
  database: string | undefined
  private opened: Promise<OpenLedger> | undefined

  constructor() {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'drover-world-')))
    this.root = join(this.folder, 'project')
    this.marks = join(this.folder, 'marks')
    const home = join(this.folder, 'home')
    for (const path of [this.root, this.marks, home, join(this.folder, 'run')]) mkdirSync(path, { recursive: true })
    writeFileSync(join(home, '.gitconfig'), '[user]\nname = Ada\nemail = ada@example.test\n')
    this.env = {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      LC_ALL: 'C.UTF-8',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_OPTIONAL_LOCKS: '0',
      XDG_CONFIG_HOME: join(home, 'config'),
      XDG_RUNTIME_DIR: join(this.folder, 'run'),
      NODE_COMPILE_CACHE: compiled,
      DROVER_ENV_PASS: 'MARKS',
      MARKS: this.marks,
    }
  }

  git(...args: string[]): string {
    const ran = spawnSync('git', args, { cwd: this.root, env: this.env, encoding: 'utf8', maxBuffer: 1 << 28 })
    assert.equal(ran.status, 0, `git ${args.join(' ')}: ${ran.stderr}`)
    return ran.stdout.trimEnd()
  }

  write(files: Record<string, string>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.root, path)), { recursive: true })
      writeFileSync(join(this.root, path), text)
    }
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8')
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path))
  }

  commit(files: Record<string, string>, message = 'a commit'): string {
    this.write(files)
    this.git('add', '-A')
    this.git('commit', '-q', '--allow-empty', '-m', message)
    return this.git('rev-parse', 'HEAD')
  }

  /** What a task's command left in `$MARKS`, a line each. */
  marked(name: string): string[] {
    const file = join(this.marks, name)
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
  }

  // Drover

  spawn(words: readonly string[], more: { cwd?: string; env?: Record<string, string> } = {}): ChildProcess {
    const { cwd = this.root, env = {} } = more
    const child = spawn(process.execPath, [this.program, ...words], {
      cwd,
      env: { ...this.env, ...env },
      stdio: 'pipe',
    })
    this.running.add(child)
    child.once('exit', () => this.running.delete(child))
    return child
  }

  start(...words: string[]): Running {
    return watch(this.spawn(words))
  }

  async drover(...words: string[]): Promise<Ran> {
    const child = this.spawn(words)
    child.stdin!.end()
    const late = setTimeout(() => child.kill('SIGKILL'), this.longestMs)
    const { code, stdout, stderr } = await watch(child).ended
    clearTimeout(late)
    return { code, stdout, stderr }
  }

  async ok(...words: string[]): Promise<string> {
    const ran = await this.drover(...words)
    assert.equal(ran.code, 0, `drover ${words.join(' ')}: ${ran.stdout}${ran.stderr}`)
    return ran.stdout
  }

  async json(...words: string[]) {
    return JSON.parse(await this.ok(...words, '--json')).data
  }

  /** It must be refused with this exit code; its words. */
  async refused(exit: number, ...words: string[]): Promise<string> {
    const ran = await this.drover(...words)
    assert.equal(ran.code, exit, `drover ${words.join(' ')}: ${ran.stdout}${ran.stderr}`)
    return ran.stderr
  }

  /** A task that a command does. */
  async add(id: string, run: string, ...more: string[]): Promise<void> {
    await this.ok('add', `Work on ${id}`, '--id', id, '--run', run, '--skip-validation', ...more)
  }

  /** Drives everything to its end. */
  async run(exit = 0, ...words: string[]): Promise<Ran> {
    const ran = await this.drover('run', ...words)
    assert.equal(ran.code, exit, `${ran.stdout}${ran.stderr}${this.log()}`)
    return ran
  }

  /** A daemon that drives already. */
  async daemon(...words: string[]): Promise<Running> {
    const joined = (await this.all('machine.joined')).length
    const daemon = this.start('daemon', ...words)
    await this.until('the daemon drives', async () => {
      if ((await this.all('machine.joined')).length > joined && daemon.said().includes('Driving')) return true
      return undefined
    })
    return daemon
  }

  log(): string {
    const file = join(this.root, '.drover/log/daemon.jsonl')
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }

  // The ledger, as whoever opens the file sees it

  ledger(): Promise<OpenLedger> {
    const common = { machine: 'the test', now: () => Date.now() }
    return (this.opened ??= this.database
      ? openPostgres({ ...common, url: this.database })
      : openSqlite({ ...common, file: join(this.root, '.drover/drover.db') }))
  }

  private get hasLedger(): boolean {
    return this.database !== undefined || this.has('.drover/drover.db')
  }

  async task(id: string): Promise<Task> {
    const task = await (await this.ledger()).reading.task(id)
    assert.ok(task, `${id} is not in the ledger`)
    return task
  }

  /** Its status, with the reason where it has one: `blocked(gate)`. */
  async status(id: string): Promise<string> {
    const { status, blockedReason } = await this.task(id)
    return blockedReason === null ? status : `${status}(${blockedReason})`
  }

  async all<T extends EventType>(type: T, task?: string): Promise<(Event & { type: T })[]> {
    const { reading } = await this.ledger()
    const found: Event[] = []
    for (let after = 0; ; after = found.at(-1)!.seq) {
      const page = await reading.events(after, { types: [type], ...(task === undefined ? {} : { task }) }, 500)
      found.push(...page)
      if (page.length < 500) return found as (Event & { type: T })[]
    }
  }

  /** The types of a task's events, in order. */
  async story(task: string): Promise<string[]> {
    const events = await (await this.ledger()).reading.events(0, { task }, 500)
    return events.map(({ type }) => type)
  }

  /** Looks whenever somebody has written to the ledger, until there is an answer. */
  async until<T>(what: string, look: (reading: Reading) => Promise<T | undefined>): Promise<T> {
    const { ledger, reading } = await this.ledger()
    const bell = ledger.bell()
    const deadline = performance.now() + this.patienceMs
    while (performance.now() < deadline) {
      const found = await look(reading)
      if (found !== undefined) return found
      await bell(50, new AbortController().signal)
    }
    throw new Error(`it never came to this: ${what}\n${await this.glance()}${this.log()}`)
  }

  untilStatus(id: string, ...wanted: string[]): Promise<string> {
    return this.until(`${id} is ${wanted.join(' or ')}`, async () => {
      const now = await this.status(id)
      return wanted.includes(now) ? now : undefined
    })
  }

  /** Until a task's command has left this trace. */
  untilMarked(name: string, lines = 1): Promise<true> {
    return this.until(`${name} is marked`, async () => (this.marked(name).length >= lines ? true : undefined))
  }

  async glance(): Promise<string> {
    const tasks = await (await this.ledger()).reading.tasks({})
    return tasks
      .map(
        (one) =>
          `${one.id} ${one.status} ${one.blockedReason ?? ''} ${one.attempts}/${one.attempt} ${one.lastError ?? ''}\n`,
      )
      .join('')
  }

  // What may be left

  async projectId(): Promise<string> {
    return (await (await this.ledger()).reading.project()).id
  }

  /** Living processes that carry a mark of this project. */
  async processes(): Promise<{ pid: number; mark: string }[]> {
    const git = createHash('sha256').update(join(this.root, '.git')).digest('hex').slice(0, 12)
    const starts = [`DROVER_RUN_ID=${await this.projectId()}:`, `DROVER_GIT=${git}:`]
    return readdirSync('/proc').flatMap((name) => {
      const environment = /^\d+$/.test(name) ? readIfThere(`/proc/${name}/environ`) : ''
      const mark = environment.split('\0').find((line) => starts.some((start) => line.startsWith(start)))
      return mark === undefined || isZombie(name) ? [] : [{ pid: Number(name), mark }]
    })
  }

  locks(): string[] {
    const names = readdirSync(join(this.root, '.git'), { recursive: true, encoding: 'utf8' })
    return names.filter((name) => name.endsWith('.lock'))
  }

  /** Nothing of drover is left at work here. */
  async assertQuiet(): Promise<void> {
    assert.deepEqual(
      [...this.running].map(({ pid }) => pid),
      [],
      'drover still runs',
    )
    if (!this.hasLedger) return
    assert.deepEqual(await this.processes(), [], 'processes are left')
    assert.deepEqual(this.locks(), [], 'locks are left')
    assert.equal(this.has('.drover/run/daemon.json'), false, 'the card of a daemon is left')
  }

  async close(): Promise<void> {
    try {
      await this.assertQuiet()
    } finally {
      for (const child of this.running) child.kill('SIGKILL')
      if (this.hasLedger) for (const { pid } of await this.processes()) endIfThere(pid)
      await (await this.opened)?.ledger.close()
      if (process.env['DROVER_KEEP_WORLDS']) process.stderr.write(`kept: ${this.folder}\n`)
      else rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}

export async function makeWorld(
  t: TestContext,
  { settings = '', files = {}, init = true }: Wanted = {},
): Promise<World> {
  const world = new World()
  t.after(() => world.close())
  world.git('init', '-q', '-b', 'main')
  const wanted = `retry_delay = "20ms"\nstop_grace = "1s"\n${settings}`
  world.commit({ 'README.md': '# A project\n', '.drover.toml': wanted, ...files }, 'first')
  if (init) await world.ok('init')
  return world
}

function watch(child: ChildProcess): Running {
  const [out, err]: [string[], string[]] = [[], []]
  child.stdout!.setEncoding('utf8').on('data', (text: string) => out.push(text))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => err.push(text))
  child.stdin!.on('error', () => undefined)
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout: out.join(''),
    stderr: err.join(''),
  }))
  return {
    pid: child.pid!,
    ended,
    said: () => out.join('') + err.join(''),
    send: (signal) => void child.kill(signal),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // it ended while it was looked at, or is somebody else's
  }
}

const isZombie = (pid: string): boolean => / [ZX] /.test(readIfThere(`/proc/${pid}/stat`).replace(/^.*\)/s, ' '))

export function endIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}
