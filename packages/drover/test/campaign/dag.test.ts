import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as pass } from 'node:timers/promises'
import { assertInvariants, landedOn, pictureOf } from '../support/invariants.ts'
import { addAll, chance, ending, gate, isGreen, plan, type Planned } from '../support/project-of-chance.ts'
import { makeWorld, type World } from '../support/world.ts'

const seed = Number(process.env['DROVER_SEED'] ?? Math.floor(Math.random() * 1e9))
const settings = `retry_delay_max = "200ms"\n[land]\ngate = '${gate}'\n`

describe(`forty tasks by chance, eight workers (DROVER_SEED=${seed})`, { timeout: 170_000 }, () => {
  test('every task ends as it should, landed once, in order, and nothing is left', async (t) => {
    const { world, planned } = await makeProject(t, seed)
    const before = leaveOnAnotherBranch(world)
    await world.run(8, '-w', '8')
    assert.equal(pictureOf(world), before, 'the checkout is not as it was')
    await assertEnded(world, planned)
    for (const line of new Set(world.marked('starts')))
      assert.equal(world.marked('starts').filter((one) => one === line).length, 1, `${line} was started twice`)
  })

  test('the same, with the daemon killed ten times at any moment and started again', async (t) => {
    const { world, planned, random } = await makeProject(t, seed + 1)
    const before = leaveOnAnotherBranch(world)
    await killNowAndThen(t, world, random)
    await world.run(8, '-w', '8')
    assert.equal(pictureOf(world), before, 'the checkout is not as it was')
    await assertEnded(world, planned)
    for (const line of new Set(world.marked('starts')))
      assert.equal(world.marked('starts').filter((one) => one === line).length, 1, `${line} was started twice`)
  })

  test('the same, with the checkout on the target and an edit in a file that nobody else changes', async (t) => {
    const { world, planned, random } = await makeProject(t, seed + 2)
    world.write({ 'README.md': '# Mine, not committed\n', 'mine.txt': 'not known to git\n' })
    await killNowAndThen(t, world, random)
    await world.run(8, '-w', '8')
    await assertEnded(world, planned)
    assert.equal(world.git('status', '--porcelain'), ' M README.md\n?? mine.txt')
    assert.equal(world.read('README.md'), '# Mine, not committed\n')
  })
})

async function makeProject(
  t: TestContext,
  from: number,
): Promise<{ world: World; planned: Planned[]; random: () => number }> {
  const random = chance(from)
  const world = await makeWorld(t, {
    settings,
    files: { 'shared.txt': 'begun\n', 'staged.txt': 'one\n', 'gone.txt': '' },
  })
  const planned = plan(random, 40)
  await addAll(world, planned, random)
  return { world, planned, random }
}

/** A checkout with all that a person may leave in it: edits, staged and not, new files, a removed one. */
function leaveOnAnotherBranch(world: World): string {
  world.git('checkout', '-q', '-b', 'mine')
  world.write({ 'README.md': '# Mine\n', 'staged.txt': 'two\n', 'work/t00': 'mine\n', 'new.txt': 'mine\n' })
  world.git('add', 'staged.txt')
  world.git('rm', '-q', 'gone.txt')
  world.write({ 'staged.txt': 'three\n' })
  return pictureOf(world)
}

/** Each time after some events more, and then some time: at any moment of anything. */
async function killNowAndThen(t: TestContext, world: World, random: () => number): Promise<void> {
  for (let deaths = 0; deaths < 10; deaths++) {
    const { reading } = await world.ledger()
    const enough = (await reading.lastSeq()) + Math.floor(random() * 36)
    const run = world.start('run', '-w', '8')
    let isOver = false
    void run.ended.then(() => (isOver = true))
    await world.until('something happens', async () =>
      isOver || (await reading.lastSeq()) >= enough ? true : undefined,
    )
    await pass(random() * 60)
    if (isOver) t.diagnostic(`the run was over before death ${deaths + 1}`)
    await run.kill()
  }
}

async function assertEnded(world: World, planned: readonly Planned[]): Promise<void> {
  for (const [id, end] of ending(planned)) assert.equal(await world.status(id), end, `${id}\n${await world.glance()}`)
  assert.deepEqual(world.marked('missing'), [], 'a base was without what its task needs')
  await assertInvariants(world, isGreen(world))
  for (const one of planned) await assertCounted(world, one)
  const merged = landedOn(world).flatMap(({ tasks }) => tasks)
  const shared = world.git('show', 'main:shared.txt').split('\n').slice(1)
  const appended = planned.filter(({ id, kind }) => kind === 'conflict' && merged.includes(id)).map(({ id }) => id)
  assert.deepEqual(
    shared,
    merged.filter((id) => appended.includes(id)),
    'the shared file is as the branch has it',
  )
}

/** Attempts count for what counts, and for nothing else. */
async function assertCounted(world: World, { id, kind, parts }: Planned): Promise<void> {
  const task = await world.task(id)
  if (task.attempt === 0) return
  const reasons = (await world.all('task.retried', id)).map(({ data }) => data)
  assert.deepEqual(
    reasons.filter(({ counts }) => !counts),
    [],
    `${id} was interrupted or lost`,
  )
  const wanted: Partial<Record<Planned['kind'], string[]>> = { red: ['gate'], once: ['failed'], never: ['failed'] }
  if (kind !== 'conflict')
    assert.deepEqual(
      reasons.map(({ reason }) => reason),
      wanted[kind] ?? [],
      id,
    )
  for (const { reason } of kind === 'conflict' ? reasons : []) assert.equal(reason, 'conflict', id)
  if (kind === 'reported' && task.status === 'completed') assert.equal(task.verdict?.by, 'reported')
  for (let n = 1; n <= parts; n++) assert.equal(await world.status(`${id}.${n}`), task.status)
}
