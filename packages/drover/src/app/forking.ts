import type { Readable, Writable } from 'node:stream'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecCall, Executed } from './exec.ts'
import { type Desk, type LaunchCall, markName, openLines, preamble } from './shell-line.ts'

interface Waiting {
  desk: Desk
  resolve(ended: Executed): void
  reject(error: Error): void
  /** An agent goes on without us once it is up; everything else is waited for. */
  awaited: boolean
  /** What it says before its end. */
  hear?: (word: string) => void
  timer: NodeJS.Timeout | undefined
}

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
  /** Resolves when the shell is gone. */
  close(): Promise<void>
}

const longestOutput = 64 * 1024 * 1024

/**
 * Programs started by a small shell that was started once. A fork takes as long as the memory is large: at 85 MB this process
 * stands still for 3–6 ms for each, the shell for 0.3 ms, and it stands beside. Every word is quoted; nothing is pasted.
 */
export function openForking(folder: string, startShell: (own: Readonly<Record<string, string>>) => Shell): Forking {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const waiting = new Map<string, Waiting>()
  const free: Desk[] = []
  let desks = 0
  let calls = 0
  let shell: Shell | undefined
  let mark: string | undefined
  let lines = openLines()

  const open = (): Shell => {
    const started = startShell(mark === undefined ? {} : { [markName]: mark })
    lines = openLines()
    started.stdin!.write(preamble)
    let said = ''
    started.stdout!.setEncoding('utf8').on('data', (text: string) => {
      said += text
      for (let end = said.indexOf('\n'); end >= 0; end = said.indexOf('\n')) {
        hear(said.slice(0, end))
        said = said.slice(end + 1)
      }
    })
    started.stdin!.on('error', () => undefined)
    started.once('exit', () => {
      if (shell !== started) return // it was followed by another, and had nothing left to do
      shell = undefined
      for (const id of waiting.keys())
        settle(id, (one) => one.reject(new Error('the shell that starts programs has ended')))
    })
    started.unref()
    for (const stream of [started.stdin, started.stdout]) (stream as unknown as { unref(): void }).unref()
    return started
  }

  /** A shell is known by its mark after the death of this process: one that works for a new mark is a new one. */
  const followWith = (next: string): void => {
    mark = next
    shell?.stdin?.end()
    shell = undefined
  }

  const hear = (line: string): void => {
    const [id = '', code = ''] = line.split(' ')
    const one = waiting.get(id)
    if (one && !/^\d+$/.test(code)) {
      one.awaited = false
      restWhenIdle()
      return one.hear?.(code)
    }
    settle(id, (ended) => ended.resolve(read(ended.desk, Number(code))))
  }

  const isAwaited = (): boolean => [...waiting.values()].some((one) => one.awaited)
  const restWhenIdle = (): void => {
    if (!isAwaited()) (shell?.stdout as unknown as { unref(): void } | undefined)?.unref()
  }

  const settle = (id: string, how: (one: Waiting) => void): void => {
    const one = waiting.get(id)
    if (!one) return
    waiting.delete(id)
    clearTimeout(one.timer)
    restWhenIdle()
    try {
      how(one)
    } catch (error) {
      one.reject(error as Error)
    }
    free.push(one.desk)
  }

  const takeDesk = (): Desk => {
    const n = desks
    return (
      free.pop() ??
      (desks++, { input: join(folder, `${n}.in`), output: join(folder, `${n}.out`), errors: join(folder, `${n}.err`) })
    )
  }

  const begin = (
    { input, timeoutMs, marked }: Pick<ExecCall, 'input' | 'timeoutMs'> & { marked?: string | undefined },
    waits: Pick<Waiting, 'resolve' | 'reject' | 'hear'>,
    lineOf: (id: string, desk: Desk) => string,
  ): void => {
    const id = String(++calls)
    const desk = takeDesk()
    if (input !== undefined) writeFileSync(desk.input, input, { mode: 0o600 })
    const late = (): void =>
      settle(id, (one) => one.resolve({ exitCode: null, signal: 'SIGTERM', stdout: '', stderr: 'it took too long' }))
    waiting.set(id, {
      desk,
      timer: timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs),
      awaited: true,
      ...waits,
    })
    if (marked !== undefined && marked !== mark) followWith(marked)
    shell ??= open()
    ;(shell.stdout as unknown as { ref(): void }).ref()
    try {
      shell.stdin!.write(lineOf(id, desk))
    } catch (error) {
      settle(id, (one) => one.reject(error as Error))
    }
  }

  return {
    exec: (call) =>
      new Promise((resolve, reject) =>
        begin({ ...call, marked: call.env[markName] }, { resolve, reject }, (id, desk) => lines.exec(id, call, desk)),
      ),
    launch(call) {
      const { promise: begun, resolve: tell } = Promise.withResolvers<Begun>()
      const over = new Promise<Executed>((resolve, reject) =>
        begin({}, { resolve, reject, hear: (word) => tell(word === 'alone' ? 'alone' : 'up') }, (id, desk) =>
          lines.launch(id, call, desk),
        ),
      )
      over.then(
        () => tell('failed'),
        () => tell('failed'),
      )
      return { begun, over }
    },
    async close() {
      const last = shell
      shell = undefined
      rmSync(folder, { recursive: true, force: true })
      if (!last) return
      last.ref()
      const gone = new Promise<void>((resolve) => last.once('exit', () => resolve()))
      last.stdin?.end()
      await gone // nothing that carries our mark is there when we say that we are done
    },
  }
}

function read({ output, errors }: Desk, code: number): Executed {
  if (statSync(output).size > longestOutput) throw new Error('a program printed more than 64 MiB')
  const ended = { stdout: readFileSync(output, 'utf8'), stderr: readFileSync(errors, 'utf8') }
  return code > 128 && code < 160
    ? { ...ended, exitCode: null, signal: `signal ${code - 128}` }
    : { ...ended, exitCode: code, signal: null }
}
