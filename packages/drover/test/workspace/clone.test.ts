import assert from 'node:assert/strict'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { cloneInto } from '../../src/workspace/clone.ts'
import { execute, makeRepo } from '../support/repo.ts'

test('a machine without a clone gets one, also when its first try was cut short', async (t) => {
  const repo = await makeRepo(t)
  const folder = join(repo.root, '..', 'machine')
  const wanted = { folder, remote: `file://${repo.root}`, exec: execute, env: repo.options().env }
  mkdirSync(join(folder, '.drover-clone/.git'), { recursive: true })
  await cloneInto(wanted)
  assert.equal(repo.gitIn(folder, 'rev-parse', 'HEAD'), repo.tip())
  assert.equal(repo.gitIn(folder, 'status', '--porcelain'), '')
  assert.equal(repo.gitIn(folder, 'config', 'branch.trunk.remote'), 'origin')
  // It ended when the objects were there, and the files were not.
  for (const name of ['a.txt', '.git/index']) rmSync(join(folder, name))
  mkdirSync(join(folder, '.drover-clone'))
  await cloneInto(wanted)
  assert.equal(repo.gitIn(folder, 'status', '--porcelain'), '')
  await repo.write('a.txt', 'theirs', folder)
  await cloneInto(wanted)
  assert.equal(await repo.read('a.txt', folder), 'theirs')
  await repo.write('a.txt', 'one\ntwo\nthree\n', folder)
  assert.equal(repo.gitIn(folder, 'status', '--porcelain'), '')
})

test('a remote that is not there leaves nothing that looks like a clone, and no word of a password', async (t) => {
  const repo = await makeRepo(t)
  const folder = join(repo.root, '..', 'machine')
  const wanted = { folder, remote: 'http://ada:geheim@127.0.0.1:1/x.git', exec: execute, env: repo.options().env }
  const error = await cloneInto(wanted).then(
    () => undefined,
    (reason: Error) => reason,
  )
  assert.match(error!.message, /the remote cannot be reached/)
  assert.doesNotMatch(error!.message, /geheim/)
  assert.equal(await repo.has('.git', folder), false)
})

test('programs that an address would run are never run', async (t) => {
  const repo = await makeRepo(t)
  const folder = join(repo.root, '..', 'machine')
  const planted = join(repo.root, '..', 'planted')
  const wanted = { folder, remote: `ext::touch ${planted}`, exec: execute, env: repo.options().env }
  await assert.rejects(cloneInto(wanted), /transport 'ext' not allowed/)
  assert.equal(await repo.has(planted, ''), false)
})
