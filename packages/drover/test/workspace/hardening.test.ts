import assert from 'node:assert/strict'
import { appendFile, chmod, mkdir, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Merge } from '../../src/ports/workspace.ts'
import { makeRepo, type Repo } from '../support/repo.ts'

/** A program that leaves a file behind whenever anything runs it. */
async function sentinel(repo: Repo, then = 'exec cat'): Promise<{ command: string; fired(): Promise<boolean> }> {
  const [command, mark] = [join(repo.root, '..', 'sentinel.sh'), join(repo.root, '..', 'FIRED')]
  await writeFile(command, `#!/bin/sh\ntouch '${mark}'\n${then}\n`)
  await chmod(command, 0o755)
  return {
    command,
    async fired() {
      const has = await repo.has('FIRED', join(repo.root, '..'))
      await rm(mark, { force: true })
      return has
    },
  }
}

/** What an agent can plant while it works, how plain git shows that it works, and what ours then does. */
const plants: Record<
  string,
  { plant(repo: Repo, worktree: string, command: string): Promise<void>; plain(repo: Repo, worktree: string): void }
> = {
  'a hook': {
    async plant(repo, _worktree, command) {
      for (const name of ['post-checkout', 'reference-transaction', 'post-index-change', 'pre-commit']) {
        await repo.write(`.git/hooks/${name}`, `#!/bin/sh\nexec '${command}' </dev/null\n`)
        await chmod(join(repo.gitDir, 'hooks', name), 0o755)
      }
    },
    plain: (repo) => repo.git('update-ref', 'refs/heads/other', 'HEAD'),
  },
  'a hooks folder': {
    async plant(repo, worktree, command) {
      await repo.write('hooks/reference-transaction', `#!/bin/sh\nexec '${command}' </dev/null\n`, worktree)
      await chmod(join(worktree, 'hooks/reference-transaction'), 0o755)
      repo.git('config', 'core.hooksPath', join(worktree, 'hooks'))
    },
    plain: (repo) => repo.git('update-ref', 'refs/heads/other', 'HEAD'),
  },
  'a file system monitor': {
    plant: async (repo, _worktree, command) => void repo.git('config', 'core.fsmonitor', command),
    plain: (repo) => repo.git('status'),
  },
  'a filter': {
    async plant(repo, worktree, command) {
      repo.git('config', 'filter.evil.clean', command)
      repo.git('config', 'filter.evil.smudge', command)
      await repo.write('.gitattributes', '* filter=evil\n', worktree)
    },
    plain: (repo, worktree) => repo.gitIn(worktree, 'add', '-A', '-n'),
  },
  'a filter behind an include': {
    async plant(repo, worktree, command) {
      await repo.write('extra.config', `[filter "evil"]\nclean = ${command}\n`, join(repo.root, '..'))
      repo.git('config', `includeIf.gitdir:**/worktrees/**.path`, join(repo.root, '..', 'extra.config'))
      await repo.write('.gitattributes', '* filter=evil\n', worktree)
    },
    plain: (repo, worktree) => repo.gitIn(worktree, 'add', '-A', '-n'),
  },
  'a filter in the configuration of its own worktree': {
    async plant(repo, worktree, command) {
      repo.git('config', 'extensions.worktreeConfig', 'true')
      repo.gitIn(worktree, 'config', '--worktree', 'filter.evil.clean', command)
      await repo.write('.gitattributes', '* filter=evil\n', worktree)
    },
    plain: (repo, worktree) => repo.gitIn(worktree, 'add', '-A', '-n'),
  },
  'a filter inside a repository it made': {
    async plant(repo, worktree, command) {
      const inner = join(worktree, 'inner')
      await repo.write('x.txt', 'x', inner)
      repo.gitIn(inner, 'init', '-q')
      repo.gitIn(inner, 'add', '-A')
      repo.gitIn(inner, 'commit', '-qm', 'inner')
      repo.gitIn(worktree, '-c', 'advice.addEmbeddedRepo=false', 'add', 'inner')
      repo.gitIn(inner, 'config', 'filter.evil.clean', command)
      await repo.write('.gitattributes', '* filter=evil\n', inner)
      await utimes(join(inner, 'x.txt'), 1, 1)
    },
    plain(repo, worktree) {
      repo.gitIn(worktree, 'status')
    },
  },
  "a repository in place of the worktree's .git": {
    async plant(repo, worktree, command) {
      await rm(join(worktree, '.git'))
      repo.gitIn(worktree, 'init', '-q')
      repo.gitIn(worktree, 'config', 'core.fsmonitor', command)
    },
    plain: (repo, worktree) => repo.gitIn(worktree, 'status'),
  },
  "another repository behind the worktree's folder": {
    async plant(repo, worktree, command) {
      const other = join(repo.root, '..', 'other')
      repo.git('clone', '-q', '.', other)
      repo.gitIn(other, 'config', 'core.fsmonitor', command)
      await writeFile(join(repo.gitDir, 'worktrees', '_1', 'commondir'), `${join(other, '.git')}\n`)
      void worktree
    },
    plain: (repo, worktree) => repo.gitIn(worktree, 'status'),
  },
}

