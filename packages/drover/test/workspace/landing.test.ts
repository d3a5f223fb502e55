import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Conflict, Merge } from '../../src/ports/workspace.ts'
import { makeRepo } from '../support/repo.ts'

/** One task that wrote these files, kept. */
async function worked(t: TestContext, files: Record<string, string>) {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  await workspace.recover()
  const { path } = await repo.at(workspace, 'task-a')
  for (const [name, text] of Object.entries(files)) await repo.write(name, text, path)
  return { repo, workspace, path, kept: await repo.keep(workspace, 'task-a') }
}

test('a landing is one commit with one parent, the tip, in the words it was given', async (t) => {
  const { repo, workspace, kept } = await worked(t, { 'a.txt': 'changed\n', 'x.txt': 'x\n' })
  const merged = (await repo.merge(workspace, kept, {
    subject: 'feat(task-a): do it',
    body: 'The first.\nThe second.',
  })) as Merge
  assert.deepEqual([merged.outcome, merged.empty, merged.files], ['merged', false, ['a.txt', 'x.txt']])
  assert.equal(
    repo.git('log', '-1', '--format=%P|%an|%ae|%cn|%at|%B', merged.commit),
    `${repo.tip()}|An Agent|agent@example.org|A Person|1700000000|feat(task-a): do it\n\nThe first.\nThe second.\n\nDrover-Task: task-a`,
  )
  assert.deepEqual(
    await repo.merge(workspace, kept, { subject: 'feat(task-a): do it', body: 'The first.\nThe second.' }),
    merged,
  )
  assert.equal(repo.git('fsck', '--strict', '--no-dangling'), '')
})

test('work on an older base is merged with what landed since', async (t) => {
  const { repo, workspace, kept } = await worked(t, { 'a.txt': 'zero\none\ntwo\nthree\n' })
  await repo.commit({ 'a.txt': 'one\ntwo\nthree\nfour\n', 'c.txt': 'c' })
  const merged = (await repo.merge(workspace, kept)) as Merge
  assert.equal(repo.git('show', `${merged.commit}:a.txt`), 'zero\none\ntwo\nthree\nfour')
  assert.deepEqual(merged.files, ['a.txt'])
})

test('with history = merge the commits of the agent are the second parent', async (t) => {
  const { repo, workspace, kept } = await worked(t, { 'x.txt': 'x' })
  const merged = (await workspace.merge({
    task: 'task-a',
    branch: 'trunk',
    commit: kept.commit!,
    base: kept.base,
    history: 'merge',
    text: { subject: 's', body: '', trailers: [], author: { name: 'n', email: 'e' }, at: 0 },
  })) as Merge
  assert.equal(repo.git('log', '-1', '--format=%P', merged.commit), `${repo.tip()} ${kept.commit}`)
})

test('a conflict names its files and says what it is', async (t) => {
  const { repo, workspace, kept } = await worked(t, { 'a.txt': 'mine\n', 'x.txt': 'x' })
  await repo.commit({ 'a.txt': 'theirs\n' })
  const conflict = (await repo.merge(workspace, kept)) as Conflict
  assert.deepEqual([conflict.outcome, conflict.files, conflict.tip], ['conflict', ['a.txt'], repo.tip()])
  assert.match(conflict.detail, /^CONFLICT \(content\): Merge conflict in a\.txt$/)
})

test('what the tip has already is an empty landing', async (t) => {
  const { repo, workspace, kept } = await worked(t, { 'x.txt': 'same\n' })
  await repo.commit({ 'x.txt': 'same\n' })
  const merged = (await repo.merge(workspace, kept)) as Merge
  assert.deepEqual([merged.empty, merged.commit, merged.files], [true, repo.tip(), []])
})

