import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addTalk, hintsHeard, mark, prompts, stop, withTalker } from '../support/talking.ts'
import type { Running, World } from '../support/world.ts'

const waits = 'touch "$MARKS/checking"; while [ ! -f "$MARKS/go" ]; do sleep 0.02; done'

/** Says it while the agent is done and its work is being checked, and looks again when the task is over. */
async function hintTooLate(world: World, words: string): Promise<Awaited<Running['ended']>> {
  await world.until('it is being checked', async () => (world.has('../marks/checking') ? true : undefined))
  const hinting = world.start('hint', 'a', words)
  await world.until('it is written down', async () =>
    (await world.all('task.hinted', 'a')).length > 0 ? true : undefined,
  )
  hinting.send('SIGSTOP')
  mark(world, 'go')
  await world.untilStatus('a', 'completed')
  hinting.send('SIGCONT')
  return hinting.ended
}

test('a hint that comes when its task completes is said to be not delivered, by hint, show and inbox, and told when it is done anew', async (t) => {
  const world = await withTalker(t)
  await addTalk(world, 'a', ['append a.txt done'], '--check', waits)
  const daemon = await world.daemon()
  const said = await hintTooLate(world, 'rather in blue')
  assert.deepEqual([said.code, said.stdout], [0, ''])
  assert.match(said.stderr, /Hint for a not delivered: the task was completed first\n→ drover retry a --force/)
  assert.match(
    await world.ok('show', 'a'),
    /Hints that were not delivered: the task was completed first\n +rather in blue/,
  )
  const { hints, missedHints } = await world.json('show', 'a')
  assert.deepEqual([hints, missedHints], [[], ['rather in blue']])
  assert.match(
    await world.ok('inbox'),
    /a \(hint, .*\n +not delivered, the task was completed first: rather in blue\n +→ drover retry a --force/,
  )
  await world.ok('retry', 'a', '--force', '--yes')
  await world.untilStatus('a', 'completed')
  assert.match(prompts(world).at(-1) ?? '', /- rather in blue/)
  assert.deepEqual([hintsHeard(world), (await world.json('inbox')).total], [[], 0])
  await stop(daemon)
})
