import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Merge } from '../../src/ports/workspace.ts'
import type { TrustingWorkspace } from '../../src/workspace/open.ts'
import { makeRepo, type Repo } from '../support/repo.ts'

const never = new AbortController().signal
const author = { name: 'An Agent', email: 'agent@example.org' }

/** Two clones of one project with one bare remote, as two machines have them. */
async function machines(t: TestContext, env: Record<string, string> = {}, prepare?: (repo: Repo) => Promise<unknown>) {
  const repo = await makeRepo(t)
  await prepare?.(repo)
  const bare = join(repo.root, '..', 'remote.git')
  repo.git('clone', '-q', '--bare', '.', bare)
  repo.git('remote', 'add', 'origin', bare)
  const other = join(repo.root, '..', 'other')
  repo.git('clone', '-q', bare, other)
  const open = async (root: string): Promise<TrustingWorkspace> => {
    const options = {
      root,
      gitDir: join(root, '.git'),
      worktreeRoot: join(root, '.drover', 'worktrees'),
      runFolder: join(root, '.drover', 'run'),
      travels: { remote: '', project: 'project-1' },
    }
    // As a person sets Git LFS up in each clone; without its filter it is nothing.
    const filter = [process.execPath, largeFiles, join(root, '.git/large')].join(' ')
    if (env['LFS_STORE']) repo.gitIn(root, 'config', 'filter.lfs.process', filter)
    const own = { ...options, env: { ...repo.options().env, ...env } }
    const trusted = await repo.open(own).readDrivers()
    const workspace = repo.open({ ...own, trusted: async () => trusted })
    await workspace.recover()
    return workspace
  }
  const remote = (...args: string[]): string => repo.gitIn(bare, ...args)
  return { repo, remote, here: await open(repo.root), there: await open(other), other }
}

const largeFiles = fileURLToPath(new URL('../hard-git/large-file-filter.mjs', import.meta.url))

/** Git LFS as far as git meets it: what `pre-push` and `fetch` move between a clone and its server. */
const largeFileProgram = `#!/bin/sh
mkdir -p "$GIT_DIR/large"
[ ! -e "$LFS_STORE/closed" ] || { echo "the store is closed" >&2; exit 2; }
case "$1" in
  pre-push) cp "$GIT_DIR"/large/* "$LFS_STORE"/ 2>/dev/null; read -r refs; echo "$2 $refs" >> "$LFS_STORE/../asked";;
  fetch) cp "$LFS_STORE"/* "$GIT_DIR/large"/ 2>/dev/null;;
esac
exit 0
`

async function withLargeFiles(t: TestContext) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'drover-large-')))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'store'))
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin/git-lfs'), largeFileProgram)
  await chmod(join(folder, 'bin/git-lfs'), 0o755)
  const env = { LFS_STORE: join(folder, 'store'), PATH: `${folder}/bin:${process.env['PATH']}` }
  return { folder, ...(await machines(t, env, (repo) => repo.commit({ '.gitattributes': '*.bin filter=lfs\n' }))) }
}

/** As an attempt begins: the remote is asked first. */
async function begin(
  workspace: TrustingWorkspace,
  repo: Repo,
  more: { attempt?: number; fresh?: boolean; from?: string | null } = {},
): Promise<string> {
  assert.ok(!('away' in (await workspace.refresh('trunk', 'task-a'))))
  return (await repo.at(workspace, 'task-a', { base: await workspace.tip('trunk'), ...more })).path
}

const wip = (attempt: number): string => `refs/drover/wip/task-a/project-1/${attempt}`

