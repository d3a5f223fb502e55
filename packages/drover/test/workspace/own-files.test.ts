import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { writeCommit } from '../../src/workspace/commit-object.ts'
import { writeRef } from '../../src/workspace/write-ref.ts'
import { makeRepo, type Repo } from '../support/repo.ts'

// What drover writes into a repository without asking git.

const ada = { name: 'Ada', email: 'ada@example.org' }
const commitOn = (repo: Repo, message: string): string =>
  writeCommit(repo.gitDir, {
    tree: repo.git('rev-parse', 'HEAD^{tree}'),
    parents: [repo.tip()],
    author: ada,
    committer: ada,
    at: 1_700_000_000_000,
    message,
  })

describe('commits', () => {
  for (const objectFormat of ['sha1', 'sha256'])
    test(`are what git itself would have written, short and long, with ${objectFormat}`, async (t) => {
      const repo = await makeRepo(t, { objectFormat })
      await repo.commit({ 'a.txt': 'a\n' })
      const messages = ['short\n', '', `long\n\n${'x'.repeat(100)}\n`.repeat(2_000), 'ümläut ✓\n']
      // Around the length of one block, its header included.
      for (let length = 65_200; length < 65_600; length += 37) messages.push(`${'y'.repeat(length)}\n`)
      for (const message of messages) {
        const oid = commitOn(repo, message)
        assert.equal(repo.git('cat-file', '-t', oid), 'commit')
        assert.equal(repo.git('log', '-1', '--format=%B', oid), message.trim())
      }
      repo.git('fsck', '--strict', '--full')
      const kept = commitOn(repo, 'kept\n')
      repo.git('update-ref', 'refs/heads/kept', kept)
      repo.git('gc', '-q', '--prune=now')
      assert.equal(repo.git('log', '-1', '--format=%s', 'kept'), 'kept')
    })
})

describe('refs', () => {
  const ref = 'refs/drover/rescue/task-a/1'

  async function place(t: Parameters<typeof makeRepo>[0]) {
    const repo = await makeRepo(t)
    await repo.commit({ 'a.txt': 'a\n' })
    const path = join(repo.gitDir, ref)
    return { repo, path, to: repo.tip() }
  }

  test('are pointed elsewhere as git does it', async (t) => {
    const { repo, to } = await place(t)
    assert.equal(await writeRef(repo.gitDir, { ref, from: undefined, to }), true)
    assert.equal(repo.git('rev-parse', ref), to)
    const next = commitOn(repo, 'next\n')
    assert.equal(await writeRef(repo.gitDir, { ref, from: to, to: next }), true)
    assert.equal(repo.git('rev-parse', ref), next)
  })

  test('that came into being, or moved, since they were looked at are left to git as they are', async (t) => {
    const { repo, path, to } = await place(t)
    const theirs = commitOn(repo, 'theirs\n')
    repo.git('update-ref', ref, theirs)
    for (const from of [undefined, to]) assert.equal(await writeRef(repo.gitDir, { ref, from, to }), false)
    assert.equal(readFileSync(path, 'utf8').trim(), theirs)
    assert.equal(existsSync(`${path}.lock`), false)
  })

  test('that somebody else has locked, that are packed, or where a folder is, are left to git', async (t) => {
    const { repo, path, to } = await place(t)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(`${path}.lock`, '')
    assert.equal(await writeRef(repo.gitDir, { ref, from: undefined, to }), false)
    assert.deepEqual([existsSync(path), existsSync(`${path}.lock`)], [false, true])
    repo.git('update-ref', 'refs/drover/rescue/task-b/1', to)
    repo.git('pack-refs', '--all')
    assert.equal(await writeRef(repo.gitDir, { ref: 'refs/drover/rescue/task-b/1', from: undefined, to }), false)
    mkdirSync(join(repo.gitDir, 'refs/drover/rescue/task-c/1/deep'), { recursive: true })
    assert.equal(await writeRef(repo.gitDir, { ref: 'refs/drover/rescue/task-c/1', from: undefined, to }), false)
  })
})