async function plantedIn(t: TestContext, name: string) {
  const repo = await makeRepo(t)
  const { command, fired } = await sentinel(repo)
  const workspace = repo.open()
  await workspace.recover()
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('work.txt', 'work\n', path)
  await plants[name]!.plant(repo, path, command)
  return { repo, workspace, path, fired }
}

for (const name of Object.keys(plants)) {
  test(`${name} planted by an agent is not run by drover`, async (t) => {
    const { repo, workspace, path, fired } = await plantedIn(t, name)
    plants[name]!.plain(repo, path)
    assert.equal(await fired(), true, 'plain git runs it, or this test shows nothing')
    await repo.write('work.txt', 'more work\n', path)
    await workspace.diff('task-a', null, 'patch')
    await workspace.worktrees()
    const kept = await repo.keep(workspace, 'task-a')
    assert.ok(kept.files.includes('work.txt'))
    assert.match(await workspace.diff('task-a', null, 'stat'), /work\.txt/)
    await workspace.worktrees()
    const landed = await repo.land(workspace, 'task-a', kept).catch((error: Error) => error)
    if (name.startsWith('a filter') && !name.includes('inside'))
      assert.match(String(landed), /doctor|drivers that drover has not seen before: filter\.evil/)
    else assert.deepEqual(landed, { outcome: 'landed' })
    await workspace.release('task-a')
    await repo.at(workspace, 'task-b')
    await workspace.gate(
      { commit: kept.commit!, command: 'true', timeoutMs: 9000, logFile: join(repo.root, '.drover/log'), fresh: true },
      new AbortController().signal,
    )
    await workspace.recover()
    assert.equal(await fired(), false)
  })
}

const agreeing = (drivers: Record<string, string>) => async () => drivers

test('a merge driver planted by an agent does not run, and stops landings until a person has looked', async (t) => {
  const repo = await makeRepo(t)
  const { command, fired } = await sentinel(repo)
  await repo.commit({ '.gitattributes': 'a.txt merge=evil\n' })
  const workspace = repo.open()
  await workspace.recover()
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('a.txt', 'zero\none\ntwo\nthree\n', path)
  const kept = await repo.keep(workspace, 'task-a')
  await repo.commit({ 'a.txt': 'one\ntwo\nthree\nfour\n' })
  const merged = (await repo.merge(workspace, kept)) as Merge
  repo.git('config', 'merge.evil.driver', `${command} %O %A %B </dev/null`)
  repo.git('merge-tree', '--write-tree', 'trunk', kept.commit!)
  assert.equal(await fired(), true)
  await assert.rejects(repo.merge(workspace, kept), {
    code: 'untrusted-config',
    about: { keys: ['merge.evil.driver'] },
  })
  await assert.rejects(workspace.move({ task: 'task-a', branch: 'trunk', from: merged.tip, to: merged.commit }), {
    code: 'untrusted-config',
  })
  assert.equal(await fired(), false)
  const trusting = repo.open({ trusted: agreeing(await workspace.readDrivers()) })
  assert.equal((await repo.merge(trusting, kept)).outcome, 'merged')
  assert.equal(await fired(), true)
  repo.git('config', '--unset', 'merge.evil.driver')
  assert.equal((await repo.merge(workspace, kept)).outcome, 'merged')
})

/** Stores upper case, shows lower case: like git-crypt, without the secrets. */
async function withFilter(repo: Repo): Promise<void> {
  repo.git('config', 'filter.upper.clean', "tr 'a-z' 'A-Z'")
  repo.git('config', 'filter.upper.smudge', "tr 'A-Z' 'a-z'")
  repo.git('config', 'filter.upper.required', 'true')
  await repo.commit({ '.gitattributes': '*.secret filter=upper\n', 'old.secret': 'abc\n' })
}

