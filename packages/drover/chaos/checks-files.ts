import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assertWholeRepository, landedOn } from '../test/support/invariants.ts'
import type { Diary } from './diary.ts'
import { isRed } from './tasks.ts'
import { canary, type ChaosWorld } from './world.ts'

export const isGreen =
  (world: ChaosWorld) =>
  (commit: string): boolean =>
    !isRed(world.git('ls-tree', '-r', '--name-only', commit).split('\n'))

export async function assertWhole(world: ChaosWorld): Promise<void> {
  assertWholeRepository(world)
  const [row] = await world.look('select count(*) as n, max(seq) as last from event')
  assert.equal(row?.n, row?.last, 'the numbers of the events have a gap')
  if (world.database !== undefined) return
  const [whole] = await world.look('pragma integrity_check')
  assert.equal(whole?.integrity_check, 'ok')
  assert.deepEqual(await world.look('pragma foreign_key_check'), [])
}

const mostBytes = 64 * 1024 * 1024

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
}

export function assertSmall(world: ChaosWorld): void {
  const sizes = filesBelow(join(world.root, '.drover')).map((file) => readFileSync(file).length)
  const sum = sizes.reduce((total, size) => total + size, 0)
  assert.ok(sum < mostBytes, `.drover has ${sum} bytes`)
}

export function assertNoCanary(world: ChaosWorld): void {
  const found = [...filesBelow(join(world.root, '.drover')), ...filesBelow(world.marks)]
  assert.deepEqual(
    found.filter((file) => readFileSync(file).includes(canary)),
    [],
  )
}

/** As bytes, but for the one setting that drover makes. */
export function configurationOf(world: ChaosWorld): string {
  const git = join(world.root, '.git')
  const config = readFileSync(join(git, 'config'), 'utf8').replace(/\[log\]\n|\texcludeDecoration.*\n/g, '')
  const hooks = filesBelow(join(git, 'hooks')).toSorted()
  return [config, ...hooks.map((file) => `${file} ${readFileSync(file, 'utf8')}`)].join('\n')
}

export function assertUsersCommits(world: ChaosWorld, { commits }: Diary): void {
  const on = new Set(landedOn(world).map(({ commit }) => commit))
  assert.deepEqual(
    commits.filter((commit) => !on.has(commit)),
    [],
    'commits of the user that are not on main',
  )
}

/** A branch that was made of kept work holds that work, and nothing takes it away again. */
export function assertRestored(world: ChaosWorld, { restoring }: Diary): void {
  const refs = world.git('for-each-ref', '--format=%(refname)', 'refs/heads/rescue').split('\n')
  for (const [name, commit] of restoring) {
    const found = refs.filter((ref) => ref.startsWith(`refs/heads/rescue/${name.replace('/', '-')}`))
    if (found.length === 0) continue
    const holding = world.git('for-each-ref', '--contains', commit, '--format=%(refname)', ...found)
    assert.ok(holding !== '', `the branch of ${name} does not hold ${commit}, which was kept`)
  }
}
