import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addTalk, prompts, withTalker } from '../support/talking.ts'

test('an agent that goes on after a conflict is told what to merge, and one after a red check what that printed', async (t) => {
  const world = await withTalker(t, 'workers = 2\nmax_attempts = 2\n')
  for (const id of ['a', 'b']) await addTalk(world, id, [`write same.txt ${id}`])
  await addTalk(world, 'c', ['write c.txt c'], '--check', 'echo the wall is not green; exit 3')
  await world.run(8)
  const [merging, ...others] = [...prompts(world, 'a'), ...prompts(world, 'b')].filter((said) =>
    said.includes('CONFLICT'),
  )
  assert.deepEqual(others, [])
  assert.match(merging!, /could not land \(conflict\)[^]*does not merge with `main`[^]*`git merge main`/)
  const [, checked] = prompts(world, 'c')
  assert.match(checked!, /```text\nAttempt 1 ended: it said pass[^]*\nthe wall is not green\n\(it ended with 3\)\n```/)
  assert.doesNotMatch(checked!, /git merge/)
  const stuck = (await world.status('a')) === 'blocked(conflict)' ? 'a' : 'b'
  await world.ok('resolve', stuck, '--note', 'both may stand')
  await world.run(8)
  const [helped] = prompts(world, stuck).filter((said) => said.includes('both may stand'))
  assert.match(helped!, /`git merge main`/)
})
