import assert from 'node:assert/strict'
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeWorld, type World } from '../support/world.ts'

const stub = fileURLToPath(new URL('../support/limited-claude.mjs', import.meta.url))

/** A world in which Claude Code is there, and so are its limits. */
async function withClaude(t: TestContext, { settings = '', claude = '' } = {}): Promise<World> {
  const world = await makeWorld(t)
  const program = join(world.folder, 'claude')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${stub}' "$@"\n`)
  chmodSync(program, 0o755)
  world.commit({
    '.drover.toml': `retry_delay = "20ms"\nstop_grace = "1s"\nworkers = 4\n${settings}\n[agents.claude]\npath = "../claude"\n${claude}\n`,
  })
  return world
}

const limited = (world: World, account: string, until: number | 'logged out'): void =>
  writeFileSync(join(world.marks, `limit-${account}`), String(until))

async function add(world: World, ...ids: string[]): Promise<void> {
  for (const id of ids) await world.ok('add', `Write ${id}`, '--id', id, '--skip-validation')
}

test('at a limit nothing is started until the reset, and then the same sessions go on', async (t) => {
  const world = await withClaude(t)
  const ids = ['a', 'b', 'c', 'd', 'e', 'f']
  await add(world, ...ids)
  const reset = Date.now() + 6000
  limited(world, 'claude', reset)
  const run = world.start('run')
  const [parked] = await world.until('the run waits', async () => {
    const waits = await world.all('run.waiting')
    return waits.length > 0 ? waits : undefined
  })
  const [begun] = [world.marked('starts').length]
  assert.ok(parked!.data.until! > reset && parked!.data.why === 'claude reached a limit')
  assert.equal((await world.all('account.parked')).length, 1)

  const { accounts, counts } = await world.json('status')
  assert.deepEqual(
    [accounts.length, accounts[0].name, accounts[0].parked, accounts[0].why, counts.ready],
    [1, 'claude', true, 'limit', 6],
  )
  assert.equal(accounts[0].parkedUntil, new Date(parked!.data.until!).toISOString())
  const clock = new Date(parked!.data.until!).toTimeString().slice(0, 5)
  assert.match(await world.ok('status'), new RegExp(`⏳ claude until ${clock}: You've hit your limit`))
  assert.match(await world.ok('status', '--oneline'), new RegExp(`\\| ⏳ claude until ${clock}$`, 'm'))
  const why = await world.ok('why', 'a')
  assert.match(why, new RegExp(`its agent claude rests:\n +claude until ${clock}: You've hit your limit`))
  assert.match(why, /→ drover resume --now/)
  assert.match(await world.drover('doctor').then(({ stdout }) => stdout), new RegExp(`claude rests until ${clock}`))

  const { code, stdout, stderr } = await run.ended
  assert.equal(code, 0, stdout + stderr + world.log())
  assert.match(stdout, new RegExp(`claude rests until ${clock}: You've hit your limit`))
  assert.match(stdout, /claude may be used by all again/)
  for (const id of ids) assert.deepEqual([await world.status(id), (await world.task(id)).attempts], ['completed', 0])
  const later = world.marked('starts').slice(begun)
  assert.equal(later.length, 6, 'nothing was started in between')
  assert.equal(later.filter((line) => line.includes('resumed')).length, begun, later.join('\n'))
  const claims = (await world.all('task.claimed')).slice(begun)
  assert.ok(claims[0]!.at >= parked!.data.until! && claims[1]!.at > claims[0]!.at, 'one goes first')
})

test('drover resume --now does not wait for the reset', async (t) => {
  const world = await withClaude(t)
  await add(world, 'a')
  limited(world, 'claude', Date.now() + 3_600_000)
  const run = world.start('run')
  await world.until('the run waits', async () => ((await world.all('run.waiting')).length > 0 ? true : undefined))
  rmSync(join(world.marks, 'limit-claude'))
  const said = await world.drover('resume', '--now')
  assert.equal(said.code, 0, said.stdout + said.stderr)
  assert.match(said.stderr, /claude rests no longer/)
  assert.equal((await run.ended).code, 0)
  assert.equal(await world.status('a'), 'completed')
  assert.deepEqual(
    (await world.all('account.released')).map(({ data }) => data.how),
    ['now', 'works'],
  )
})

test('where nobody is logged in the run ends with 7 and names the command; the next one tries again', async (t) => {
  const claude = 'accounts = ["work"]\n[agents.claude.account.work]\nconfig_dir = "../work"\n'
  const world = await withClaude(t, { claude })
  await add(world, 'a', 'b')
  limited(world, 'work', 'logged out')
  const { code, stderr } = await world.drover('run')
  assert.equal(code, 7, stderr)
  assert.match(stderr, /2 tasks are still ready: nobody is logged in for claude\/work/)
  assert.match(stderr, new RegExp(`CLAUDE_CONFIG_DIR=${join(world.folder, 'work')} claude`))
  assert.deepEqual((await world.task('a')).attempts, 0)
  const why = await world.ok('why', 'a')
  assert.match(why, /claude\/work until somebody has logged in/)
  assert.match(why, /→ CLAUDE_CONFIG_DIR=/)
  assert.equal((await world.drover('doctor')).code, 1)
  rmSync(join(world.marks, 'limit-work'))
  await world.run(0)
})

