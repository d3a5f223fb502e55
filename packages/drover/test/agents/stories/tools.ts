import assert from 'node:assert/strict'
import type { Story } from '../tell.ts'

const child = '<<name child>> <<write child.txt by the child>> <<commit feat: the child>> <<end>>'
const wanted = JSON.stringify({ title: 'Write what I need', description: child, waitForCompletion: true })

/** There is room for one agent alone: whoever held it while it waits would wait for ever. */
export const waitsForChild: Story = {
  shows: 'child',
  able: { tools: true },
  title: 'a task that makes another and waits for it gives its place away, and is woken in its session',
  wanted: { settings: 'workers = 1\n' },
  async tell(agents) {
    const { world } = agents
    await agents.ask(
      'parent',
      `[[mcp create_subtask ${wanted}]] [[turn I wait.]] [[write parent.txt it goes on]] [[say Ready.]]`,
    )
    await world.run()
    assert.equal(world.read('child.txt'), 'by the child\n')
    assert.equal(world.read('parent.txt'), 'it goes on\n')
    assert.deepEqual([...new Set(agents.steps('parent'))], [0, 1, 2, 3])
    assert.equal(agents.sessions('parent').length, 1)
    assert.match(
      agents.asked('parent').at(-1)!.heard.join('\n'),
      /Write what I need[\s\S]*completed|completed[\s\S]*Write what I need/,
    )
    const blocked = await world.all('task.blocked', 'parent')
    assert.deepEqual(
      blocked.map(({ data }) => [data.reason, data.counts]),
      [['needs', false]],
    )
  },
}

export const asks: Story = {
  shows: 'question',
  able: { tools: true },
  title: 'a question waits for a person, and the answer reaches the session that asked',
  async tell(agents) {
    const { world } = agents
    await agents.ask(
      'unsure',
      '[[mcp ask_human {"question": "Tabs or spaces?"}]] [[turn I wait.]] [[write a.txt it is written]] [[say Ready.]]',
    )
    await world.run(8)
    assert.equal(await world.status('unsure'), 'blocked(question)')
    await world.ok('resolve', 'unsure', '--note', 'Tabs, of course.')
    await world.run()
    assert.equal(world.read('a.txt'), 'it is written\n')
    assert.deepEqual([...new Set(agents.steps('unsure'))], [0, 1, 2, 3])
    assert.equal(agents.sessions('unsure').length, 1)
    assert.match(agents.asked('unsure').at(-1)!.heard.join('\n'), /Tabs, of course\./)
  },
}
