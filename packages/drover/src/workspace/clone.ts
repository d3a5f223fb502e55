import { existsSync, renameSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DroverError } from '../domain/error.ts'
import type { Exec } from './git.ts'
import { cleanEnvironment, configInEnvironment, hardenedTowardsRemote, towardsRemote } from './hardening.ts'

interface Wanted {
  /** Empty, or what a clone that was cut short has left there. */
  folder: string
  remote: string
  exec: Exec
  env: Readonly<Record<string, string>>
}

/** Its name in a folder whose clone is not whole yet. */
export const cloneDraft = '.drover-clone'

const timeoutMs = 60 * 60_000

/** A clone where there is none. It has its `.git` only when it is whole: whoever is cut short begins again, or goes on. */
export async function cloneInto({ folder, remote, exec, env }: Wanted): Promise<void> {
  const shared = { ...cleanEnvironment(env), ...towardsRemote(env), ...configInEnvironment(hardenedTowardsRemote) }
  const git = async (cwd: string, ...args: string[]): Promise<void> => {
    const ended = await exec({ file: 'git', args, cwd, env: {}, shared, timeoutMs }, new AbortController().signal)
    if (ended.exitCode !== 0) throw new DroverError('remote-away', { problem: withoutPassword(ended.stderr.trim()) })
  }
  await mkdir(folder, { recursive: true })
  const draft = join(folder, cloneDraft)
  if (!existsSync(join(folder, '.git'))) {
    rmSync(draft, { recursive: true, force: true })
    await git(
      folder,
      'clone',
      '--quiet',
      '--no-checkout',
      '--no-recurse-submodules',
      '--template=',
      '--',
      remote,
      draft,
    )
    renameSync(join(draft, '.git'), join(folder, '.git'))
  }
  // While this stands there the clone is ours to finish; any other is a person's.
  if (!existsSync(draft)) return
  await git(folder, 'checkout', '--quiet', '--force', '--no-recurse-submodules')
  rmSync(draft, { recursive: true, force: true })
}

/** The addresses that a clone knows. */
export async function remotesOf({ folder, exec, env }: Omit<Wanted, 'remote'>): Promise<string[]> {
  const args = ['config', '--local', '--get-regexp', '^remote\\..*\\.url$']
  const { stdout } = await exec({ file: 'git', args, cwd: folder, env: {}, shared: cleanEnvironment(env) })
  return stdout.split('\n').flatMap((line) => line.split(' ').slice(1).join(' ') || [])
}

const withoutPassword = (words: string): string => words.replaceAll(/\/\/[^@/\s]*@/g, '//').slice(0, 1500)
