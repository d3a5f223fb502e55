import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { main } from '../cli/binary.ts'
import { onPostgres } from '../support/postgres.ts'
import { endIfThere, makeWorld, World } from '../support/world.ts'
import { readDocument, scriptAt } from './markdown.ts'

const names = ['laptop', 'desk', 'server']

/** Who types there finds `drover`, and has room for one agent. */
function furnish(world: World, name: string, marks: string): void {
  const bin = join(world.folder, 'bin')
  const settings = join(world.env['XDG_CONFIG_HOME']!, 'drover')
  for (const folder of [bin, settings]) mkdirSync(folder, { recursive: true })
  writeFileSync(join(bin, 'drover'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`)
  chmodSync(join(bin, 'drover'), 0o755)
  writeFileSync(join(settings, 'config.toml'), 'workers = 1\n')
  const path = `${bin}:${world.env['PATH']}`
  Object.assign(world.env, { PATH: path, DROVER_MACHINE_NAME: name, MARKS: marks })
}

/** A shell there, as a process group of its own. */
function typed(t: TestContext, world: World, script: string, cwd: string) {
  const child = spawn('sh', ['-ec', `trap : TERM\n${script}`], { cwd, env: world.env, stdio: 'pipe', detached: true })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => said.push(text))
  t.after(() => endIfThere(-child.pid!))
  const ended = once(child, 'close').then(([code]) => assert.equal(code, 0, said.join('')))
  return { ended, stop: () => process.kill(-child.pid!, 'SIGTERM') }
}

await onPostgres((database) => {
  test('the way from one laptop to three machines is as the guide has it', async (t) => {
    const { url } = await database.another()
    const guide = readDocument('docs/guide/several-machines.md')
    const laptop = await makeWorld(t, { init: false })
    const others = names.slice(1).map(() => new World())
    for (const world of others) t.after(() => world.close())
    for (const [n, world] of [laptop, ...others].entries()) furnish(world, names[n]!, laptop.marks)
    const remote = join(laptop.folder, 'remote.git')
    laptop.git('init', '-q', '--bare', '-b', 'main', remote)
    laptop.git('remote', 'add', 'origin', `file://${remote}`)
    const script = (at: string): string =>
      scriptAt(guide, at)
        .replace(/postgres:\S+/, url)
        .replace(/git@\S+/, `file://${remote}`)
    // Until there was another machine it was worked on here.
    await laptop.ok('init')
    await laptop.add('before', 'echo before > before.txt')
    await laptop.run()
    const begins = 'echo $$ >> $MARKS/begun; until [ $(wc -l < $MARKS/begun) -ge 3 ]; do sleep 0.1; done'
    const ids = [1, 2, 3, 4, 5, 6].map((n) => `t${n}`)
    for (const id of ids) await laptop.add(id, `${begins}; echo ${id} > ${id}.txt`, '-b', 'before')
    await laptop.add('after', 'cat before.txt t1.txt t6.txt > after.txt', '-b', 't1', '-b', 't6')

    await typed(t, laptop, script('laptop'), laptop.root).ended
    Object.assign(laptop, { database: url })
    Object.assign(laptop.env, { DROVER_DATABASE_URL: url })
    try {
      const workers = others.map((world) => typed(t, world, script('other'), world.folder))
      await laptop.ok('run')
      for (const worker of workers) worker.stop()
      await Promise.all(workers.map(({ ended }) => ended))
    } finally {
      await laptop.ok('daemon', 'stop')
    }

    const format = '--format=%(trailers:key=Drover-Task,valueonly,separator=%x2c)'
    const landed = laptop.git('-C', remote, 'log', '--first-parent', format, 'main').split('\n').filter(Boolean)
    assert.deepEqual(landed.toSorted(), ['after', 'before', ...ids])
    assert.equal(laptop.git('-C', remote, 'show', 'main:after.txt'), 'before\nt1\nt6')
    const { tasks } = await laptop.json('list', '--all')
    assert.deepEqual([...new Set(tasks.map((task: { status: string }) => task.status))], ['completed'])
    const by = await Promise.all(ids.map(async (id) => (await laptop.json('show', id)).attempts[0].machine))
    assert.deepEqual([...new Set(by)].toSorted(), names.toSorted())
  })
})