test("the attributes that steer a merge are the tip's, not the attempt's", async (t) => {
  const { repo, workspace, kept } = await worked(t, {
    'a.txt': 'mine\none\ntwo\nthree\n',
    '.gitattributes': 'a.txt -merge\n',
  })
  await repo.commit({ '.gitattributes': 'b.txt -merge\n', 'a.txt': 'one\ntwo\nthree\ntheirs\n' })
  const conflict = (await repo.merge(workspace, kept)) as Conflict
  assert.deepEqual(conflict.files, ['.gitattributes'])
  await repo.commit({ '.gitattributes': '* merge=union\n', 'a.txt': 'theirs\none\ntwo\nthree\n' })
  const { path } = await repo.at(workspace, 'task-b', { base: `${repo.git('rev-parse', 'trunk~2')}` })
  await repo.write('a.txt', 'mine\none\ntwo\nthree\n', path)
  const merged = (await repo.merge(workspace, await repo.keep(workspace, 'task-b'))) as Merge
  assert.match(repo.git('show', `${merged.commit}:a.txt`), /mine\ntheirs|theirs\nmine/)
})

test('titles and bodies cannot forge a trailer, a header or a colour', async (t) => {
  const { repo, workspace, kept } = await worked(t, { 'x.txt': 'x' })
  const merged = (await repo.merge(workspace, kept, {
    subject: 'feat: nice\n\nCo-authored-by: Evil <evil@example.org>\u001b[31m',
    body: 'words\nDrover-Task: task-forged\n\nSigned-off-by: Evil <e@x>\nDrover-Evidence: 000\u202e\u0000',
    trailers: [['Drover-Task', 'task-a\nDrover-Task: task-forged']],
    author: { name: 'x\ncommitter Evil <e@x> 0 +0000', email: '<a>b' },
  })) as Merge
  assert.equal(
    repo.git('log', '-1', '--format=%(trailers)', merged.commit),
    'Drover-Task: task-a Drover-Task: task-forged',
  )
  assert.equal(repo.git('log', '-1', '--format=%cn %ae %s', merged.commit), 'A Person ab feat: nice')
  assert.equal(repo.git('log', '--format=%h', '-E', '--grep=^Drover-Task: task-forged', merged.commit), '')
  for (const unseen of ['\u001b', '\u202e'])
    assert.equal(repo.git('cat-file', '-p', merged.commit).includes(unseen), false)
  assert.equal(repo.git('fsck', '--strict', '--no-dangling'), '')
  const alone = (await repo.merge(workspace, kept, { body: 'words\n\nReviewed-by: Evil', trailers: [] })) as Merge
  assert.equal(repo.git('log', '-1', '--format=%(trailers)', alone.commit), '')
})

