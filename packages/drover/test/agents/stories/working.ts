import assert from 'node:assert/strict'
import type { Story } from '../tell.ts'

const ids = ['one', 'two', 'three']

/** All of them stand at the gate before one may pass: nothing but working at once opens it. */
export const parallel: Story = {
  shows: 'parallel',
  title: 'tasks at once write, commit and land',
  async tell(agents) {
    const { world, model } = agents
    for (const id of ids)
      await agents.ask(id, `[[wait all]] [[write ${id}.txt by ${id}]] [[commit feat: the ${id}]] [[say It is there.]]`)
    const run = world.start('run')
    await Promise.all(ids.map((id) => agents.reached(id, 0)))
    agents.open('all')
    const ended = await run.ended
    assert.equal(ended.code, 0, ended.stdout + ended.stderr + world.log())
    for (const id of ids) {
      assert.equal(world.read(`${id}.txt`), `by ${id}\n`)
      assert.deepEqual(agents.steps(id), [0, 1, 2])
      assert.equal(agents.sessions(id).length, 1)
    }
    assert.deepEqual(world.git('log', '--format=%s', '-3').split('\n').toSorted(), [
      'feat: the one',
      'feat: the three',
      'feat: the two',
    ])
    assert.ok(Math.max(...model.log().map(({ active }) => active)) >= ids.length)
  },
}
