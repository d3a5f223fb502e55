import assert from 'node:assert/strict'
import type { Story } from '../tell.ts'
import type { AgentWorld } from '../world.ts'
import { goneOn } from './steering.ts'

/** What is over after a while, each at one step: as a whole more than any client takes by itself. */
export const transient: Story = {
  shows: 'transient',
  title: 'overload, errors of the server and a connection that is cut cost no attempt',
  async tell(agents) {
    const { world } = agents
    const errors = '[[529 x2]] [[500 x2]] [[drop]] [[429 x2 retry=1]]'
    await agents.ask('patient', `[[bash echo one]] ${errors} [[write e.txt it is written]] [[say Ready.]]`)
    await world.run()
    assert.equal(world.read('e.txt'), 'it is written\n')
    await goneOn(agents, 'patient')
    assert.deepEqual(await counted(agents, 'patient'), [])
  },
}

/** For a program that waits longer before each try of its own: one of each, at a step of its own. */
export const transientOnce: Story = {
  shows: 'transient',
  title: 'overload, an error of the server, a connection that is cut and too many requests cost no attempt',
  async tell(agents) {
    const { world } = agents
    const errors = ['[[529 x1]]', '[[500 x1]]', '[[drop]]', '[[429 x1 retry=1]]']
    const steps = errors.map((error, index) => `${error} [[bash echo ${index}]]`).join(' ')
    await agents.ask('patient', `[[bash echo one]] ${steps} [[write e.txt it is written]] [[say Ready.]]`)
    await world.run()
    assert.equal(world.read('e.txt'), 'it is written\n')
    await goneOn(agents, 'patient')
    assert.deepEqual(await counted(agents, 'patient'), [])
  },
}

export const unauthorized: Story = {
  shows: 'unauthorized',
  title: 'a key that is not taken ends the run with 7, names the way to log in, and costs no attempt',
  async tell(agents) {
    const { world } = agents
    await agents.ask('locked', '[[401]] [[write e.txt it is written]]')
    const ran = await world.run(7)
    assert.match(ran.stderr, new RegExp(`nobody is logged in for ${agents.agent.name}\\.\n→ .*${agents.agent.name}`))
    assert.equal(await world.status('locked'), 'ready')
    assert.deepEqual(await counted(agents, 'locked'), [])
  },
}

/** A start is silent too, so the time must be longer than that takes. */
export const silentFor = (seconds: number): Story => ({
  shows: 'silent',
  title: 'a model that never answers is a stall, and the next attempt goes on in the session',
  wanted: { settings: `stall_timeout = "${seconds}s"\n` },
  async tell(agents) {
    const { world } = agents
    const program = '[[bash echo one]] [[hang]] [[write e.txt it is written]] [[say Ready.]]'
    await agents.ask('waiting', program, '--max-attempts', '6')
    await world.run()
    assert.equal(world.read('e.txt'), 'it is written\n')
    assert.deepEqual([...new Set(await counted(agents, 'waiting'))], ['stalled'])
    assert.equal(agents.asked('waiting').filter(({ outcome }) => outcome === 'hang').length, 1)
    await goneOn(agents, 'waiting')
  },
})

/** The reasons of the attempts that counted. */
async function counted({ world }: AgentWorld, id: string): Promise<string[]> {
  const retried = await world.all('task.retried', id)
  return retried.flatMap(({ data }) => (data.counts ? [data.reason] : []))
}

const resetMs = 5000

export const limited: Story = {
  shows: 'limit',
  able: { limits: 'time' },
  title: 'a usage limit parks the account until its reset, and the session goes on then',
  wanted: { login: 'subscription' },
  async tell(agents) {
    const { world } = agents
    await agents.ask(
      'eager',
      `[[bash echo one]] [[limit reset=${resetMs / 1000}]] [[write l.txt it is written]] [[say Ready.]]`,
    )
    await world.run()
    const [refused, ...others] = agents.asked('eager').filter(({ outcome }) => outcome === 'limit')
    assert.equal(others.length, 0, 'it was asked again before the reset')
    const parked = await world.all('account.parked')
    assert.deepEqual(
      parked.map(({ data }) => [data.agent, data.why]),
      [[agents.agent.name, 'limit']],
    )
    assertSoonAfter(parked[0]!.data.until, refused!.at + resetMs)
    await goneOn(agents, 'eager')
    assert.deepEqual(await counted(agents, 'eager'), [])
  },
}

