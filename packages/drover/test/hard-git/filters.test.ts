import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeHard, type HardWorld } from './hard-world.ts'

/** As git-crypt does: what is stored is not what is read, and only these two programs know both. */
const turn = "tr 'A-Za-z' 'N-ZA-Mn-za-m'"

function crypt(world: HardWorld): void {
  world.git('config', 'filter.crypt.clean', turn)
  world.git('config', 'filter.crypt.smudge', turn)
  world.git('config', 'filter.crypt.required', 'true')
  world.commit({ '.gitattributes': '*.key filter=crypt\n*.big filter=store\n', 'old.key': 'secret\n' }, 'a secret')
}

/** As git-lfs does: one long-running process, content by its hash in a folder of its own, required. */
function store(world: HardWorld): string {
  const program = join(world.folder, 'store.mjs')
  writeFileSync(
    program,
    `#!${process.execPath}\n${readFileSync(new URL('./large-file-filter.mjs', import.meta.url), 'utf8')}`,
  )
  chmodSync(program, 0o755)
  const content = join(world.folder, 'content')
  world.git('config', 'filter.store.process', `'${program}' '${content}'`)
  world.git('config', 'filter.store.clean', 'false')
  world.git('config', 'filter.store.smudge', 'false')
  world.git('config', 'filter.store.required', 'true')
  return content
}

test('encrypted and large files work in tasks, on landing and in the checkout, as their filters have it', async (t) => {
  const world = await makeHard(t, {
    settings: '[land]\ngate = "grep -q secret old.key && grep -q large old.big"\n',
    before(its) {
      crypt(its)
      store(its)
      its.commit({ 'old.big': 'large one\n' }, 'a large file')
    },
  })
  assert.match(world.landed('old.big'), /^oid [0-9a-f]{64}$/)
  await world.add(
    'both',
    'grep -q secret old.key && grep -q large old.big && echo hidden > new.key && echo "large two" > new.big',
  )
  await world.add(
    'edit',
    'echo "secret again" > old.key; echo "large again" > old.big; git add -A; git commit -qm edit',
    '-b',
    'both',
  )
  await world.run()
  assert.deepEqual(world.tasksOnTarget(), ['both', 'edit'])
  assert.deepEqual([world.landed('new.key'), world.landed('old.key')], ['uvqqra', 'frperg ntnva'])
  assert.match(world.landed('new.big'), /^oid [0-9a-f]{64}$/)
  assert.deepEqual(
    ['new.key', 'old.key', 'new.big', 'old.big'].map((name) => world.read(name)),
    ['hidden\n', 'secret again\n', 'large two\n', 'large again\n'],
  )
  assert.equal(world.git('status', '--porcelain'), '')
})

test('a filter that comes later never runs: the work is kept, and a person is asked to look', async (t) => {
  const world = await makeHard(t, { settings: 'max_attempts = 1\n', before: crypt })
  const fired = `touch '${join(world.marks, 'fired')}'; cat`
  await world.add(
    'planted',
    `git config filter.late.clean "${fired}"; git config filter.crypt.smudge "${fired}"; echo work > work.txt; echo key > new.key`,
  )
  await world.run(8)
  const words = (await world.task('planted')).lastError ?? ''
  assert.match(words, /filter\.crypt\.smudge, filter\.late\.clean.*\.git\/config.*drover doctor --trust/)
  assert.match((await world.drover('doctor')).stdout, /filter\.late\.clean.*drover doctor --trust/s)
  assert.equal(existsSync(join(world.marks, 'fired')), false)
  world.assertNothingLost('work\n', 'xrl\n')
  world.git('config', '--unset', 'filter.late.clean')
  world.git('config', 'filter.crypt.smudge', turn)
  await world.add('quiet', 'echo quiet > quiet.key')
  await world.run(8)
  assert.equal(world.landed('quiet.key'), 'dhvrg')
  assert.equal(existsSync(join(world.marks, 'fired')), false)
})