test('filters that a person trusted run, in worktrees and in the checkout of the user', async (t) => {
  const repo = await makeRepo(t)
  await withFilter(repo)
  const workspace = repo.open({ trusted: agreeing(await repo.open().readDrivers()) })
  await workspace.recover()
  const { path } = await repo.at(workspace, 'task-a')
  assert.equal(await repo.read('old.secret', path), 'abc\n')
  await repo.write('new.secret', 'xyz\n', path)
  const kept = await repo.keep(workspace, 'task-a')
  assert.deepEqual(kept.files, ['new.secret'])
  assert.equal(repo.git('show', `${kept.commit}:new.secret`), 'XYZ')
  assert.deepEqual(await repo.land(workspace, 'task-a', kept), { outcome: 'landed' })
  assert.equal(await repo.read('new.secret'), 'xyz\n')
  assert.equal(repo.git('status', '--porcelain'), '')
})

test('a trusted filter runs as it was trusted, not as an agent changed it since', async (t) => {
  const repo = await makeRepo(t)
  await withFilter(repo)
  const { command, fired } = await sentinel(repo)
  const workspace = repo.open({ trusted: agreeing(await repo.open().readDrivers()) })
  const { path } = await repo.at(workspace, 'task-a')
  repo.git('config', 'filter.upper.clean', command)
  await repo.write('new.secret', 'xyz\n', path)
  const kept = await repo.keep(workspace, 'task-a')
  assert.equal(repo.git('show', `${kept.commit}:new.secret`), 'XYZ')
  assert.equal(await fired(), false)
  assert.match(kept.problem ?? '', /filter\.upper\.clean/)
  await assert.rejects(repo.merge(workspace, kept), { code: 'untrusted-config' })
})

test('objects that stand elsewhere are trusted like a driver', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('x.txt', 'x', path)
  const kept = await repo.keep(workspace, 'task-a')
  await mkdir(join(repo.root, '..', 'objects'))
  await appendFile(join(repo.gitDir, 'objects', 'info', 'alternates'), `${join(repo.root, '..', 'objects')}\n`)
  await assert.rejects(repo.merge(workspace, kept), {
    code: 'untrusted-config',
    about: { keys: ['objects/info/alternates'] },
  })
})

test('a remote that is a program is not asked for objects that are missing', async (t) => {
  const repo = await makeRepo(t)
  const { command, fired } = await sentinel(repo, 'exit 1')
  const workspace = repo.open()
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('x.txt', 'x', path)
  const kept = await repo.keep(workspace, 'task-a')
  repo.git('config', 'core.repositoryFormatVersion', '1')
  repo.git('config', 'extensions.partialClone', 'evil')
  repo.git('config', 'remote.evil.promisor', 'true')
  repo.git('config', 'remote.evil.url', `ext::${command}`)
  repo.git('config', 'protocol.ext.allow', 'always')
  const blob = repo.git('rev-parse', `${kept.commit}:x.txt`)
  await rm(join(repo.gitDir, 'objects', blob.slice(0, 2), blob.slice(2)))
  assert.throws(() => repo.git('cat-file', '-p', blob))
  assert.equal(await fired(), true)
  await assert.rejects(repo.at(workspace, 'task-b', { from: kept.commit }))
  assert.equal(await fired(), false)
})

test('no variable that steers git reaches ours, and each carries its mark', async (t) => {
  const repo = await makeRepo(t)
  const workspace = repo.open({
    env: { ...repo.options().env, GIT_DIR: '/nowhere', GIT_EXTERNAL_DIFF: 'false', GIT_INDEX_FILE: '/nowhere' },
  })
  await workspace.recover()
  const { path } = await repo.at(workspace, 'task-a')
  await repo.write('x.txt', 'x', path)
  await repo.keep(workspace, 'task-a')
  const epoch = repo.git('rev-parse', 'refs/drover/epoch').slice(0, 12)
  for (const { env } of repo.calls.slice(2)) {
    assert.match(env['DROVER_GIT'] ?? '', new RegExp(`^[0-9a-f]{12}:${epoch}$`))
    assert.equal(env['GIT_EXTERNAL_DIFF'], undefined)
  }
})
