import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertInvariants } from '../support/invariants.ts'
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
  assert.match(JSON.parse(world.marked('prompts')[0]!), /Write the schema.*[^]*There is one table/)
  assert.equal(world.git('show', 'main:api.txt'), 'on one table')
  const [api, child] = [await world.task('api'), await world.task(String(first!.fields['taskId']))]
  assert.deepEqual([api.status, api.attempt, api.attempts], ['completed', 2, 0])
  assert.equal(world.git('log', '-1', '--format=%an <%ae>', child.landedCommit!), 'Ada <ada@example.test>')
  assert.deepEqual([child.kind, child.parentId, child.status, child.attempt], ['spawned', 'api', 'completed', 1])
  await assertInvariants(world, () => true)
})

test('whoever waits for a task goes on when it has failed, and is told why', async (t) => {
  const world = await makeToolsWorld(t, 'max_attempts = 1')
  world.script(
    `const made = await use('create_subtask', { title: 'Find the source', description: '', type: 'research', waitForCompletion: true })
if (attempt === 2) await use('report', { verdict: 'PASS_WITH_WARNINGS', summary: 'without the source' })`,
    'asks',
  )
  world.script(`await use('report', { verdict: 'FAIL', summary: 'there is no source' })`)
  await world.plan('asks')
  await world.run(8)
  const [, told] = world.used('create_subtask')
  assert.match(told!.text, /is failed\.\nVerdict: fail: there is no source\nWhy: there is no source$/)
  assert.deepEqual(await world.story('asks').then((story) => story.filter((type) => !/agent|progress/.test(type))), [
    'task.created',
    'task.claimed',
    'task.started',
    'task.edited',
    'task.blocked',
    'task.unblocked',
    'task.claimed',
    'task.started',
    'task.reported',
    'task.passed',
    'task.completed',
  ])
  assert.deepEqual((await world.json('show', 'asks')).task.waitingFor, [])
})

test('a task that is over before its maker has ended its turn is told all the same', async (t) => {
  const world = await makeToolsWorld(t, 'workers = 2')
  world.script(
    `const { fields } = await use('create_subtask', { title: 'Be quick', description: '', waitForCompletion: true })
if (attempt === 2) return use('report', { verdict: 'PASS', summary: fields.summary })
while ((await client.callTool({ name: 'check_subtask_status', arguments: { taskId: fields.taskId } })).structuredContent.status !== 'completed')
  await new Promise((resolve) => setTimeout(resolve, 50))`,
    'slow',
  )
  world.script(`await use('report', { verdict: 'PASS', summary: 'It was quick' })`)
  await world.plan('slow')
  await world.run()
  const slow = await world.task('slow')
  assert.deepEqual([slow.verdict?.summary, slow.attempt, slow.attempts], ['It was quick', 2, 0])
})

test('a task that is not waited for is done beside its maker, who may look how it goes', async (t) => {
  const world = await makeToolsWorld(t, 'workers = 2')
  world.script(
    `const { fields } = await use('create_subtask', { title: 'Tidy up', description: 'beside', type: 'fix' })
while (!['completed', 'failed'].includes((await client.callTool({ name: 'check_subtask_status', arguments: { taskId: fields.taskId } })).structuredContent.status))
  await new Promise((resolve) => setTimeout(resolve, 100))
await use('check_subtask_status')
await use('check_subtask_status', { taskId: 'other' })
await use('report', { verdict: 'PASS', summary: 'looked' })`,
    'maker',
  )
  world.script(`commit(task + '.txt', 'tidy')\nawait use('report', { verdict: 'PASS', summary: 'It is tidy' })`)
  await world.plan('other', '--priority', '0')
  await world.plan('maker', '--priority', '9', '--label', 'shop')
  await world.run()
  const [all, foreign] = world.used('check_subtask_status')
  const child = await world.task(String(world.used('create_subtask')[0]!.fields['taskId']))
  assert.deepEqual([child.type, child.priority, child.labels, child.createdBy], ['fix', 9, ['shop'], 'agent:maker/1'])
  assert.match(all!.text, new RegExp(`Its work is on main as ${child.landedCommit}, not in your worktree`))
  assert.deepEqual([foreign!.isError, /there is no task "other"/.test(foreign!.text)], [true, true])
  assert.match(await world.ok('status', '--tree'), /└── ✅ task-\w+: Tidy up \(spawned\)/)
  assert.match(await world.ok('show', child.id), /parent {6}maker \(spawned by it\)/)
})