/** A time in minutes is all that Codex says of its reset: the account rests until that minute is over, unless a person knows better. */
export const limitedToTheMinute: Story = {
  shows: 'limit',
  able: { limits: 'minute' },
  title: 'a usage limit parks the account until the minute it names, and resume --now does not wait for it',
  tell: (agents) =>
    untilSomebodyKnowsBetter(agents, (until, { reset }) => {
      const late = until - reset
      assert.ok(late >= -60_000 && late <= 70_000, `parked until ${late} ms after the reset`)
    }),
}

export const limitedUntil: Story = {
  shows: 'limit',
  able: { limits: 'time' },
  title: 'a usage limit parks the account until the time it names, and resume --now does not wait for it',
  tell: (agents) => untilSomebodyKnowsBetter(agents, (until, { reset }) => assertSoonAfter(until, reset)),
}

/** No reset is told: drover tries again after a minute, then after two. */
export const limitedWithoutTime: Story = {
  shows: 'limit',
  able: { limits: 'none' },
  title: 'a usage limit that names no time parks the account for a minute, and resume --now does not wait for it',
  tell: (agents) =>
    untilSomebodyKnowsBetter(agents, (until, { at }) => {
      const length = until - at
      assert.ok(length >= 59_000 && length <= 76_000, `parked for ${length} ms`)
    }),
}

async function untilSomebodyKnowsBetter(
  agents: AgentWorld,
  assertUntil: (until: number, about: { reset: number; at: number }) => void,
): Promise<void> {
  const { world, model } = agents
  await agents.ask('eager', '[[bash echo one]] [[wait go]] [[write l.txt it is written]] [[say Ready.]]')
  const daemon = await world.daemon()
  await agents.reached('eager', 1)
  const reset = Date.now() + 600_000
  model.control({ limitUntil: reset })
  agents.open('go')
  await world.until('the account rests', async () => (await world.all('account.parked'))[0])
  const [parked] = await world.all('account.parked')
  assert.deepEqual([parked!.data.agent, parked!.data.why], [agents.agent.name, 'limit'])
  assertUntil(parked!.data.until!, { reset, at: parked!.at })
  model.control({ limitUntil: null })
  const resumed = world.start('resume', '--now')
  await world.untilStatus('eager', 'completed')
  daemon.send('SIGTERM')
  await Promise.all([daemon.ended, resumed.ended])
  await goneOn(agents, 'eager')
  assert.deepEqual(await counted(agents, 'eager'), [])
}

/** Not all machines come back in one moment, and a reset is told in whole seconds. */
function assertSoonAfter(parked: number | null, reset: number): void {
  const late = parked! - reset
  assert.ok(late >= 0 && late <= 6100, `parked until ${late} ms after the reset`)
}

const many = Array.from({ length: 16 }, (_, index) => `task-${index}`)

/** All of them are refused in one moment, with one reset; the ledger and the model's log tell what followed. */
export const limitedTogether: Story = {
  title: 'sixteen tasks that meet a limit at once park one account, and one goes ahead at the reset',
  wanted: { login: 'subscription', settings: 'workers = 16\n' },
  async tell(agents) {
    const { world, model } = agents
    for (const id of many) await agents.ask(id, `[[wait go]] [[write ${id}.txt it is written]]`)
    const run = world.start('run')
    await Promise.all(many.map((id) => agents.reached(id, 0)))
    const until = Math.ceil((Date.now() + 10_000) / 1000) * 1000
    model.control({ limitUntil: until })
    agents.open('go')
    const ended = await run.ended
    assert.equal(ended.code, 0, ended.stdout + ended.stderr + world.log())
    const parkings = await world.all('account.parked')
    const [parked] = parkings
    assert.equal(new Set(parkings.map(({ data }) => data.account)).size, 1)
    assertSoonAfter(parked!.data.until, until)
    const claims = (await world.all('task.claimed')).filter(({ at }) => at > parked!.at)
    assert.deepEqual(
      claims.filter(({ at }) => at < parked!.data.until!),
      [],
      'something was started meanwhile',
    )
    const works = (await world.all('account.released')).find(({ data }) => data.how === 'works')
    assert.equal(claims.filter(({ at }) => at < works!.at).length, 1, 'it was not one that went ahead')
    for (const id of many) {
      assert.deepEqual(await counted(agents, id), [])
      assert.equal(agents.sessions(id).length, 1)
      assert.equal(world.read(`${id}.txt`), 'it is written\n')
    }
  },
}
