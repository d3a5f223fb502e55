import type { Change } from './changes.ts'
import type { Git } from './git.ts'

export interface Staged {
  tree: string
  /** What differs from the base. */
  changes: Change[]
  /** Marker and result files, which are in no tree. */
  claims: string[]
  /** Why this tree cannot be landed as it is. */
  problems: string[]
  /** What submodules hold uncommitted, which no gitlink can say. */
  aside: { path: string; tree: string }[]
}

export interface Staging {
  git: Git
  runFolder: string
}
