import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addTalk, hintsHeard, mark, prompts, sessions, starts, steps, stop } from '../support/talking.ts'
import { untilPrinted, withTalker } from '../support/talking.ts'

test('an overloaded provider is tried again in the same session; after five times in a row the next attempt goes on', async (t) => {
  const world = await withTalker(t, 'retry_delay_max = "30ms"\n')
  const six = Array.from({ length: 6 }, () => 'overloaded')
  await addTalk(world, 'a', ['write a.txt done', ...six, 'append a.txt more'])
  await world.run()
  assert.equal(world.git('show', 'main:a.txt'), 'done\nmore')
  assert.deepEqual([starts(world), sessions(world).length], [['new', 'resumed'], 1])
  assert.match((await world.all('task.retried', 'a'))[0]?.data.error ?? '', /overloaded 5 times in a row/)
  assert.equal(steps(world).length, 8)
})

test('one whose context is full has a new session in the next attempt', async (t) => {
  const world = await withTalker(t)
  await addTalk(world, 'a', ['write a.txt done', 'full', 'append a.txt more'])
  await world.run()
  assert.deepEqual([starts(world), sessions(world).length], [['new', 'new'], 2])
  assert.match(prompts(world)[1] ?? '', /^# Talk about a\n[^]*Prompt is too long/)
  assert.equal(world.git('show', 'main:a.txt'), 'done\nmore')
})

test('where nobody is logged in the task waits, and goes on in its session', async (t) => {
  const world = await withTalker(t)
  await addTalk(world, 'a', ['write a.txt done', 'auth', 'append a.txt more'])
  const { code } = await world.drover('run')
  assert.equal(code, 7)
  assert.deepEqual([await world.status('a'), (await world.task('a')).attempts], ['ready', 0])
  await world.run()
  assert.deepEqual([starts(world), sessions(world).length], [['new', 'resumed'], 1])
  assert.equal(world.git('show', 'main:a.txt'), 'done\nmore')
})

test('a failing check and a red gate go back to the same session with the evidence', async (t) => {
  const world = await withTalker(t, '[land]\ngate = "test ! -e bad || { echo it is bad; exit 1; }"\n')
  const all = ['write bad x', 'end', 'write checked x', 'end', 'sh git rm -qf bad; rm -f bad']
  await addTalk(world, 'a', all, '--check', 'test -e checked || { echo nothing is checked; exit 1; }')
  await world.run()
  assert.deepEqual([steps(world), sessions(world).length], [all, 1])
  const [, second = '', third = ''] = prompts(world)
  assert.match(second, /nothing is checked/)
  assert.match(third, /it is bad/)
})

test('a turn that ends while a tool is said to be busy is over; silence with a busy tool is no stall, without one it is', async (t) => {
  const world = await withTalker(t, 'stall_timeout = "2s"\nmax_attempts = 2\n')
  await addTalk(world, 'a', ['write a.txt done', 'leave'])
  await addTalk(world, 'b', ['write b.txt done', 'wait go'])
  await addTalk(world, 'c', ['write c.txt done', 'think go'])
  const daemon = await world.daemon()
  await world.untilStatus('a', 'completed')
  const [stalled] = await world.until('c stalls', async () => {
    const found = await world.all('task.retried', 'c')
    return found.length > 0 ? found : undefined
  })
  assert.equal(stalled?.data.reason, 'stalled')
  assert.equal(await world.status('b'), 'in_progress')
  mark(world, 'go')
  await world.untilStatus('b', 'completed')
  await world.untilStatus('c', 'completed')
  assert.deepEqual([sessions(world, 'c').length, starts(world, 'b')], [1, ['new']])
  await stop(daemon)
})

test('one that has cost what it may hands back in a last turn of the same session, also when the daemon is killed', async (t) => {
  const world = await withTalker(t, '[budget]\ntask_usd = 5\n')
  await addTalk(world, 'a', [
    'write a.txt half',
    'cost 9',
    'spent',
    'wait go',
    'append a.txt back',
    'end',
    'write b.txt never',
  ])
  const first = await world.daemon()
  await world.until('the last turn', async () => (prompts(world).length === 2 ? true : undefined))
  await untilPrinted(world, 'a', 1, 'tool_use')
  await first.kill()
  const second = await world.daemon()
  mark(world, 'go')
  await world.untilStatus('a', 'blocked(budget)')
  assert.match(prompts(world)[1] ?? '', /^Stop here: it has cost 9\.00 USD/)
  assert.deepEqual([prompts(world).length, starts(world), sessions(world).length], [2, ['new', 'resumed'], 1])
  assert.equal(world.git('show', 'drover/a:a.txt'), 'half\nback')
  await stop(second)
})

test('noise is survived: lines of 10 MiB, garbage, a torn line at its death', async (t) => {
  const world = await withTalker(t)
  await addTalk(world, 'a', ['print 10', 'garbage', 'write a.txt done', 'torn', 'append a.txt more'])
  await world.run()
  assert.equal(world.git('show', 'main:a.txt'), 'done\nmore')
  assert.deepEqual([starts(world), sessions(world).length], [['new', 'resumed'], 1])
})

test('one that reads nothing is cancelled at once, and what it did not hear is told whole when it reads again', async (t) => {
  const world = await withTalker(t)
  const long = Array.from({ length: 9000 }, (_, n) => `word${n}`).join(' ')
  await addTalk(world, 'a', ['deaf', 'wait go', 'write a.txt done', 'hear', 'wait more', 'append a.txt more'])
  await addTalk(world, 'b', ['deaf', 'wait never'])
  const daemon = await world.daemon('-w', '2')
  await untilPrinted(world, 'a', 1, 'tool_use')
  await untilPrinted(world, 'b', 1, 'tool_use')
  for (const task of ['a', 'b'])
    for (const which of ['first', 'second']) await world.ok('hint', task, `${which} ${long}`)
  const at = performance.now()
  await world.ok('cancel', 'b')
  await world.until('it is gone', async (reading) => ((await reading.openAttempts()).length === 1 ? true : undefined))
  assert.ok(performance.now() - at < 15_000)
  mark(world, 'go')
  mark(world, 'more')
  await world.untilStatus('a', 'completed')
  assert.deepEqual(
    hintsHeard(world, 'a').map((text) => text.split(' ')[0]),
    ['first', 'second'],
  )
  assert.deepEqual([starts(world, 'a'), prompts(world, 'a').length], [['new'], 1])
  await stop(daemon)
})
