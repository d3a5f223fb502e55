import type { Readable, Writable } from 'node:stream'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecCall, Executed } from './exec.ts'

/** Where one call at a time has its input and its output: made once, because creating files is what costs. */
interface Desk {
  input: string
  output: string
  errors: string
}

interface Waiting {
  desk: Desk
  resolve(ended: Executed): void
  reject(error: Error): void
  timer: NodeJS.Timeout | undefined
}

/** A shell that reads its commands from `stdin`, as app/system.ts starts it. */
export interface Shell {
  stdin: Writable | null
  stdout: Readable | null
  once(event: 'exit', heard: () => void): unknown
  unref(): void
}

export interface Forking {
  exec(call: ExecCall): Promise<Executed>
  close(): void
}

const longestOutput = 64 * 1024 * 1024
const isName = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name) && name !== 'PPID'
const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/**
 * Programs started by a small shell that was started once. A fork takes as long as the memory is large: at 85 MB this process
 * stands still for 3–6 ms for each, the shell for 0.3 ms, and it stands beside. Every word is quoted; nothing is pasted.
 */
export function openForking(folder: string, startShell: () => Shell): Forking {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const waiting = new Map<string, Waiting>()
  const free: Desk[] = []
  let desks = 0
  let calls = 0
  let shell: Shell | undefined

  const open = (): Shell => {
    const started = startShell()
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
      if (shell === started) shell = undefined
      for (const id of waiting.keys())
        settle(id, (one) => one.reject(new Error('the shell that starts programs has ended')))
    })
    started.unref()
    for (const stream of [started.stdin, started.stdout]) (stream as unknown as { unref(): void }).unref()
    return started
  }

  const hear = (line: string): void => {
    const [id = '', code = ''] = line.split(' ')
    settle(id, (one) => one.resolve(read(one.desk, Number(code))))
  }

  const settle = (id: string, how: (one: Waiting) => void): void => {
    const one = waiting.get(id)
    if (!one) return
    waiting.delete(id)
    clearTimeout(one.timer)
    if (waiting.size === 0) (shell?.stdout as unknown as { unref(): void } | undefined)?.unref()
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

  return {
    exec: (call) =>
      new Promise((resolve, reject) => {
        const id = String(++calls)
        const desk = takeDesk()
        if (call.input !== undefined) writeFileSync(desk.input, call.input, { mode: 0o600 })
        const late = (): void =>
          settle(id, (one) =>
            one.resolve({ exitCode: null, signal: 'SIGTERM', stdout: '', stderr: 'it took too long' }),
          )
        waiting.set(id, {
          desk,
          resolve,
          reject,
          timer: call.timeoutMs === undefined ? undefined : setTimeout(late, call.timeoutMs),
        })
        shell ??= open()
        ;(shell.stdout as unknown as { ref(): void }).ref()
        shell.stdin!.write(lineOf(id, call, desk))
      }),
    close() {
      shell?.stdin?.end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** One command of the shell's. `jobs` collects children that have ended. */
function lineOf(id: string, { file, args, cwd, env, input }: ExecCall, { input: from, output, errors }: Desk): string {
  const words = [file, ...args]
  if ([...words, cwd, ...Object.values(env)].some((word) => word.includes('\0')))
    throw new Error('a word of a command cannot hold NUL')
  const settings = Object.entries(env).flatMap(([name, value]) => (isName(name) ? [`${name}=${quoted(value)}`] : []))
  const command = `cd ${quoted(cwd)} && ${settings.join(' ')} exec ${words.map(quoted).join(' ')}`
  return `( ( ${command} ) <${input === undefined ? '/dev/null' : quoted(from)} >${quoted(output)} 2>${quoted(errors)}; echo "${id} $?" ) & jobs >/dev/null 2>&1\n`
}

function read({ output, errors }: Desk, code: number): Executed {
  if (statSync(output).size > longestOutput) throw new Error('a program printed more than 64 MiB')
  const ended = { stdout: readFileSync(output, 'utf8'), stderr: readFileSync(errors, 'utf8') }
  return code > 128 && code < 160
    ? { ...ended, exitCode: null, signal: `signal ${code - 128}` }
    : { ...ended, exitCode: code, signal: null }
}
