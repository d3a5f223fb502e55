import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addBut, nestedIn } from './add.ts'
import type { Git, Place } from './git.ts'
import { exists, readText } from './small-files.ts'

/**
 * The tree of a repository's files, without asking that repository: its configuration is an agent's.
 * An empty git folder of ours stands in, with the ignore rules of the worktree around it.
 */
export async function snapshot(git: Git, folder: string, runFolder: string, around: string): Promise<string> {
  const gitDir = await standIn(git, runFolder, around)
  const index = join(runFolder, `nested-${randomBytes(6).toString('hex')}.index`)
  const place: Place = {
    cwd: folder,
    gitDir,
    worktree: folder,
    index,
    env: { GIT_COMMON_DIR: gitDir, GIT_OBJECT_DIRECTORY: join(git.common, 'objects') },
  }
  try {
    const deeper = await nestedIn(git, place)
    await addBut(git, place, deeper)
    for (const path of deeper) {
      const tree = await snapshot(git, join(folder, path), runFolder, around)
      await git.run(place, ['read-tree', `--prefix=${path}/`, tree])
    }
    return (await git.run(place, ['write-tree'])).out.trim()
  } finally {
    await rm(index, { force: true })
  }
}

async function standIn(git: Git, runFolder: string, around: string): Promise<string> {
  const gitDir = join(runFolder, 'stand-in.git')
  const format = /objectformat\s*=\s*sha256/i.test(readText(join(git.common, 'config')) ?? '') ? 'sha256' : 'sha1'
  if (!exists(join(gitDir, 'HEAD'))) {
    await git.script(
      git.bare,
      'unset GIT_DIR GIT_WORK_TREE GIT_COMMON_DIR; git init -q --bare --template= --object-format="$1" "$2"',
      [format, gitDir],
    )
  }
  const ignored = await Promise.all([join(around, '.gitignore'), join(git.common, 'info', 'exclude')].map(readText))
  await mkdir(join(gitDir, 'info'), { recursive: true })
  await writeFile(join(gitDir, 'info', 'exclude'), ignored.filter(Boolean).join('\n'))
  return gitDir
}
