import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { ExecCall, Executed } from './exec.ts'
import { type Desk, type LaunchCall, markName, openLines, preamble } from './shell-line.ts'
import { inTurn } from './turns.ts'

/** A shell that reads its commands from `stdin`, as app/system.ts starts it. */
export interface Shell {
  stdin: Writable | null
  stdout: Readable | null
  once(event: 'exit', heard: () => void): unknown
  ref(): void
  unref(): void
}

/** `alone`: this system cannot start it here. */
type Begun = 'up' | 'failed' | 'alone'

/** A program that goes on by itself, and its end, once it has been collected. */
export interface Launched {
  begun: Promise<Begun>
  over: Promise<Executed>
}

export interface Forking {
  exec(call: ExecCall): Promise<Executed>
  /** Starts a script in a session of its own. */
  launch(call: LaunchCall): Launched
  /** Resolves when the shells are gone. */
  close(): Promise<void>
}

/** Somebody killed the shell that a program was started in. The program may have run, or may run still. */
export class ShellGone extends Error {}

/** What a shell is doing. */
interface Work {
  line(hand: Hand): string
  resolve(ended: Executed): void
  reject(error: Error): void
  /** What it says before its end. */
  hear?: (word: string) => void
  timeoutMs?: number | undefined
  input?: string | undefined
}

/** A shell that does one thing at a time, and the files in which that has its input and its output. */
interface Hand {
  shell: Shell
  mark: string | undefined
  lines: ReturnType<typeof openLines>
  desk: Desk
  work: Work | undefined
  timer: NodeJS.Timeout | undefined
}

const longestOutput = 64 * 1024 * 1024
/** More at once wait for their turn: two cores are busy with far fewer. Agents do not count. */
const mostAtOnce = 24

/**
 * Programs started by small shells that were started once. A fork takes as long as the memory is large: at 85 MB this
 * process stands still for 3–6 ms for each, a shell for 0.3 ms, and it stands beside.
 */
export function openForking(folder: string, startShell: (own: Readonly<Record<string, string>>) => Shell): Forking {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const idle: Hand[] = []
  const queue: Work[] = []
  let mark: string | undefined
  let hired = 0
  let executing = 0

  const hire = (): Hand => {
    const n = hired++
    const desk = { input: join(folder, `${n}.in`), output: join(folder, `${n}.out`), errors: join(folder, `${n}.err`) }
    const shell = startShell(mark === undefined ? {} : { [markName]: mark })
    const hand: Hand = { shell, mark, lines: openLines(), desk, work: undefined, timer: undefined }
    shell.stdin!.on('error', () => undefined)
    shell.stdin!.write(preamble)
    let said = ''
    shell.stdout!.setEncoding('utf8').on('data', (text: string) => {
      said += text
      for (let end = said.indexOf('\n'); end >= 0; end = said.indexOf('\n')) {
        hear(hand, said.slice(0, end))
        said = said.slice(end + 1)
      }
    })
    shell.once('exit', () => {
      idle.splice(0, idle.length, ...idle.filter((other) => other !== hand))
      finish(hand, (work) => work.reject(new ShellGone('the shell that starts programs has ended')))
    })
    hold(hand, false)
    return hand
  }

  /** Whether this process stays for what the shell has to say. */
  const hold = ({ shell }: Hand, stays: boolean): void => {
    for (const one of [shell, shell.stdin, shell.stdout] as unknown as { ref(): void; unref(): void }[])
      if (stays) one.ref()
      else one.unref()
  }

  /** A shell is known by its mark after the death of this process: one that works for a new mark is a new one. */
  const take = (): Hand => {
    for (let hand = idle.pop(); hand; hand = idle.pop()) {
      if (hand.mark === mark) return hand
      hand.shell.stdin?.end()
    }
    return hire()
  }

  const begin = (work: Work): void => {
    const hand = take()
    hand.work = work
    if (work.timeoutMs !== undefined) hand.timer = setTimeout(giveUp, work.timeoutMs, hand)
    hold(hand, true)
    try {
      if (work.input !== undefined) writeFileSync(hand.desk.input, work.input, { mode: 0o600 })
      hand.shell.stdin!.write(work.line(hand))
    } catch (error) {
      finish(hand, () => work.reject(error as Error))
      idle.push(hand)
    }
  }

  /** Its answer comes too late for who asked; the shell is free when it has come. */
  const giveUp = (hand: Hand): void =>
    finish(hand, (work) => work.resolve({ exitCode: null, signal: 'SIGTERM', stdout: '', stderr: 'it took too long' }))

  const hear = (hand: Hand, line: string): void => {
    if (!/^\d+$/.test(line)) {
      hold(hand, false) // an agent goes on without us
      return hand.work?.hear?.(line)
    }
    idle.push(hand)
    finish(hand, (work) => work.resolve(read(hand.desk, Number(line))))
  }

  const finish = (hand: Hand, how: (work: Work) => void): void => {
    const { work } = hand
    hand.work = undefined
    clearTimeout(hand.timer)
    hold(hand, false)
    try {
      if (work) how(work)
    } catch (error) {
      work?.reject(error as Error)
    }
  }

  const execute = (work: Work): void => {
    if (executing >= mostAtOnce) return void queue.push(work)
    executing++
    const next = (): void => {
      executing--
      const waiting = queue.shift()
      if (waiting) execute(waiting)
    }
    begin({
      ...work,
      resolve: (ended) => (next(), inTurn(() => work.resolve(ended))),
      reject: (error) => (next(), work.reject(error)),
    })
  }

  return {
    exec: (call) =>
      new Promise((resolve, reject) => {
        mark = call.env[markName] ?? mark
        const { input, timeoutMs } = call
        execute({ input, timeoutMs, resolve, reject, line: ({ lines, desk }) => lines.exec(call, desk) })
      }),
    launch(call) {
      const { promise: begun, resolve: tell } = Promise.withResolvers<Begun>()
      const over = new Promise<Executed>((resolve, reject) =>
        begin({
          resolve,
          reject,
          hear: (word) => tell(word === 'alone' ? 'alone' : 'up'),
          line: ({ lines, desk }) => lines.launch(call, desk),
        }),
      )
      over.then(
        () => tell('failed'),
        () => tell('failed'),
      )
      return { begun, over }
    },
    async close() {
      rmSync(folder, { recursive: true, force: true })
      await Promise.all(idle.splice(0).map(dismiss))
    },
  }
}

/** Nothing that carries our mark is there when we say that we are done. */
function dismiss({ shell }: Hand): Promise<void> {
  shell.ref()
  const gone = new Promise<void>((resolve) => shell.once('exit', () => resolve()))
  shell.stdin?.end()
  return gone
}

function read({ output, errors }: Desk, code: number): Executed {
  const ended = { stdout: textOf(output), stderr: textOf(errors) }
  return code > 128 && code < 160
    ? { ...ended, exitCode: null, signal: `signal ${code - 128}` }
    : { ...ended, exitCode: code, signal: null }
}

/** Most say nothing, and a look is cheaper than reading that. */
function textOf(file: string): string {
  const { size } = statSync(file)
  if (size > longestOutput) throw new Error('a program printed more than 64 MiB')
  return size === 0 ? '' : readFileSync(file, 'utf8')
}
