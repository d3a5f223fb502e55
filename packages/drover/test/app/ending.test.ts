import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isLiving, openWorld, until, type World } from './attempt-world.ts'

const hasSetsid = existsSync('/usr/bin/setsid')

/** Starts an agent and what it leaves behind; resolves when each of them has said its pid. */
async function launchWith(world: World, name: string, script: string, processes: number): Promise<number[]> {
  await world.launch(name, script)
  return (await world.lines(name, processes)).map(Number)
}

test('207: agents stopped together take one grace period, and none is left', async (t) => {
  const world = openWorld(t)
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const stubborn = `trap '' TERM; echo $$; while :; do sleep 1000; done`
  const pids = (await Promise.all(names.map((name) => launchWith(world, name, stubborn, 1)))).flat()
  const begun = performance.now()
  await Promise.all(names.map((name) => world.end(name, 400)))
  const took = performance.now() - begun
  assert.ok(took >= 400 && took < 800, `${took} ms`)
  assert.deepEqual(pids.filter(isLiving), [])
  assert.deepEqual(await world.system.marked(`${world.project}:`), [])
})

test('an agent that ends when it is asked to is not waited for', async (t) => {
  const world = openWorld(t)
  await launchWith(world, 'polite', 'echo $$; exec sleep 1000', 1)
  const begun = performance.now()
  await world.end('polite', 60_000)
  assert.ok(performance.now() - begun < 2_000)
  assert.deepEqual(await world.look('polite'), { state: 'over', exitCode: null, signal: 'SIGTERM' })
})

test('an agent that cleans up when it is asked to end is given the time', async (t) => {
  const world = openWorld(t)
  await launchWith(world, 'tidy', `trap 'sleep 0.2; echo tidy; exit 0' TERM; echo $$; while :; do sleep 0.05; done`, 1)
  await world.end('tidy', 10_000)
  assert.match(world.printed('tidy'), /tidy/)
})

test('a stopped agent hears that it is asked to end', async (t) => {
  const world = openWorld(t)
  const [pid] = await launchWith(world, 'stopped', 'echo $$; kill -STOP $$; exec sleep 1000', 1)
  assert.ok(isLiving(pid!))
  const begun = performance.now()
  await world.end('stopped', 60_000)
  assert.ok(performance.now() - begun < 5_000)
})

test('an agent that had to be killed is known to have been', async (t) => {
  const world = openWorld(t)
  await launchWith(world, 'stubborn', `trap '' TERM; echo $$; while :; do sleep 1000; done`, 1)
  await world.end('stubborn', 0)
  assert.deepEqual(await world.look('stubborn'), { state: 'over', exitCode: null, signal: 'SIGKILL' })
})

test(
  '201: nothing escapes its end: not by setsid, nohup, double fork, a clean environment or a stop',
  { skip: !hasSetsid },
  async (t) => {
    const world = openWorld(t)
    const says = `'echo $$; exec sleep 1000'`
    const script = `
    setsid sh -c ${says} &
    nohup sh -c ${says} 2>&1 &
    setsid sh -c "setsid sh -c ${says.replaceAll('$', '\\$')} & exit 0" &
    (trap '' TERM HUP; sh -c ${says} &)
    env -i sh -c ${says} &
    sh -c 'echo $$; kill -STOP $$; sleep 1000' &
    exit 0`
    const pids = await launchWith(world, 'leaves', script, 6)
    assert.equal((await world.over('leaves')).exitCode, 0)
    assert.deepEqual(pids.filter(isLiving), pids)
    await world.end('leaves', 100)
    assert.deepEqual(pids.filter(isLiving), [])
  },
)

test('what a killed agent and wrapper leave is ended all the same', { skip: !hasSetsid }, async (t) => {
  const world = openWorld(t)
  const pids = await launchWith(
    world,
    'gone',
    `setsid sh -c 'echo $$; exec sleep 1000' & env -i sh -c 'echo $$; exec sleep 1000' & wait`,
    2,
  )
  process.kill(Number(readFileSync(join(world.folderOf('gone'), 'pid'), 'utf8').split(' ')[0]), 'SIGKILL')
  await world.over('gone')
  await world.end('gone')
  assert.deepEqual(pids.filter(isLiving), [])
})

test('a mark is matched whole: the end of attempt 1 is not the end of attempt 10', async (t) => {
  const world = openWorld(t)
  const names = ['task-1/1', 'task-1/10', 'task-11/1', 'xtask-1/1']
  for (const name of names) await launchWith(world, name, 'echo $$; exec sleep 1000', 1)
  await world.end('task-1/1')
  for (const name of names) assert.equal((await world.look(name)).state, name === 'task-1/1' ? 'over' : 'alive')
  assert.equal((await world.system.marked(world.markOf('task-1/'))).length, 2)
  await Promise.all(names.map((name) => world.end(name)))
})

test('a mark that only stands inside another variable is none', async (t) => {
  const world = openWorld(t)
  const env = { ...world.env, X_DROVER_RUN_ID: world.markOf('x'), OTHER: `\nDROVER_RUN_ID=${world.markOf('x')}` }
  const bystander = spawn('sleep', ['1000'], { env, stdio: 'ignore' })
  await world.system.end({ folder: null, mark: world.markOf('x'), graceMs: 0 })
  assert.ok(isLiving(bystander.pid!))
  assert.deepEqual(await world.system.marked(world.project), [])
  bystander.kill('SIGKILL')
})

test('git that carries the mark of an epoch is found by its beginning', async (t) => {
  const world = openWorld(t)
  const git = spawn('sleep', ['1000'], { env: { ...world.env, DROVER_GIT: `${world.project}:7` }, stdio: 'ignore' })
  assert.deepEqual(await world.system.marked(`${world.project}:`), [git.pid])
  git.kill('SIGKILL')
  await once(git, 'exit')
})

test('who ends a mark is not ended by it, nor is who started it', async (t) => {
  const world = openWorld(t)
  const mark = world.markOf('inner')
  const code = `
    const { openSystem } = await import(${JSON.stringify(new URL('../../src/app/system.ts', import.meta.url).href)})
    const system = openSystem()
    await system.end({ folder: null, mark: ${JSON.stringify(mark)}, graceMs: 0 })
    console.log('lives')`
  const script = 'sleep 1000 & "$0" --input-type=module -e "$1"; echo so do I'
  const env = { ...world.env, DROVER_RUN_ID: mark }
  const { stdout } = await world.system.exec({
    file: 'sh',
    args: ['-c', script, process.execPath, code],
    cwd: world.root,
    env,
  })
  assert.equal(stdout, 'lives\nso do I\n')
})

test('to end what is over, or never was, is nothing', async (t) => {
  const world = openWorld(t)
  await world.launch('over', 'exit 0')
  await world.over('over')
  await world.end('over')
  await world.end('over')
  await world.end('never')
  await until('none', async () => (await world.system.marked(world.project)).length === 0)
})
