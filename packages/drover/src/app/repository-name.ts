import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Places } from './places.ts'

/** What others call this repository: where it is fetched from, without any password; else its folder's name. */
export function repositoryName({ gitDir, root }: Places): string {
  try {
    const config = readFileSync(join(gitDir, 'config'), 'utf8')
    const url = /^\[remote "origin"\]\s*(?:\n(?!\[).*)*?\n\s*url\s*=\s*(.+)$/m.exec(config)?.[1]?.trim()
    return url ? url.replace(/:\/\/[^/@]*@/, '://') : basename(root)
  } catch {
    return basename(root)
  }
}
