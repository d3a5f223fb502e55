import assert from 'node:assert/strict'
import type { Story } from '../tell.ts'
import { stop } from './steering.ts'

const gates = ['a', 'b', 'c']

/** What the model charged, answer by answer, is what Drover says: nothing twice, nothing left out. */
export const cost: Story = {
  title: 'what a task cost is summed right over three resumes',
  async tell(agents) {
    const { world } = agents
    const steps = gates.map((gate) => `[[bash echo ${gate}]] [[wait ${gate}]]`).join(' ')
    await agents.ask('dear', `[[usage 1000 100]] ${steps} [[write c.txt it is written]] [[say Ready.]]`)
    const daemon = await world.daemon()
    for (const [index, gate] of gates.entries()) {
      await agents.reached('dear', index + 1)
      await world.ok('pause', 'dear')
      await world.until('the attempt is over', async (reading) =>
        (await reading.openAttempts()).length === 0 ? true : undefined,
      )
      agents.open(gate)
      await world.ok('resume', 'dear')
    }
    await world.untilStatus('dear', 'completed')
    const answers = agents.steps('dear').length
    assert.equal(answers, gates.length + 2)
    const { usage } = (await world.json('show', 'dear')).task
    assert.equal(usage.inputTokens, 1000 * answers)
    assert.equal(usage.outputTokens, 100 * answers)
    await stop(daemon)
  },
}
