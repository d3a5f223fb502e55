import { readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { DroverError } from '../domain/error.ts'

/** Where a project is: found by walking up from a folder, also from inside a task's worktree. */
export interface Places {
  /** The user's main checkout. */
  root: string
  /** `<root>/.drover` */
  folder: string
  /** The repository's common git folder. */
  gitDir: string
}

/** Finds the repository around a folder by reading files: no process is started for it. */
export function findPlaces(start: string): Places {
  let folder: string
  try {
    folder = realpathSync(start)
  } catch {
    throw new DroverError('no-git', { folder: start })
  }
  for (let here = folder; ; here = dirname(here)) {
    const gitDir = commonFolder(join(here, '.git'))
    if (gitDir) return placesOf(here, gitDir)
    if (isBare(here)) throw new DroverError('bare-repository', { folder: here })
    if (dirname(here) === here) throw new DroverError('no-git', { folder })
  }
}

/** A linked worktree belongs to the checkout whose `.git` is the common folder. */
function placesOf(here: string, gitDir: string): Places {
  const root = basename(gitDir) === '.git' ? dirname(gitDir) : here
  return { root, gitDir, folder: join(root, '.drover') }
}

function commonFolder(dotGit: string): string | undefined {
  const kind = statSync(dotGit, { throwIfNoEntry: false })
  if (kind?.isDirectory()) return isGitFolder(dotGit) ? realpathSync(dotGit) : undefined
  if (!kind?.isFile()) return undefined
  const pointed = /^gitdir: (.+)$/m.exec(readFileSync(dotGit, 'utf8'))?.[1]?.trim()
  if (!pointed) return undefined
  const own = isAbsolute(pointed) ? pointed : resolve(dirname(dotGit), pointed)
  const common = read(join(own, 'commondir'))
  const found = common === undefined ? own : resolve(own, common.trim())
  return isGitFolder(found) ? realpathSync(found) : undefined
}

const isGitFolder = (folder: string): boolean =>
  statSync(join(folder, 'HEAD'), { throwIfNoEntry: false })?.isFile() === true

/** Nothing is checked out beside it. */
const isBare = (folder: string): boolean =>
  basename(folder) !== '.git' &&
  isGitFolder(folder) &&
  ['objects', 'refs'].every((name) => statSync(join(folder, name), { throwIfNoEntry: false }))

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Everything of ours below `.drover`, named once. */
export const placesBelow = ({ folder }: Pick<Places, 'folder'>) => ({
  ledger: join(folder, 'drover.db'),
  attempts: join(folder, 'attempts'),
  worktrees: join(folder, 'worktrees'),
  run: join(folder, 'run'),
  lock: join(folder, 'run', 'lock'),
  secret: join(folder, 'run', 'secret'),
  holder: join(folder, 'run', 'daemon.json'),
  moves: join(folder, 'run', 'moves.json'),
  toolsPort: join(folder, 'run', 'tools-port'),
  bin: join(folder, 'run', 'bin'),
  log: join(folder, 'log', 'daemon.jsonl'),
})
