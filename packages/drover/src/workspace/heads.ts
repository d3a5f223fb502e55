import { basename, dirname, join } from 'node:path'
import type { Refs } from './refs.ts'
import { namesIn, readText } from './small-files.ts'

export interface Checkout {
  path: string
  gitDir: string
}

/** Every checkout of the repository, the main one first; read from files. */
export function checkoutsOf(common: string, root: string): Checkout[] {
  const linked = namesIn(join(common, 'worktrees')).flatMap((name) => {
    const gitDir = join(common, 'worktrees', name)
    const file = readText(join(gitDir, 'gitdir'))?.trim()
    return file && basename(file) === '.git' ? [{ path: dirname(file), gitDir }] : []
  })
  return [{ path: root, gitDir: common }, ...linked]
}

/** Whether any checkout stands on this branch, so that deleting or moving it would be seen there. */
export function isCheckedOut(common: string, refs: Refs, ref: string): boolean {
  const linked = namesIn(join(common, 'worktrees')).map((name) => join(common, 'worktrees', name))
  return [common, ...linked].some((gitDir) => isOn(refs, gitDir, ref))
}

export function isOn(refs: Refs, gitDir: string, ref: string): boolean {
  const head = refs.head(gitDir)
  return head !== undefined && 'branch' in head && head.branch === ref
}