const twoAccounts = `accounts = ["max-1", "max-2"]
[agents.claude.account.max-1]
config_dir = "../max-1"
[agents.claude.account.max-2]
config_dir = "~/max-2"
env = { PLAN = "team" }
`
const accountsOf = (world: World): string[] =>
  [...new Set(world.marked('starts').map((line) => line.split(' ')[1]!))].toSorted()

test('several accounts take turns, each with its own folder and environment, and around limits', async (t) => {
  const world = await withClaude(t, { claude: twoAccounts })
  await add(world, 'a', 'b', 'c', 'd')
  await world.run(0)
  assert.deepEqual(accountsOf(world), ['max-1', 'max-2+team'])
  limited(world, 'max-2', Date.now() + 3_600_000)
  rmSync(join(world.marks, 'starts'))
  await add(world, 'e', 'f', 'g', 'h')
  await world.run(0)
  for (const id of ['e', 'f', 'g', 'h']) assert.equal((await world.task(id)).attempts, 0)
  assert.match(await world.ok('status'), /⏳ claude\/max-2 until/)
})

test('--profiles uses these accounts only, and an unknown one is refused before anything begins', async (t) => {
  const world = await withClaude(t, { claude: twoAccounts })
  await add(world, 'a', 'b', 'c')
  assert.match(await world.refused(4, 'run', '--profiles', 'max-3'), /no agent has an account "max-3"[^]*max-1, max-2/)
  await world.run(0, '--profiles', 'max-2')
  assert.deepEqual(accountsOf(world), ['max-2+team'])
})

test('account_command picks; what it says wrong is logged and ignored', async (t) => {
  const world = await withClaude(t, { claude: `account_command = "cat $MARKS/pick"\n${twoAccounts}` })
  writeFileSync(join(world.marks, 'pick'), 'max-2\n')
  await add(world, 'a', 'b', 'c')
  await world.run(0)
  assert.deepEqual(accountsOf(world), ['max-2+team'])
  writeFileSync(join(world.marks, 'pick'), 'max-9\n')
  await add(world, 'd')
  await world.run(0)
  assert.match(world.log(), /account_command of claude names no account that can be used: it says \\"max-9\\"/)
})

test('another model stands in for what no session has begun, with a limit of its own', async (t) => {
  const world = await withClaude(t, { claude: 'fallback = "claude:small"\n' })
  await add(world, 'a', 'b')
  limited(world, 'claude', Date.now() + 3_600_000)
  const run = world.start('run')
  await world.until('both rest', async () => ((await world.all('account.parked')).length === 2 ? true : undefined))
  assert.deepEqual(
    (await world.all('account.parked')).map(({ data }) => data.account),
    ['claude', 'claude:small'],
  )
  assert.ok(world.marked('starts').some((line) => line.endsWith(' small')))
  run.send('SIGINT')
  await run.ended
})

test('accounts that the settings do not know are refused with the place and the word that was meant', async (t) => {
  const world = await withClaude(t, {
    claude: 'accounts = ["max-1"]\n[agents.claude.account.max-2]\nconfig_dir = "x"\n',
  })
  assert.match(await world.refused(2, 'status'), /\[agents\.claude\][^]*"max-2"[^]*did you mean "max-1"/)
  world.write({ '.drover.toml': '[agents.claude]\nfallback = "codx"\n' })
  await world.ok('status')
  assert.match(
    await world.refused(2, 'run'),
    /\[agents\.claude\] fallback: there is no agent "codx"[^]*did you mean "codex"/,
  )
  assert.deepEqual(await world.all('run.started'), [], 'before anything begins')
})

test('DROVER_AGENT_PATH and DROVER_CLAUDE_PATH say where the program is; the old name warns', async (t) => {
  const world = await withClaude(t)
  world.write({ '.drover.toml': '' })
  const program = join(world.folder, 'claude')
  world.env['DROVER_CLAUDE_PATH'] = program
  const { stdout, stderr } = await world.drover('doctor')
  assert.match(stderr, /DROVER_CLAUDE_PATH is out of date/)
  assert.match(
    stdout,
    /claude 9\.8\.7 \(.*\/claude\); it runs with full permissions in its worktree; hints reach it while it works/,
  )
  delete world.env['DROVER_CLAUDE_PATH']
  world.env['DROVER_AGENT_PATH'] = program
  const again = await world.drover('doctor')
  assert.match(again.stdout, /claude 9\.8\.7/)
  assert.doesNotMatch(again.stderr, /out of date/)
})
