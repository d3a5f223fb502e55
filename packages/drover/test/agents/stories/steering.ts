import assert from 'node:assert/strict'
import type { Story } from '../tell.ts'
import type { AgentWorld } from '../world.ts'

/** The turn cannot end before the words are in it: until then the model goes on calling a tool that does nothing. */
export const hintedInTurn: Story = {
  shows: 'hint',
  able: { hint: 'steer' },
  title: 'a hint reaches the running turn, once, and the model sees it',
  async tell(agents) {
    const { world } = agents
    await agents.ask('steered', '[[bash echo one]] [[listen]] [[write h.txt it is written]] [[say Ready.]]')
    const daemon = await world.daemon()
    await agents.reached('steered', 1)
    await world.ok('hint', 'steered', 'Use tabs, not spaces.')
    await world.untilStatus('steered', 'completed')
    await heardOnce(agents, 'steered', 'Use tabs, not spaces.')
    assert.deepEqual([...new Set(agents.steps('steered'))], [0, 1, 2])
    const delivered = await world.all('task.hint_delivered', 'steered')
    assert.deepEqual(
      delivered.map(({ data }) => data.how),
      ['delivered'],
    )
    await stop(daemon)
  },
}

/** Where the program takes no words while it works, they come with its next turn, in the same session. */
export const hintedByTurn: Story = {
  shows: 'hint',
  title: 'a hint reaches the same session, once, with its next turn',
  async tell(agents) {
    const { world, model } = agents
    await agents.ask('steered', '[[bash echo one]] [[wait go]] [[write h.txt it is written]] [[say Ready.]]')
    const daemon = await world.daemon()
    await agents.reached('steered', 1)
    await world.ok('hint', 'steered', 'Use tabs, not spaces.')
    agents.open('go')
    await model.until('the model hears of it', (log) => log.find(({ heard }) => heard.join('').includes('Use tabs')))
    await world.untilStatus('steered', 'completed')
    await heardOnce(agents, 'steered', 'Use tabs, not spaces.')
    assert.equal((await world.all('task.hint_delivered', 'steered')).length, 1)
    assert.equal(world.read('h.txt'), 'it is written\n')
    await stop(daemon)
  },
}

export const paused: Story = {
  shows: 'pause',
  title: 'a paused task leaves no process, and goes on in the same session where it was',
  async tell(agents) {
    const { world } = agents
    await agents.ask('resting', '[[bash echo one]] [[wait go]] [[write p.txt it is written]] [[say Ready.]]')
    const daemon = await world.daemon()
    await agents.reached('resting', 1)
    await world.ok('pause', 'resting', '-m', 'lunch')
    await rests(agents)
    assert.equal(await world.status('resting'), 'paused')
    assert.equal(agents.asked('resting').at(-1)!.outcome, 'gone')
    agents.open('go')
    await world.ok('resume', 'resting', '--hint', 'Lunch is over.')
    await world.untilStatus('resting', 'completed')
    await goneOn(agents, 'resting')
    await heardOnce(agents, 'resting', 'Lunch is over.')
    await stop(daemon)
  },
}

export const pausedInTool: Story = {
  shows: 'pauseInTool',
  able: { remembersBroken: true },
  title: 'a pause in the middle of a tool ends the tool’s processes, and the session goes on behind it',
  async tell(agents) {
    const { world } = agents
    const tool = 'echo $$ > "$MARKS/tool"; for i in 1 2 3 4 5 6 7 8 9; do sleep 100; done'
    await agents.ask('resting', `[[bash ${tool}]] [[write p.txt it is written]] [[say Ready.]]`)
    const daemon = await world.daemon()
    await world.untilMarked('tool')
    await world.ok('pause', 'resting')
    await rests(agents)
    await world.ok('resume', 'resting')
    await world.untilStatus('resting', 'completed')
    assert.equal(world.read('p.txt'), 'it is written\n')
    assert.equal(agents.sessions('resting').length, 1)
    await stop(daemon)
  },
}

/** The program forgets the call that was broken off, so its model wants it once more. */
export const pausedInToolAgain: Story = {
  shows: 'pauseInTool',
  able: { remembersBroken: false },
  title: 'a pause in the middle of a tool ends the tool’s processes, and the session goes on with that tool',
  async tell(agents) {
    const { world } = agents
    const tool = 'echo $$ >> "$MARKS/tool"; grep -c . "$MARKS/tool" | grep -q 2 || sleep 100'
    await agents.ask('resting', `[[bash echo one]] [[bash ${tool}]] [[write p.txt it is written]] [[say Ready.]]`)
    const daemon = await world.daemon()
    await world.untilMarked('tool')
    await world.ok('pause', 'resting')
    await rests(agents)
    await world.ok('resume', 'resting')
    await world.untilStatus('resting', 'completed')
    assert.equal(world.marked('tool').length, 2)
    await goneOn(agents, 'resting')
    await stop(daemon)
  },
}

/** The attempt is over, and nothing that carries its mark lives. */
async function rests(agents: AgentWorld): Promise<void> {
  await agents.world.until('the attempt is over', async (reading) =>
    (await reading.openAttempts()).length === 0 ? true : undefined,
  )
  assert.deepEqual(await agents.processes(), [])
}

/** Behind its first step, in the session it had: nothing was done twice. */
export async function goneOn(agents: AgentWorld, id: string): Promise<void> {
  const steps = agents.steps(id)
  assert.deepEqual([...new Set(steps)], [...Array(agents.asked(id)[0]!.steps).keys()])
  assert.equal(agents.asked(id).filter(({ step }) => step === 0).length, 1, 'it began again')
  assert.equal(agents.sessions(id).length, 1, 'it is another session')
  assert.deepEqual(await agents.processes(), [])
}

export async function heardOnce(agents: AgentWorld, id: string, words: string): Promise<void> {
  const heard = agents.asked(id).at(-1)!.heard.join('\n')
  assert.equal(heard.split(words).length - 1, 1, `the model heard: ${heard}`)
}

export async function stop(daemon: Awaited<ReturnType<AgentWorld['world']['daemon']>>): Promise<void> {
  daemon.send('SIGTERM')
  await daemon.ended
}