test('a task makes no more tasks, and no deeper ones, than the settings allow; the same task twice is one', async (t) => {
  const world = await makeToolsWorld(t, 'workers = 4\n[spawn]\nmax_depth = 1\nmax_per_task = 2\nmax_per_run = 3')
  world.script(
    `const made = (title) => use('create_subtask', { title, description: 'a task' })
await Promise.all(['One', 'One', 'Two', 'Three'].map(made))
await use('create_subtask', { title: '', description: '' })
await use('report', { verdict: 'PASS', summary: 'made some' })`,
    'first',
  )
  world.script(
    `for (const title of ['Four', 'Five']) await use('create_subtask', { title, description: 'a task' })
await use('report', { verdict: 'PASS', summary: 'made some' })`,
    'second',
  )
  world.script(`await use('create_subtask', { title: 'Deeper', description: 'a task' })
await use('report', { verdict: 'PASS', summary: 'done' })`)
  await world.plan('first', '--priority', '9')
  await world.plan('second', '--blocked-by', 'first')
  await world.run()
  const told = world.used('create_subtask')
  const refused = told
    .filter(({ isError }) => isError)
    .map(({ task, text }) => `${task.replace(/^task-.*/, 'child')}: ${text.replace(/task-\w+/, 'child')}`)
  assert.deepEqual(refused.toSorted(), [
    ...Array(3).fill('child: a task made by a task may be 1 deep, and child is as deep already'),
    'first: first has made 2 tasks, and may make 2',
    'first: title is needed, as a text',
    'second: 3 tasks were made in this run, and 3 may be',
  ])
  const titles = (await (await world.ledger()).reading.tasks({})).map(({ title }) => title)
  assert.deepEqual(titles.filter((title) => !title.startsWith('Work on')).toSorted(), ['Four', 'One', 'Two'])
})

test('the token of another task is refused, and so is the one of an attempt that is over', async (t) => {
  const world = await makeToolsWorld(t)
  world.script(
    `mark('env', JSON.stringify(Object.fromEntries(['RUN_ID', 'TASK_ID', 'TOKEN', 'SOCKET', 'FOLDER'].map((name) => ['DROVER_' + name, process.env['DROVER_' + name]]))))
await use('report', { verdict: 'PASS', summary: 'done' })`,
    'one',
  )
  world.script(
    `const other = JSON.parse(readFileSync(process.env.MARKS + '/env', 'utf8').split('\\n')[0])
for (const env of [{ ...process.env, ...other }, { ...process.env, DROVER_TOKEN: other.DROVER_TOKEN }, { ...process.env, DROVER_TASK_ID: 'one' }]) {
  const said = execFileSync('sh', ['-c', 'drover parcel progress hello 2>&1; true'], { env, encoding: 'utf8' })
  mark('said', said.split('\\n')[0])
}
await use('report', { verdict: 'PASS', summary: 'tried' })`,
    'two',
  )
  await world.plan('one')
  await world.plan('two', '--blocked-by', 'one')
  await world.run()
  const refused = 'error[refused-token]: this attempt is over, or the token belongs to another'
  assert.deepEqual(world.marked('said'), [refused, refused, refused])
})

test('without a daemon a report waits in a file, and every other tool says that it was not done', async (t) => {
  const world = await makeToolsWorld(t)
  world.script(
    `mark('waits', task)
while (!existsSync(process.env.MARKS + '/go')) await new Promise((resolve) => setTimeout(resolve, 20))
await use('create_subtask', { title: 'Never', description: '' })
await use('progress', { label: 'half' })
await use('report', { verdict: 'PERHAPS', summary: 'no' })
await use('report', { verdict: 'PASS', summary: 'said to nobody' })
mark('done', task)`,
  )
  await world.plan('alone')
  const daemon = await world.daemon()
  await world.untilMarked('waits')
  await daemon.kill()
  world.mark('go')
  await world.untilMarked('done')
  const [made, , wrong, told] = world.used()
  assert.deepEqual([made!.isError, wrong!.isError, told!.isError], [true, true, false])
  assert.match(made!.text, /^Drover cannot be reached at the moment, so create_subtask was not done/)
  await world.run()
  const alone = await world.task('alone')
  assert.deepEqual([alone.verdict?.summary, alone.attempt], ['said to nobody', 1])
})

test('the tools are listed with what they take, and what does not exist is refused', async (t) => {
  const world = await makeToolsWorld(t)
  world.script(
    `for (const tool of (await client.listTools()).tools) mark('tools', tool.name + ' ' + (tool.inputSchema.required ?? []).join(','))
await use('no_such_tool')
await use('progress', { label: 'reading', phase: 'running' })
await use('report', { verdict: 'pass with warnings', summary: 'slow', testsFailed: 0 })`,
  )
  await world.plan('lists')
  await world.run()
  assert.deepEqual(world.marked('tools'), [
    'report verdict,summary',
    'progress label',
    'create_subtask title,description',
    'check_subtask_status ',
    'signal_decomposition reason,suggestedSubtasks',
    'record_finding summary,relevance,sourceRef',
    'ask_human question',
  ])
  assert.match(world.used('no_such_tool')[0]!.text, /^there is no tool "no_such_tool"/)
  assert.equal((await world.all('task.progress', 'lists'))[0]?.data.label, 'reading')
  const { verdict } = await world.task('lists')
  assert.deepEqual([verdict?.verdict, verdict?.by], ['pass_with_warnings', 'reported'])
})