test('another machine goes on from the last turn that was shared', async (t) => {
  const { repo, remote, here, there } = await machines(t)
  const path = await begin(here, repo)
  await repo.write('one.txt', 'first turn\n', path)
  const turn = { task: 'task-a', attempt: 1, message: 'a turn', author, beside: true }
  await here.keep(turn)
  assert.equal(await here.share({ task: 'task-a', attempt: 1 }, never), 'shared')
  assert.equal(repo.gitIn(path, 'status', '--porcelain'), '?? one.txt', 'its agent finds everything as it left it')
  await repo.write('one.txt', 'second turn\n', path)
  const elsewhere = await begin(there, repo)
  assert.equal(await repo.read('one.txt', elsewhere), 'first turn\n')
  await repo.write('two.txt', 'taken over\n', elsewhere)
  const kept = await repo.keep(there, 'task-a')
  assert.deepEqual(kept.files, ['one.txt', 'two.txt'])
  assert.deepEqual(kept.subjects, [], 'what drover committed is no subject')
  assert.equal(await there.share({ task: 'task-a', attempt: 1 }, never), 'shared')
  assert.equal(remote('rev-parse', wip(1)), kept.commit)
})

test('who was taken over hears of it, and takes nothing away', async (t) => {
  const { repo, remote, here, there } = await machines(t)
  const path = await begin(here, repo)
  await repo.write('one.txt', '1', path)
  await repo.keep(here, 'task-a')
  await here.share({ task: 'task-a', attempt: 1 }, never)
  const elsewhere = await begin(there, repo)
  await repo.write('two.txt', '2', elsewhere)
  const theirs = await repo.keep(there, 'task-a')
  await there.share({ task: 'task-a', attempt: 1 }, never)
  await repo.write('late.txt', 'late', path)
  const late = await repo.keep(here, 'task-a')
  assert.equal(await here.share({ task: 'task-a', attempt: 1 }, never), 'taken')
  assert.equal(remote('rev-parse', wip(1)), theirs.commit)
  assert.equal(repo.git('rev-parse', 'refs/drover/rescue/task-a/1'), late.commit, 'its own work stays kept')
  // The ledger may say that it is the one after all; then it goes on over what it has seen.
  assert.equal(await here.share({ task: 'task-a', attempt: 1 }, never), 'shared')
})

test('a later attempt begins from the work of another machine, and a fresh one does not', async (t) => {
  const { repo, here, there } = await machines(t)
  const path = await begin(here, repo)
  await repo.write('one.txt', '1', path)
  const kept = await repo.keep(here, 'task-a')
  await here.share({ task: 'task-a', attempt: 1 }, never)
  assert.equal(await repo.has('one.txt', await begin(there, repo, { attempt: 2, fresh: true })), false)
  await there.release('task-a')
  assert.equal(await repo.has('one.txt', await begin(there, repo, { attempt: 3, from: kept.commit })), true)
})

test('what one machine made another one lands, and its shared work goes with it', async (t) => {
  const { repo, remote, here, there, other } = await machines(t)
  await repo.write('one.txt', '1', await begin(here, repo))
  const kept = await repo.keep(here, 'task-a')
  await here.share({ task: 'task-a', attempt: 1 }, never)
  await there.refresh('trunk', 'task-a')
  const merged = (await repo.merge(there, kept)) as Merge
  const wanted = { task: 'task-a', branch: 'trunk', from: merged.tip, to: merged.commit }
  assert.deepEqual(await there.move(wanted), { outcome: 'landed' })
  assert.equal(remote('rev-parse', 'trunk'), merged.commit)
  assert.equal(remote('rev-parse', 'refs/drover/landed/task-a'), merged.commit)
  assert.equal(remote('for-each-ref', 'refs/drover/wip'), '')
  await there.follow([])
  assert.equal(await repo.read('one.txt', other), '1')
  assert.deepEqual(await there.move(wanted), { outcome: 'landed' }, 'saying it again finds out that it is so')
  assert.deepEqual(await here.refresh('trunk', 'task-a'), { landed: merged.commit })
})

test('what was shared of tasks that are over goes, and that of other projects stays', async (t) => {
  const { repo, remote, here, there } = await machines(t)
  await repo.write('one.txt', '1', await begin(here, repo))
  await repo.keep(here, 'task-a')
  await here.share({ task: 'task-a', attempt: 1 }, never)
  const foreign = 'refs/drover/wip/task-a/project-2/1'
  remote('update-ref', foreign, 'trunk')
  await there.unshare(async () => false, never)
  assert.equal(remote('for-each-ref', '--format=%(refname)', 'refs/drover/wip'), `${wip(1)}\n${foreign}`)
  await there.unshare(async (task) => task === 'task-a', never)
  assert.equal(remote('for-each-ref', '--format=%(refname)', 'refs/drover/wip'), foreign)
})