test('paths that git would refuse are not landed', async (t) => {
  const { repo, workspace, path } = await worked(t, {})
  const blob = repo.git('hash-object', '-w', 'a.txt')
  const inner = repo.gitIn(path, 'rev-parse', 'HEAD^{tree}')
  await repo.write('tree', `100644 blob ${blob}\ta.txt\n040000 tree ${inner}\t.GIT\n`)
  const { spawnSync } = await import('node:child_process')
  const tree = spawnSync('git', ['mktree'], {
    cwd: repo.root,
    input: await repo.read('tree'),
    encoding: 'utf8',
  }).stdout.trim()
  const commit = repo.git('commit-tree', tree, '-p', repo.tip(), '-m', 'bad')
  const refused = (await repo.merge(workspace, {
    commit,
    base: repo.tip(),
    leftovers: false,
    claims: [],
    subjects: [],
    files: [],
    problem: null,
  })) as Conflict
  assert.equal(refused.outcome, 'conflict')
  assert.match(refused.detail, /git refuses these paths: \.GIT\//)
})

test('the branch moves once, and the ref says so', async (t) => {
  const { repo, workspace, kept } = await worked(t, { 'x.txt': 'x' })
  const merged = (await repo.merge(workspace, kept)) as Merge
  const wanted = { task: 'task-a', branch: 'trunk', from: merged.tip, to: merged.commit }
  assert.deepEqual(await workspace.move({ ...wanted, from: merged.commit }), { outcome: 'moved' })
  assert.deepEqual(await workspace.move(wanted), { outcome: 'landed' })
  assert.deepEqual(await workspace.move(wanted), { outcome: 'already' })
  assert.deepEqual(await repo.open().move(wanted), { outcome: 'already' })
  assert.equal(await workspace.landed('task-a'), merged.commit)
  assert.equal(repo.tip(), merged.commit)
  assert.equal(repo.git('for-each-ref', 'refs/heads/drover'), '')
  assert.equal(repo.git('rev-parse', 'refs/drover/rescue/task-a/1'), kept.commit)
})

test('an older process cannot move the branch once a newer one has taken over', async (t) => {
  const { repo, workspace, kept } = await worked(t, { 'x.txt': 'x' })
  const merged = (await repo.merge(workspace, kept)) as Merge
  const wanted = { task: 'task-a', branch: 'trunk', from: merged.tip, to: merged.commit }
  const newer = repo.open()
  await newer.recover()
  assert.deepEqual(await workspace.move(wanted), { outcome: 'fenced' })
  assert.equal(repo.tip(), merged.tip)
  assert.deepEqual(await newer.move(wanted), { outcome: 'landed' })
})

test('a task that was reopened may land once more', async (t) => {
  const { repo, workspace, kept } = await worked(t, { 'x.txt': 'x' })
  await repo.land(workspace, 'task-a', kept)
  const first = repo.tip()
  await workspace.unland('task-a')
  await workspace.unland('task-a')
  assert.equal(await workspace.landed('task-a'), undefined)
  assert.equal(repo.git('rev-parse', 'refs/drover/rescue/task-a/landed-1'), first)
  const { path } = await repo.at(workspace, 'task-a', { attempt: 2, fresh: true })
  await repo.write('y.txt', 'y', path)
  assert.deepEqual(await repo.land(workspace, 'task-a', await repo.keep(workspace, 'task-a', 2)), { outcome: 'landed' })
})

test('a base holds a task by its commit, or by its trailer on the first-parent line', async (t) => {
  const { repo, workspace, kept } = await worked(t, { 'x.txt': 'x' })
  const before = repo.tip()
  await repo.land(workspace, 'task-a', kept)
  const landed = repo.tip()
  assert.deepEqual(await workspace.lacking(landed, [{ task: 'task-a', commit: landed }]), [])
  assert.deepEqual(await workspace.lacking(before, [{ task: 'task-a', commit: landed }]), ['task-a'])
  repo.git('commit', '-q', '--amend', '-m', 'reworded\n\nDrover-Task: task-a')
  assert.deepEqual(await workspace.lacking(repo.tip(), [{ task: 'task-a', commit: landed }]), [])
  repo.git('commit', '-q', '--amend', '-m', 'Drover-Task: task-a\n\nnot a trailer\nDrover-Task: task-aa')
  assert.deepEqual(await workspace.lacking(repo.tip(), [{ task: 'task-a', commit: landed }]), ['task-a'])
})

test('the gate runs on exactly the commit, and its log is the evidence', async (t) => {
  const { repo, workspace, kept } = await worked(t, { 'x.txt': 'x\n' })
  const merged = (await repo.merge(workspace, kept)) as Merge
  const gate = (command: string, timeoutMs = 10_000) =>
    workspace.gate(
      { commit: merged.commit, command, timeoutMs, logFile: join(repo.root, '.drover', 'gate.log'), fresh: false },
      new AbortController().signal,
    )
  const good = await gate(
    'git rev-parse HEAD; cat x.txt; echo junk >left.txt; echo y >x.txt; mkdir -p ignored; echo z >ignored/z',
  )
  assert.deepEqual([good.passed, good.exitCode, good.tail], [true, 0, `${merged.commit}\nx`])
  assert.match(good.evidence, /^[0-9a-f]{12}$/)
  const again = await gate(
    'git update-index --skip-worktree a.txt; echo changed >a.txt; cat x.txt; test ! -e left.txt && test ! -e ignored/z',
  )
  assert.equal(again.passed, true)
  assert.equal((await gate('cat a.txt; exit 3')).tail, 'one\ntwo\nthree')
  const late = await gate('echo begun; sleep 60', 200)
  assert.equal(late.passed, false)
  assert.match(late.tail, /took longer than/)
  assert.deepEqual(await gate(''), { passed: true, evidence: 'none', log: '', tail: '', exitCode: null, durationMs: 0 })
  assert.equal(repo.git('status', '--porcelain'), '')
})
