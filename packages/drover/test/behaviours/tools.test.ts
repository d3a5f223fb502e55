import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeToolsWorld } from '../support/tools-world.ts'

test('an agent that creates a task and waits for it is told what it came to, also with one slot', async (t) => {
  const world = await makeToolsWorld(t)
  world.script(
    `const made = await use('create_subtask', { title: 'Write the schema', description: 'One table', waitForCompletion: true })
if (attempt === 1) return
mark('prompts', JSON.stringify(prompt))
git('merge', '-q', '--no-edit', made.fields.landedCommit)
commit('api.txt', 'on ' + readFileSync('schema.txt', 'utf8'))
await use('report', { verdict: 'PASS', summary: 'The API stands on the schema' })`,
    'api',
  )
  world.script(`commit('schema.txt', 'one table')
await use('report', { verdict: 'PASS', summary: 'There is one table' })`)
  await world.plan('api')
  await world.run()
  const [first, second] = world.used('create_subtask')
  assert.match(first!.text, /^Created task-\w+\. End your turn now/)
  assert.match(second!.text, /^There is such a task already: task-\w+\./)
  assert.equal(second!.fields['summary'], 'There is one table')
  assert.match(
    JSON.parse(world.marked('prompts')[0]!),
    /Write the schema\) is completed\.\nVerdict: pass: There is one table/,
  )
  assert.equal(world.git('show', 'main:api.txt'), 'on one table')
  const [api, child] = [await world.task('api'), await world.task(String(first!.fields['taskId']))]
  assert.deepEqual([api.status, api.attempt, api.attempts], ['completed', 2, 0])
  assert.deepEqual([child.kind, child.parentId, child.status, child.attempt], ['spawned', 'api', 'completed', 1])
})
