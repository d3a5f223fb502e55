import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeToolsWorld } from '../support/tools-world.ts'

test('research keeps findings and lands nothing; its answer is the summary of its report', async (t) => {
  const world = await makeToolsWorld(t, '[research]\nrepos = ["../library"]')
  mkdirSync(join(world.folder, 'library'))
  world.script(`mark('prompt', JSON.stringify(prompt))
writeFileSync('scratch.txt', 'thinking')
execFileSync('rm', ['scratch.txt'])
for (const summary of ['It is safe', 'It is slow', 'It is safe'])
  await use('record_finding', { query: 'Which parser?', summary, relevance: 0.9, sourceRef: 'lib/parse.c:12' })
await use('report', { verdict: 'PASS', summary: 'Take the first parser' })`)
  await world.ok('add', 'Which parser?', '--id', 'look', '--type', 'research', '--repo', 'docs/..', '--skip-validation')
  await world.run()
  const { task, research } = await world.json('show', 'look')
  assert.deepEqual([task.status, task.landedCommit, task.repos], ['completed', null, [world.root]])
  assert.deepEqual(
    task.findings.map(({ summary }: { summary: string }) => summary),
    ['It is safe', 'It is slow'],
  )
  assert.deepEqual([research.query, research.sources], ['Which parser?', ['lib/parse.c:12']])
  assert.deepEqual(research.findings[0], { summary: 'It is safe', relevance: '0.9', sourceRef: 'lib/parse.c:12' })
  assert.match(await world.ok('show', 'look'), /Findings\n {2}- It is safe \(relevance: 0\.9\) \[lib\/parse\.c:12\]/)
  const prompt = JSON.parse(world.marked('prompt')[0]!) as string
  for (const path of [world.root, join(world.folder, 'library')]) assert.ok(prompt.includes(path), prompt)
  await world.refused(2, 'add', 'Look there', '--repo', 'nowhere')
})

test('research that leaves a change has failed, with the files named, and is tried again in a clean worktree', async (t) => {
  const world = await makeToolsWorld(t)
  world.script(`mark('clean', String(!existsSync('notes.txt')))
if (attempt === 1) commit('notes.txt', 'notes')
await use('report', { verdict: 'PASS', summary: 'the answer' })`)
  await world.ok('add', 'Look', '--id', 'look', '--type', 'research', '--skip-validation')
  await world.run()
  const [retried] = await world.all('task.retried', 'look')
  assert.match(retried!.data.error, /^research changes nothing, but it left notes\.txt/)
  assert.deepEqual(world.marked('clean'), ['true', 'true'])
  const task = await world.task('look')
  assert.deepEqual([task.status, task.landedCommit, task.attempts], ['completed', null, 1])
  assert.equal(world.git('log', '--format=%s', 'main'), 'first')
})

test('research that is a part of a task may change nothing either; what the parts before it did is not held against it', async (t) => {
  const world = await makeToolsWorld(t)
  world.script(`if (task === 'whole.1') commit('schema.sql', 'create')
if (task === 'whole.2' && attempt === 1) commit('notes.txt', 'notes')
if (task === 'whole.2' && attempt === 2) git('rm', '-q', '--ignore-unmatch', 'notes.txt')
await use('report', { verdict: 'PASS', summary: 'the answer' })`)
  await world.ok('add', 'The whole', '--id', 'whole', '--skip-validation')
  await world.ok('add', 'The schema', '-P', 'whole', '--skip-validation')
  await world.ok('add', 'Which index?', '-P', 'whole', '--type', 'research', '--skip-validation')
  await world.run()
  const [retried] = await world.all('task.retried', 'whole')
  assert.match(retried!.data.error, /^whole\.2: research changes nothing, but it left notes\.txt:/)
  const task = await world.task('whole')
  assert.deepEqual([task.status, task.attempts], ['completed', 1])
  assert.equal(world.git('ls-tree', '--name-only', 'main', 'notes.txt', 'schema.sql'), 'schema.sql')
})
