import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeToolsWorld } from '../support/tools-world.ts'
import { makeWorld, type World } from '../support/world.ts'

const asks = `if (attempt === 1) commit('kept.txt', 'kept')
mark('prompts', JSON.stringify(prompt))
const { fields } = await use('ask_human', { question: 'Which database?', options: ['SQLite', 'PostgreSQL'], deadline: '1h' })
if (fields.answer === null) return
commit('database.txt', fields.answer)
await use('report', { verdict: 'PASS', summary: 'It is ' + fields.answer })`

test('a question frees the slot, is answered by a number, and its task goes on after a restart of the daemon', async (t) => {
  const world = await makeToolsWorld(t)
  world.script(asks, 'choose')
  world.script(`await use('report', { verdict: 'PASS', summary: 'meanwhile' })`)
  await world.plan('choose', '--priority', '9')
  await world.plan('other')
  const daemon = await world.daemon()
  await world.untilStatus('choose', 'blocked(question)')
  await world.untilStatus('other', 'completed')
  await daemon.kill()
  const [item] = (await world.json('inbox')).items
  assert.deepEqual(
    [item.taskId, item.kind, item.words, item.questions[0].options, item.questions[0].overdue, item.commands[0]],
    ['choose', 'question', 'Which database?', ['SQLite', 'PostgreSQL'], false, 'drover answer choose "your answer"'],
  )
  assert.match(
    await world.ok('inbox'),
    /choose \(question, .*\n {3}Which database\?\n {5}1\. SQLite\n {5}2\. PostgreSQL\n {3}wanted within 5\dm/,
  )
  assert.match((await world.run(8)).stdout, /choose blocked \(question\): Work on choose: Which database\?/)
  assert.match(await world.ok('answer', 'choose', '2'), /choose has its answer: PostgreSQL/)
  const again = await world.daemon()
  await world.untilStatus('choose', 'completed')
  again.send('SIGTERM')
  await again.ended
  assert.equal(world.git('show', 'main:database.txt'), 'PostgreSQL')
  assert.equal(world.git('show', 'main:kept.txt'), 'kept')
  const prompts = world.marked('prompts').map((line) => JSON.parse(line) as string)
  assert.equal(prompts.length, 2)
  assert.match(prompts[1]!, /Which database\?[^]*PostgreSQL/)
  assert.deepEqual([(await world.task('choose')).attempts, (await world.json('inbox')).total], [0, 0])
  await world.refused(5, 'answer', 'choose', 'again')
})

test('an overdue question waits on; every question of an attempt wants its answer; a note to resolve is one', async (t) => {
  const world = await makeToolsWorld(t)
  world.script(`const first = await use('ask_human', { question: 'Which colour?', deadline: '2020-01-01T00:00:00Z' })
const second = await use('ask_human', { question: 'Which size?' })
await use('ask_human', { question: 'When?', deadline: 'soon' })
if (second.fields.answer) await use('report', { verdict: 'PASS', summary: first.fields.answer + ', ' + second.fields.answer })`)
  await world.plan('paint')
  const { stdout } = await world.run(8)
  assert.match(stdout, /paint blocked \(question\): Work on paint: Which colour\? · Which size\?/)
  assert.match(
    await world.ok('inbox'),
    /Which colour\?\n {3}overdue for .*\n {3}→ drover answer paint "your answer"\n {3}Which size\?|Which colour\?\n {3}overdue for .*\n {3}Which size\?/,
  )
  assert.match(world.used('ask_human')[2]!.text, /^deadline cannot be "soon"/)
  assert.match(await world.ok('answer', 'paint', 'as', 'red', 'as', 'this'), /It also asks: Which size\?/)
  assert.equal(await world.status('paint'), 'blocked(question)')
  await world.refused(2, 'resolve', 'paint')
  await world.ok('resolve', 'paint', '--note', 'large')
  await world.run()
  assert.equal((await world.task('paint')).verdict?.summary, 'as red as this, large')
  assert.deepEqual(
    (await world.json('show', 'paint')).questions.map(({ answer }: { answer: string }) => answer),
    ['as red as this', 'large'],
  )
})

/** Amp, whose thread asks which colour and then does what these words say. */
async function amp(t: TestContext, then: string): Promise<World> {
  const stub = fileURLToPath(new URL('../support/amp-stub.mjs', import.meta.url))
  const world = await makeWorld(t, { settings: `[agents.amp]\npath = ${JSON.stringify(stub)}\n` })
  world.env['AMP_API_KEY'] = 'dummy'
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'amp', version: '1' } }
  const asking = { name: 'ask_human', arguments: { question: 'Which colour?' } }
  const calls = [
    { id: 1, method: 'initialize', params },
    { id: 2, method: 'tools/call', params: asking },
  ].map((call) => JSON.stringify({ jsonrpc: '2.0', ...call }))
  writeFileSync(join(world.marks, 'calls'), `${calls.join('\n')}\n`)
  const program = `[[write begun.txt begun]] [[bash drover mcp < "$MARKS/calls"]] ${then} [[say waiting]]`
  await world.ok('add', 'Paint', '--id', 'paint', '--agent', 'amp', '-d', program, '--skip-validation')
  return world
}

