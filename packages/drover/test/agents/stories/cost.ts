import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentName } from '../../support/agent-cli.ts'
import type { Story } from '../tell.ts'
import type { AgentWorld } from '../world.ts'
import { goneOn, heardOnce, stop } from './steering.ts'

const gates = ['a', 'b', 'c']

/** What the model charged, answer by answer, is what Drover says: nothing twice, nothing left out. */
export const cost: Story = {
  shows: 'cost',
  title: 'what a task cost is summed right over three resumes, tokens and money',
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
    const price = priceOf[agents.agent.name](agents, 1000, 1)
    for (const by of ['task', 'agent', 'account']) {
      const { rows, total } = await world.json('cost', '--by', by)
      assert.equal(rows.length, 1, by)
      for (const { usage } of [rows[0], total]) {
        assert.equal(usage.inputTokens, 1000 * answers)
        assert.equal(usage.outputTokens, 100 * answers)
        assertMoney(usage.costUsd, price && price * answers)
      }
    }
    await stop(daemon)
  },
}

/** What an answer cost as the program itself says, which told first after so many; or as its settings have it. Nothing where it tells of no money. */
const priceOf: Record<AgentName, (agents: AgentWorld, tokens: number, first: number) => number | null> = {
  claude: (agents, _, first) => firstTotal(agents, 'dear') / first,
  opencode: (_, tokens) => (tokens * 1 + 100 * 2) / 1_000_000,
  codex: () => null,
  gemini: () => null,
  copilot: () => null,
}

/** What Claude Code says that a session cost until it first told: later sums lack what an earlier process had no time to write down. */
function firstTotal(agents: AgentWorld, task: string): number {
  const totals = outputs(agents, task).flatMap((out) => [...out.matchAll(/"total_cost_usd":([\d.e-]+)/g)])
  assert.ok(totals.length > 0, 'it told of no money')
  return Math.min(...totals.map(([, usd]) => Number(usd)))
}

/** All that its programs printed. */
function outputs({ world }: AgentWorld, task: string): string[] {
  const folder = join(world.root, '.drover/attempts', task)
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\/out(?:\.\d+)?$/.test(name),
  )
  return files.map((name) => readFileSync(join(folder, name), 'utf8'))
}

function assertMoney(is: number | null, wanted: number | null): void {
  if (is === null || wanted === null) assert.equal(is, wanted)
  else assert.ok(wanted > 0 && Math.abs(is - wanted) < 1e-9, `${is} USD instead of ${wanted} USD`)
}

/** Claude Code tells what a turn cost when that is over, so it counts itself; others are stopped where they tell that it is too dear. */
export const budgetOf = (usd: number): Story => ({
  shows: 'budget',
  able: { cost: 'money' },
  title: 'a task stops in the middle at its budget, hands back, and goes on in its session when it is allowed to',
  wanted: { settings: `[budget]\ntask_usd = ${usd}\n` },
  async tell(agents) {
    const { world, model } = agents
    const steps = '[[bash echo one]] [[bash echo two]] [[bash echo three]] [[wait go]] [[turn I hand back.]]'
    await agents.ask('dear', `[[usage 120000 100]] ${steps} [[write b.txt it is written]] [[say Ready.]]`)
    const run = world.start('run')
    await model.until('it is told to hand back', (log) => log.find(({ heard }) => heard.join('').includes('last turn')))
    agents.open('go')
    assert.equal((await run.ended).code, 8)
    assert.equal(await world.status('dear'), 'blocked(budget)')
    if (agents.agent.name === 'claude') {
      const stops = outputs(agents, 'dear').join('').split('"subtype":"error_max_budget_usd"').length - 1
      assert.equal(stops, 1, 'it did not stop by itself')
    }
    await heardOnce(agents, 'dear', 'This is your last turn')
    assert.deepEqual(agents.steps('dear'), [0, 1, 2, 3])
    const [blocked] = await world.all('task.blocked', 'dear')
    assert.deepEqual([blocked!.data.reason, blocked!.data.counts], ['budget', false])
    await world.ok('config', 'set', 'budget.task_usd', String(usd * 3))
    await world.ok('resolve', 'dear')
    await world.run()
    assert.equal(world.read('b.txt'), 'it is written\n')
    await goneOn(agents, 'dear')
    const { total } = await world.json('cost')
    assertMoney(total.usage.costUsd, priceOf[agents.agent.name](agents, 120_000, 3)! * agents.steps('dear').length)
  },
})
