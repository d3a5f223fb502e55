import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { lock } from './lock.ts'

export interface FromNpm {
  /** What the tests call it. */
  name: string
  package: string
  version: string
  /** The folder of everything that tests have installed. */
  into: string
  /** What is there when it is installed. */
  file: string
  /** A program of it with its words, which must succeed. */
  proof: readonly string[]
  /** What the program has to see. */
  env?: (folder: string) => Record<string, string>
}

const installsMs = 15 * 60_000

/** The folder in which it is installed, at exactly this version; installed when no test has done so before. */
export async function fromNpm(wanted: FromNpm): Promise<string> {
  const folder = join(wanted.into, `${wanted.name}-${wanted.version}`)
  if (existsSync(join(folder, wanted.file))) return folder
  mkdirSync(wanted.into, { recursive: true })
  const unlock = await lock(join(wanted.into, `${wanted.name}.lock`), installsMs)
  try {
    if (!existsSync(join(folder, wanted.file))) await install(wanted, folder)
  } finally {
    unlock()
  }
  return folder
}

/** What is half installed has another name, so that whatever has the right one is whole. */
async function install(wanted: FromNpm, folder: string): Promise<void> {
  const [begun, what] = [performance.now(), `${wanted.package}@${wanted.version}`]
  process.stderr.write(`installing ${what} for the tests …\n`)
  const half = `${folder}.half`
  rmSync(half, { recursive: true, force: true })
  mkdirSync(half)
  const words = ['install', '--prefix', half, '--no-audit', '--no-fund', '--ignore-scripts=false', '--loglevel=error']
  await run('npm', [...words, what], half, {})
  const [program, ...rest] = wanted.proof
  await run(join(half, program!), rest, half, { HOME: half, ...wanted.env?.(half) })
  rmSync(folder, { recursive: true, force: true })
  renameSync(half, folder)
  process.stderr.write(`installed ${what} in ${Math.round((performance.now() - begun) / 1000)} s\n`)
}

async function run(file: string, words: string[], cwd: string, env: Record<string, string>): Promise<void> {
  const child = spawn(file, words, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const late = setTimeout(() => child.kill('SIGKILL'), installsMs)
  const whole = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  const [out, err, [code]] = await whole.finally(() => clearTimeout(late))
  if (code !== 0) throw new Error(`${file} ${words.join(' ')} ended with ${code}: ${(out + err).slice(-2000)}`)
}