test('an agent that remembers is woken in its session, with the answer and nothing it knows already', async (t) => {
  const world = await amp(t, '')
  await world.run(8)
  assert.equal(await world.status('paint'), 'blocked(question)')
  await world.ok('answer', 'paint', 'blue')
  await world.run()
  const prompt = world.read('.drover/attempts/paint/2/prompt.md')
  assert.match(prompt, /Which colour\?[^]*blue/)
  assert.doesNotMatch(prompt, /# Paint|\[\[/)
  const [first, second] = await (await world.ledger()).reading.attempts('paint')
  assert.ok(first!.session)
  assert.equal(second!.session, first!.session)
  assert.equal(world.git('show', 'main:begun.txt'), 'begun')
})

test('what an agent asked before it was paused waits on in its session, and its task rests for the answer', async (t) => {
  const world = await amp(t, '[[bash [ -e "$MARKS/asked" ] || { echo yes > "$MARKS/asked"; sleep 100; }]]')
  const daemon = await world.daemon()
  await world.untilMarked('asked')
  await world.ok('pause', 'paint')
  await world.until('it is over', async (reading) => (await reading.openAttempts()).length === 0 || undefined)
  await world.ok('resume', 'paint')
  await world.untilStatus('paint', 'blocked(question)')
  assert.equal((await world.task('paint')).attempt, 2)
  await world.ok('answer', 'paint', 'blue')
  await world.untilStatus('paint', 'completed')
  assert.match(world.read('.drover/attempts/paint/3/prompt.md'), /Which colour\?[^]*blue/)
  daemon.send('SIGTERM')
  await daemon.ended
})

test('an answer is for what the last attempt asks, not for what an earlier one did without waiting', async (t) => {
  const world = await makeToolsWorld(t)
  world.script(`await use('ask_human', { question: attempt === 1 ? 'Which colour?' : 'Which size?' })
if (attempt === 1) await use('report', { verdict: 'FAIL', summary: 'it does not matter, I cannot paint' })`)
  await world.plan('paint')
  await world.run(8)
  assert.deepEqual(
    (await world.json('inbox')).items[0].questions.map(({ text }: { text: string }) => text),
    ['Which size?'],
  )
  await world.ok('answer', 'paint', 'large')
  assert.equal(await world.status('paint'), 'ready')
  assert.deepEqual(
    (await world.json('show', 'paint')).questions.map(({ answer }: { answer: string | null }) => answer),
    [null, 'large'],
  )
})

test('an agent that asks and then reports has changed its mind', async (t) => {
  const world = await makeToolsWorld(t)
  world.script(`await use('ask_human', { question: 'Which one?' })
await use('report', { verdict: 'PASS', summary: 'it does not matter' })`)
  await world.plan('sure')
  await world.run()
  assert.deepEqual([await world.status('sure'), (await world.json('inbox')).total], ['completed', 0])
})

test('a task that a command does cannot wait: every tool that would is refused, and the others are not', async (t) => {
  const world = await makeToolsWorld(t)
  world.script(`await use('ask_human', { question: 'Which?' })
await use('create_subtask', { title: 'Wait for it', description: '', waitForCompletion: true })
await use('signal_decomposition', { reason: '', suggestedSubtasks: [{ title: 'A', description: '' }, { title: 'B', description: '' }] })
await use('report', { verdict: 'PASS', summary: 'said' })`)
  await world.add('command', world.agentCommand)
  await world.run()
  const told = world.used().map(({ name, text }) => `${name}: ${text.replace(/ \(--run.*/, '')}`)
  assert.deepEqual(told, [
    'ask_human: command is done by a command',
    'create_subtask: command is done by a command',
    'signal_decomposition: command is done by a command',
    'report: Reported pass. You are done: end your turn.',
  ])
})

test('a sub-task asks through its parent', async (t) => {
  const world = await makeToolsWorld(t)
  world.script(
    `const { fields } = await use('ask_human', { question: 'Which hash?' })
if (fields.answer) await use('report', { verdict: 'PASS', summary: fields.answer })`,
    'login.1',
  )
  world.script(`await use('report', { verdict: 'PASS', summary: 'done' })`)
  await world.plan('login')
  await world.ok('add', 'Hash', '--parent', 'login', '--skip-validation')
  await world.run(8)
  assert.deepEqual([await world.status('login'), await world.status('login.1')], ['blocked(question)', 'ready'])
  await world.ok('answer', 'login.1', 'argon2')
  await world.run()
  assert.equal((await world.task('login.1')).verdict?.summary, 'argon2')
})