test('who asks at the same time asks together', async (t) => {
  const { repo, here } = await machines(t)
  const before = repo.calls.length
  await Promise.all(['a', 'b', 'c'].map((id) => here.refresh('trunk', `task-${id}`)))
  const asked = repo.calls.slice(before).filter(({ args }) => args[0] === 'ls-remote')
  assert.equal(asked.length, 1)
})

test('where work does not travel, no remote is ever asked', async (t) => {
  const { repo } = await machines(t)
  const workspace = repo.open()
  await workspace.recover()
  const before = repo.calls.length
  await repo.write('one.txt', '1', await begin(workspace, repo))
  const kept = await repo.keep(workspace, 'task-a')
  assert.equal(await workspace.share({ task: 'task-a', attempt: 1 }, never), 'shared')
  await repo.land(workspace, 'task-a', kept)
  const verbs = repo.calls.slice(before).flatMap(({ args }) => args[0] ?? '')
  assert.deepEqual(
    verbs.filter((verb) => ['ls-remote', 'fetch', 'push'].includes(verb)),
    [],
  )
})

test('large files that Git LFS keeps apart travel before the commit that names them', async (t) => {
  const { repo, remote, here, there, folder } = await withLargeFiles(t)
  await repo.write('big.bin', 'a large file', await begin(here, repo))
  const { commit } = await repo.keep(here, 'task-a')
  writeFileSync(join(folder, 'store/closed'), '')
  assert.match(JSON.stringify(await here.share({ task: 'task-a', attempt: 1 }, never)), /the store is closed/)
  assert.equal(remote('for-each-ref', 'refs/drover'), '')
  rmSync(join(folder, 'store/closed'))
  assert.equal(await here.share({ task: 'task-a', attempt: 1 }, never), 'shared')
  assert.match(readFileSync(join(folder, 'asked'), 'utf8'), new RegExp(`^origin ${wip(1)} ${commit} ${wip(1)} 0{40}\n`))
  assert.doesNotMatch(remote('show', `${wip(1)}:big.bin`), /a large file/)
  assert.equal(await repo.read('big.bin', await begin(there, repo)), 'a large file')
})

test('commits of submodules travel with the work that names them, without a right to push to their own remote', async (t) => {
  const { repo, remote, here, there, other } = await machines(t, {}, async (made) => {
    const library = join(made.root, '..', 'library')
    made.git('init', '-q', '-b', 'trunk', library)
    await made.write('lib.txt', 'lib', library)
    made.gitIn(library, 'add', '.')
    made.gitIn(library, 'commit', '-qm', 'lib')
    made.git('submodule', '--quiet', 'add', library, 'lib')
    await made.commit({})
  })
  repo.gitIn(other, 'submodule', '--quiet', 'update', '--init')
  const path = await begin(here, repo)
  repo.gitIn(path, 'submodule', '--quiet', 'update', '--init')
  await repo.write('lib.txt', 'better', join(path, 'lib'))
  repo.gitIn(join(path, 'lib'), 'commit', '-qam', 'better')
  const kept = await repo.keep(here, 'task-a')
  assert.equal(kept.problem, null)
  const oid = repo.gitIn(join(path, 'lib'), 'rev-parse', 'HEAD')
  assert.equal(await here.share({ task: 'task-a', attempt: 1 }, never), 'shared')
  assert.equal(remote('rev-parse', `refs/drover/modules/${oid}`), oid)
  await there.refresh('trunk', 'task-a')
  const merged = await repo.merge(there, kept)
  assert.equal(merged.outcome, 'merged', JSON.stringify(merged))
  assert.equal(repo.gitIn(join(other, '.git/modules/lib'), 'show', `${oid}:lib.txt`), 'better')
})
