import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { DroverError } from '../domain/error.ts'
import type { TaskWords } from '../domain/task.ts'
import type { Context } from './command.ts'

/** Folders that an agent may read, as whole paths: the ledger knows nothing of where somebody typed. An empty one takes them away. */
export function readRepos(
  { terminal, globals }: Pick<Context, 'terminal' | 'globals'>,
  paths: readonly string[] | undefined,
): Pick<Partial<TaskWords>, 'repos'> {
  if (paths === undefined) return {}
  const here = resolve(terminal.cwd, globals.directory ?? '.')
  const repos = paths.filter((path) => path.trim() !== '').map((path) => resolve(here, path.trim()))
  const missing = repos.find((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true)
  if (missing !== undefined)
    throw new DroverError('bad-value', { name: '--repo', value: missing, expected: 'a folder that is there' })
  return { repos: [...new Set(repos)] }
}
