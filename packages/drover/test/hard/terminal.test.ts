import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { assertInvariants } from '../support/invariants.ts'
import { makeWorld, type World } from '../support/world.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const untilGo = 'while [ ! -f "$MARKS/go" ]; do sleep 0.02; done'
const work = `echo in >> "$MARKS/starts"; ${untilGo}; echo 1 > one.txt`
const go = (world: World): void => writeFileSync(join(world.marks, 'go'), '')
/** `drover` for a shell. */
const shell = (world: World, script: string, env: Record<string, string> = {}) =>
  spawn('sh', ['-c', `drover() { '${process.execPath}' '${main}' "$@"; }; ${script}`], {
    cwd: world.root,
    env: { ...world.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })

for (const [signal, code] of [
  ['SIGHUP', 129],
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)
  test(`${signal} to a run interrupts its agents, counts nothing, and ends with ${code}`, async (t) => {
    const world = await makeWorld(t)
    await world.add('task', work)
    const run = world.start('run')
    await world.untilMarked('starts')
    run.send(signal)
    const ended = await run.ended
    assert.deepEqual([ended.code, ended.signal], [code, null])
    await world.assertQuiet()
    assert.deepEqual([await world.status('task'), (await world.task('task')).attempts], ['ready', 0])
    go(world)
    await world.run()
    await assertInvariants(world, () => true)
  })

test('SIGQUIT ends drover on the spot, like kill -9: the next run goes on with its agents', async (t) => {
  const world = await makeWorld(t)
  await world.add('task', work)
  const run = world.start('run')
  await world.untilMarked('starts')
  run.send('SIGQUIT')
  assert.equal((await run.ended).signal, 'SIGQUIT')
  go(world)
  await world.run()
  assert.deepEqual(world.marked('starts'), ['in'])
  await assertInvariants(world, () => true)
})

test('when the terminal is closed under a run it stops in order, and no stack is left on anybody’s screen', async (t) => {
  if (spawnSync('script', ['--version']).status !== 0)
    return t.skip('A TERMINAL THAT CLOSES WAS NOT TRIED: there is no `script`')
  const world = await makeWorld(t)
  await world.add('task', work)
  const command = `exec '${process.execPath}' '${main}' run 2> "$MARKS/stderr"`
  const terminal = spawn('script', ['-qfec', command, '/dev/null'], {
    cwd: world.root,
    env: { ...world.env, SHELL: '/bin/sh' },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const ended = once(terminal, 'exit')
  await world.untilMarked('starts')
  terminal.kill('SIGKILL') // its end of the terminal goes with it
  await ended
  await world.until('the run has stopped', async () =>
    (await world.all('run.finished')).length > 0 && !existsSync(join(world.root, '.drover/run/daemon.json'))
      ? true
      : undefined,
  )
  await world.until('its processes are gone', async () => ((await world.processes()).length === 0 ? true : undefined))
  assert.deepEqual([await world.status('task'), (await world.task('task')).attempts], ['ready', 0])
  assert.doesNotMatch(readFileSync(join(world.marks, 'stderr'), 'utf8'), /\n\s+at |Error/)
})

test('a reader that leaves ends a command quietly, and a run at its safe point', async (t) => {
  const world = await makeWorld(t)
  for (let n = 0; n < 4; n++) await world.add(`t${n}`, 'true', ...(n > 0 ? ['-b', `t${n - 1}`] : []))
  for (const command of ['list', 'stream --since 0 --no-follow', 'list --json', 'logs t0 --events', 'run']) {
    const piped = shell(world, `drover ${command} | head -n 1`)
    let [out, err] = ['', '']
    piped.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    piped.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
    await once(piped, 'close')
    assert.notEqual(out, '', command)
    assert.doesNotMatch(err, /EPIPE|\n\s+at /, command)
  }
  await world.assertQuiet()
  await world.run()
  await assertInvariants(world, () => true)
})

test('stdout, stderr and stdin may be closed from the start', async (t) => {
  const world = await makeWorld(t)
  await world.add('task', 'echo 1 > one.txt')
  for (const command of ['list >&-', 'list 2>&-', 'status <&- >&- 2>&-', 'run <&- >&- 2>&-']) {
    const [code] = await once(shell(world, `drover ${command}`), 'close')
    assert.equal(code, 0, command)
  }
  assert.equal(await world.status('task'), 'completed')
})

test('nothing is asked where nobody sits: what needs a yes says so and how to give it', async (t) => {
  const world = await makeWorld(t)
  await world.add('done', 'true')
  await world.run()
  assert.match(
    await world.refused(2, 'reset', '--completed'),
    /needs a yes, and there is no terminal to ask on\n\s+hint: .*--yes/,
  )
})

test('without HOME, TMPDIR, or a short place for the socket everything works', async (t) => {
  const world = await makeWorld(t)
  const long = join(world.folder, 'l'.repeat(120))
  mkdirSync(long)
  const strange: Record<string, (env: Record<string, string>) => void> = {
    'no HOME': (env) => delete env['HOME'],
    'a HOME that is not there': (env) => (env['HOME'] = join(world.folder, 'nowhere')),
    'a TMPDIR that is not there': (env) => (env['TMPDIR'] = join(world.folder, 'nowhere')),
    'a runtime folder that is too long': (env) => (env['XDG_RUNTIME_DIR'] = long),
    'a runtime folder that is not there': (env) => (env['XDG_RUNTIME_DIR'] = join(world.folder, 'gone')),
    'a runtime folder that cannot be made': (env) => (env['XDG_RUNTIME_DIR'] = '/proc/none'),
  }
  const before = { ...world.env }
  for (const [n, [what, change]] of Object.entries(strange).entries()) {
    change(world.env)
    await world.add(
      `task-${n}`,
      `drover parcel done --verdict PASS --summary "heard ${n}"; echo ${n} > ${n}.txt; exit 9`,
    )
    await world.run()
    assert.equal((await world.task(`task-${n}`)).verdict?.summary, `heard ${n}`, what)
    for (const name of Object.keys(world.env)) delete world.env[name]
    Object.assign(world.env, before)
  }
})

test('no workers, too many, and a PATH without git are said in words', async (t) => {
  const world = await makeWorld(t)
  await world.add('task', 'echo 1 > one.txt')
  assert.match(await world.refused(2, 'run', '--workers', '0'), /workers cannot be .*from 1 to 256\n\s+hint: /)
  assert.match(await world.refused(2, 'run', '--workers', 'many'), /workers cannot be/)
  const path = world.env['PATH']!
  world.env['PATH'] = join(world.folder, 'nothing-here')
  await world.ok('list')
  const ran = await world.drover('run')
  world.env['PATH'] = path
  assert.equal(ran.code, 1, ran.stderr)
  assert.match(ran.stderr, /error\[git\]: .*git.* (?:is not on the PATH|not found).*\n\s+hint: drover doctor/)
  await world.run()
  assert.equal((await world.task('task')).attempts, 0)
})
