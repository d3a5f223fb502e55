import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Login, Program } from '../ports/driver.ts'
import { openSystem } from './system.ts'

/** Whether somebody is logged in, and how that is known or why it is not. */
export interface Seen {
  login: 'ok' | 'missing' | 'unknown'
  why: string
}

type Environment = Readonly<Record<string, string>>

/** Looks at the environment first, then into the program's own folder; only a program that has one is asked. */
export async function seeLogin(
  { file, program }: { file: string | undefined; program: Program },
  env: Environment,
): Promise<Seen> {
  const { whoIsIn } = program
  if (whoIsIn === undefined) return { login: 'unknown', why: 'drover knows no way to ask it' }
  const variable = whoIsIn.variables.find((name) => (env[name] ?? '') !== '')
  if (variable !== undefined) return { login: 'ok', why: `by ${variable}` }
  const folder = folderOf(whoIsIn, env)
  if (whoIsIn.file !== undefined) return byFile(join(folder, whoIsIn.file))
  if (whoIsIn.ask === undefined) return { login: 'unknown', why: 'it keeps its login where only it can look' }
  // A program that never ran would leave its first files in the person's home.
  if (!existsSync(folder)) return { login: 'missing', why: `there is no ${folder}` }
  return file === undefined ? { login: 'unknown', why: 'it is not there' } : asked(file, whoIsIn.ask, env)
}

function folderOf({ place }: Login, env: Environment): string {
  const { variable, below, otherwise } = place
  const chosen = env[variable] ?? ''
  return chosen === '' ? join(env['HOME'] ?? homedir(), otherwise) : join(chosen, below)
}

/** That it is there, and holds something. What it holds is nobody's business. */
function byFile(path: string): Seen {
  const text = existsSync(path) ? readFileSync(path, 'utf8').trim() : ''
  return text === '' || text === '{}'
    ? { login: 'unknown', why: `there is no login in ${path}` }
    : { login: 'ok', why: `there is one in ${path}` }
}

const askMs = 10_000

/** It may read what it has, and reach nobody: nothing listens on that port. */
async function asked(file: string, args: readonly string[], env: Environment): Promise<Seen> {
  const nobody = Object.fromEntries(
    ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].map((name) => [name, 'http://127.0.0.1:9']),
  )
  const quiet = { DISABLE_AUTOUPDATER: '1', CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' }
  try {
    const { exitCode } = await openSystem().exec({
      file,
      args: [...args],
      cwd: '/',
      env: { ...env, ...nobody, ...quiet },
      timeoutMs: askMs,
    })
    if (exitCode === 0) return { login: 'ok', why: 'it says so' }
    if (exitCode === 1) return { login: 'missing', why: 'it says so' }
    return { login: 'unknown', why: `it did not answer within ${askMs / 1000} s` }
  } catch (error) {
    return { login: 'unknown', why: error instanceof Error ? error.message : 'it cannot be started' }
  }
}
