import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Diary } from './diary.ts'
import type { Scene } from './people.ts'
import type { ChaosWorld } from './world.ts'

let commits = 0
/** The user's own work: in their checkout when that is on the target, else beside it. */
export function commitToTarget({ world, plan, diary }: Scene): void {
  const name = `user-${++commits}.txt`
  const git = gitIn(world)
  if (plan.user !== 'elsewhere') {
    world.write({ [name]: `${name}\n` })
    // Of this file alone: a checkout that is just being moved along must not be committed with it.
    const done =
      git(['add', name]).status === 0 && git(['commit', '-qm', `The user's ${name}`, '--only', '--', name]).status === 0
    if (done) diary.commits.push(git(['log', '-1', '--format=%H', '--', name]).stdout.trim())
    else diary.refused.add(name)
    takeBack(world, diary)
    return
  }
  const commit = commitBeside(world.root, world.env, name)
  if (commit !== undefined) diary.commits.push(commit)
}

/** Nobody needs a checkout for it. Nothing when somebody else moved the branch meanwhile. */
export function commitBeside(cwd: string, env: Record<string, string>, name: string): string | undefined {
  const git = (args: string[], input = '') => spawnSync('git', args, { cwd, env, encoding: 'utf8', input })
  const tip = git(['rev-parse', 'main']).stdout.trim()
  const blob = git(['hash-object', '-w', '--stdin'], `${name}\n`).stdout.trim()
  const listing = `${git(['ls-tree', tip]).stdout}100644 blob ${blob}\t${name}\n`
  const tree = git(['mktree'], listing).stdout.trim()
  const commit = git(['commit-tree', tree, '-p', tip, '-m', `The user's ${name}`]).stdout.trim()
  return git(['update-ref', 'refs/heads/main', commit, tip]).status === 0 ? commit : undefined
}

/** What git refused to commit. A lock that drover died with stays until it is started again: the user tries once more then. */
export function takeBack(world: ChaosWorld, { refused }: Pick<Diary, 'refused'>): void {
  const git = gitIn(world)
  for (const name of refused)
    if (
      git(['rm', '-qf', '--cached', '--ignore-unmatch', name]).status === 0 &&
      git(['clean', '-fq', '--', name]).status === 0
    )
      refused.delete(name)
}

const gitIn = (world: ChaosWorld) => (args: string[]) =>
  spawnSync('git', args, { cwd: world.root, env: world.env, encoding: 'utf8' })

/** As a git that was killed leaves them. */
export function leaveLock(world: ChaosWorld, pick: number): void {
  const names = ['refs/drover/epoch.lock', 'refs/drover/landed/t00.lock', 'refs/heads/main.lock', 'packed-refs.lock']
  const path = join(world.root, '.git', names[Math.floor(pick * names.length)]!)
  if (existsSync(path)) return
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, '')
}

/** Work that is kept, as `drover rescue` names it, with its commit. */
export function keptIn(world: ChaosWorld): { name: string; commit: string }[] {
  const format = '--format=%(refname:lstrip=3) %(objectname)'
  return world
    .git('for-each-ref', format, 'refs/drover/rescue')
    .split('\n')
    .map((line) => line.split(' '))
    .flatMap(([name = '', commit = '']) => (/\/\d+$/.test(name) ? [{ name, commit }] : []))
}
