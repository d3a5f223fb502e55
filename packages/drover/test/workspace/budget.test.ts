import assert from 'node:assert/strict'
import { chmod, readFile } from 'node:fs/promises'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeRepo } from '../support/repo.ts'

for (const [when, landsBetween] of [
  ['nobody landed meanwhile', false],
  ['others landed meanwhile', true],
] as const) {
  test(`a task costs at most three shells and nine gits when ${when}`, async (t) => {
    const repo = await makeRepo(t)
    // A git in front of git that counts, because scripts start several.
    const counted = join(repo.root, '..', 'counted')
    const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim()
    const folder = join(repo.root, '..', 'bin')
    await repo.write('git', `#!/bin/sh\necho "$1" >>'${counted}'\nexec '${real}' "$@"\n`, folder)
    await chmod(join(folder, 'git'), 0o755)
    const env = { ...repo.options().env, PATH: `${folder}:${process.env['PATH']}` }
    const workspace = repo.open({ env })
    await workspace.recover()
    const count = async () => ({
      gits: (await readFile(counted, 'utf8')).trim().split('\n'),
      shells: repo.calls.filter(({ file }) => file === 'sh').length,
      started: repo.calls.length,
    })
    const begin = async (task: string) => {
      const { path } = await repo.at(workspace, task)
      await repo.write(`${task}.txt`, task, path)
      return repo.keep(workspace, task)
    }
    const finish = async (task: string, kept: Awaited<ReturnType<typeof begin>>) => {
      const merged = await repo.merge(workspace, kept)
      assert.ok(merged.outcome === 'merged')
      assert.deepEqual(await workspace.move({ task, branch: 'trunk', from: merged.tip, to: merged.commit }), {
        outcome: 'landed',
      })
      await workspace.release(task)
    }
    const warm = await Promise.all([begin('task-warm'), begin('task-warmer')])
    await finish('task-warm', warm[0])
    await finish('task-warmer', warm[1])
    const other = landsBetween ? await begin('task-other') : undefined
    const before = await count()
    const kept = await begin('task-a')
    const between = await count()
    if (other) await finish('task-other', other)
    const after = await count()
    await finish('task-a', kept)
    const last = await count()
    const gits = [...between.gits.slice(before.gits.length), ...last.gits.slice(after.gits.length)]
    const shells = between.shells - before.shells + last.shells - after.shells
    const started = between.started - before.started + last.started - after.started
    t.diagnostic(`${shells} sh, ${gits.length} git (${gits.join(' ')}), ${started} processes started from here`)
    assert.ok(shells <= 3 && gits.length <= 9, `${shells} sh, ${gits.length} git: ${gits.join(' ')}`)
  })
}
