import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openProgress } from '../../src/cli/progress.ts'
import { main, makeProject } from './binary.ts'

/** A plan of more than two megabytes. */
const lines = 220
const plan = (): string =>
  Array.from({ length: lines }, (_, n) =>
    JSON.stringify({ id: `T-${n}`, title: `Task ${n}`, description: 'x'.repeat(10_000) }),
  ).join('\n')

test('who waits at a terminal for a long import sees how far it has come', async (t) => {
  if (spawnSync('script', ['--version']).status !== 0)
    return t.skip('A BAR ON A REAL TERMINAL WAS NOT SEEN: there is no `script`')
  const { root, env, json } = await makeProject(t)
  writeFileSync(join(root, 'plan.jsonl'), plan())
  const on = (more: string): string[] => {
    const command = `'${process.execPath}' '${main}' import-jsonl plan.jsonl ${more}`
    const ran = spawnSync('script', ['-qfec', command, '/dev/null'], { cwd: root, env: { ...env, SHELL: '/bin/sh' } })
    return String(ran.stdout).split('\r')
  }
  const shown = on('').filter((line) => / %/.test(line))
  const shares = shown.map((line) => Number(/(\d+) % written/.exec(line)?.[1] ?? 0))
  assert.deepEqual(
    [shares.length > 50, shares.at(-1), shares.toSorted((a, b) => a - b)],
    [true, 100, shares],
    shown.join('\n'),
  )
  assert.equal((await json('list')).tasks.length, lines)
  for (const quiet of ['--json', '--quiet'])
    assert.deepEqual(
      on(quiet).filter((line) => / %/.test(line)),
      [],
    )
})

test('no bar is drawn where nobody looks, and none for what takes no time', async (t) => {
  const { root, ok } = await makeProject(t)
  writeFileSync(join(root, 'plan.jsonl'), plan())
  assert.doesNotMatch((await ok('import-jsonl', 'plan.jsonl')).err, / %/)
})

test('a bar is drawn again only when it has changed, in ASCII where the terminal can show no more', () => {
  let written = ''
  const output = { isTTY: true, write: (text: string | Uint8Array) => (written += String(text)) }
  const progress = openProgress(output, { json: false, quiet: false, ascii: true })
  for (let done = 500; done <= 509; done++) progress.tell('written', done, 1_000)
  assert.equal(written, '\r[############------------]  50 % written\u001B[K')
  progress.close()
  assert.ok(written.endsWith('\r\u001B[K'), written)
})
