import assert from 'node:assert/strict'
import type { Story } from '../tell.ts'
import type { AgentWorld } from '../world.ts'
import { goneOn, heardOnce, stop } from './steering.ts'

const program = '[[bash echo one]] [[wait go]] [[write d.txt it is written]] [[say Ready.]]'

/** The answer was asked for once: who asked for it lives on, and a daemon that did not start it can speak to it. */
export const daemonDiesAndAdopts: Story = {
  shows: 'daemonDies',
  able: { adoptable: true },
  title: 'the agent works on while the daemon is killed, and the next one adopts it',
  async tell(agents) {
    const { world } = agents
    await agents.ask('held', `[[bash echo one]] [[wait go]] [[bash echo two]] [[listen]] [[write d.txt it is written]]`)
    const first = await world.daemon()
    await agents.reached('held', 1)
    await first.kill()
    const second = await world.daemon()
    await world.ok('hint', 'held', 'The daemon is another one.')
    agents.open('go')
    await world.untilStatus('held', 'completed')
    await heardOnce(agents, 'held', 'The daemon is another one.')
    assert.equal(agents.asked('held').filter(({ step }) => step === 1).length, 1)
    await goneOn(agents, 'held')
    await oneAttempt(agents)
    await stop(second)
  },
}

export const daemonDiesAndResumes: Story = {
  shows: 'daemonDies',
  able: { adoptable: false },
  title: 'the next daemon goes on in the session of one that was killed, where it was',
  async tell(agents) {
    const { world, model } = agents
    await agents.ask('held', program)
    const first = await world.daemon()
    await agents.reached('held', 1)
    await agents.remembers('echo one')
    await first.kill()
    const second = await world.daemon()
    await askedAgain(agents)
    agents.open('go')
    await world.untilStatus('held', 'completed')
    assert.ok(model.log().some(({ outcome }) => outcome === 'gone'))
    await goneOn(agents, 'held')
    await oneAttempt(agents)
    await stop(second)
  },
}

export const agentDies: Story = {
  shows: 'agentDies',
  title: 'an agent that is killed is started again in its session, where it was',
  async tell(agents) {
    const { world } = agents
    await agents.ask('held', program)
    const daemon = await world.daemon()
    await agents.reached('held', 1)
    await agents.remembers('echo one')
    agents.killAgent('held')
    await askedAgain(agents)
    agents.open('go')
    await world.untilStatus('held', 'completed')
    await goneOn(agents, 'held')
    await stop(daemon)
  },
}

const askedAgain = ({ model }: AgentWorld) =>
  model.until('the step is asked for again', (log) =>
    log.filter(({ name, step }) => name === 'held' && step === 1).length > 1 ? true : undefined,
  )

async function oneAttempt({ world }: AgentWorld): Promise<void> {
  assert.equal((await world.all('task.claimed', 'held')).length, 1)
}
