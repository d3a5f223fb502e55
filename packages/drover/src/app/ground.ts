import { existsSync, statSync, statfsSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { DroverError } from '../domain/error.ts'
import type { Ground } from '../ports/ground.ts'
import type { Project } from './open-project.ts'

type Grounded = Pick<Project, 'places' | 'config' | 'clock' | 'ledgerAt'>

const mib = 1024 * 1024
const everyMs = 2_000
// On a small disk the reserve is no more than this part of it; and once it is short, it must grow a little beyond.
const share = 0.05
const slack = 1.1
const leastFiles = 1000

/** Watches the disks under a project, and that its ledger is still the file that was opened, where it is one. */
export function openGround(project: Grounded): Ground {
  const file = 'file' in project.ledgerAt ? project.ledgerAt.file : undefined
  const opened = file === undefined ? undefined : identityOf(file)
  let lacking: string | undefined
  let lookAt = -Infinity
  return {
    lacks() {
      const now = project.clock.ticks()
      if (now < lookAt) return lacking
      if (file !== undefined && identityOf(file) !== opened) throw new DroverError('ledger-gone', { file, kept: null })
      lacking = shortOfRoom(project, lacking === undefined ? 1 : slack)
      lookAt = now + everyMs
      return lacking
    },
  }
}

function identityOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false, bigint: true })
  return found ? `${found.dev}:${found.ino}` : 'gone'
}

/** In words, which of the project's disks has too little room for anything new. */
export function shortOfRoom({ places, config, ledgerAt }: Omit<Grounded, 'clock'>, factor = 1): string | undefined {
  const { disk_reserve: reserve, 'worktree.root': root } = config.settings
  if (reserve === 0) return undefined
  const worktrees = isAbsolute(root) ? root : join(places.root, root)
  const ledger = 'file' in ledgerAt ? [dirname(ledgerAt.file)] : []
  for (const folder of [places.folder, places.gitDir, worktrees, ...ledger]) {
    if (!existsSync(folder)) continue
    const { bavail, blocks, bsize, ffree, files } = statfsSync(folder)
    const [free, least] = [bavail * bsize, Math.min(reserve * mib, blocks * bsize * share) * factor]
    if (free < least) return `the disk of ${folder} has ${shown(free)} free, and nothing begins below ${shown(least)}`
    if (files > 0 && ffree < Math.min(leastFiles, files * share) * factor)
      return `the disk of ${folder} has room for ${ffree} more files only`
  }
  return undefined
}

const shown = (bytes: number): string =>
  bytes < 10 * mib ? `${(bytes / mib).toFixed(1)} MiB` : `${Math.round(bytes / mib)} MiB`
