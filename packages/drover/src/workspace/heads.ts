import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { readText, type Refs } from './refs.ts'

export interface Checkout {
  path: string
  gitDir: string
}

/** Every checkout of the repository, the main one first; read from files. */
export async function checkoutsOf(common: string, root: string): Promise<Checkout[]> {
  const names = await readdir(join(common, 'worktrees')).catch(() => [])
  const linked = names.map(async (name) => {
    const gitDir = join(common, 'worktrees', name)
    const file = (await readText(join(gitDir, 'gitdir')))?.trim()
    return file && basename(file) === '.git' ? [{ path: dirname(file), gitDir }] : []
  })
  return [{ path: root, gitDir: common }, ...(await Promise.all(linked)).flat()]
}

/** Whether any checkout stands on this branch, so that deleting or moving it would be seen there. */
export async function isCheckedOut(common: string, refs: Refs, ref: string): Promise<boolean> {
  const heads = await Promise.all((await checkoutsOf(common, common)).map(({ gitDir }) => refs.head(gitDir)))
  return heads.some((head) => head && 'branch' in head && head.branch === ref)
}
