import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { main, makePlace } from './binary.ts'

const many = 3000

async function placeOfMany(t: TestContext) {
  const place = makePlace(t)
  const lines = Array.from({ length: many }, (_, i) =>
    JSON.stringify({ id: `t${i}`, title: `Task ${i} — ${'x'.repeat(60)}` }),
  )
  writeFileSync(join(place.root, 'tasks.jsonl'), lines.join('\n'))
  await place.ok('init')
  await place.ok('import-jsonl', 'tasks.jsonl')
  return { cwd: place.root, env: place.env }
}

const list = [process.execPath, main, 'list'] as const

test('a long answer comes whole through a pipe, a file and a reader that takes its time', async (t) => {
  const where = await placeOfMany(t)
  const script =
    '"$0" "$1" list | { n=0; while read -r _; do n=$((n + 1)); done; echo $n; }; "$0" "$1" list > all; wc -l < all'
  const ran = spawnSync('bash', ['-c', script, ...list], { ...where, encoding: 'utf8' })
  assert.deepEqual(ran.stdout.trim().split(/\s+/), [String(many), String(many)], ran.stderr)
})

test('a reader that goes away ends a command quietly', async (t) => {
  const where = await placeOfMany(t)
  const script = '"$0" "$1" list | head -n 1; echo "${PIPESTATUS[0]}"'
  const ran = spawnSync('bash', ['-c', script, ...list], { ...where, encoding: 'utf8' })
  assert.match(ran.stdout, /^t0 .*\n0\n$/)
  assert.equal(ran.stderr, '')
})

test('a long answer comes whole also when somebody made the pipe non-blocking', async (t) => {
  const where = await placeOfMany(t)
  // Two processes share one end of the pipe, and what one says of it holds for both.
  const nonBlocking =
    'import fcntl, os, sys; fcntl.fcntl(1, fcntl.F_SETFL, os.O_NONBLOCK); os.execv(sys.argv[1], sys.argv[1:])'
  if (spawnSync('python3', ['--version']).status !== 0) return t.skip('there is no python3 here')
  const script = '{ python3 -c "$2" "$0" "$1" list; } | { n=0; while read -r _; do n=$((n + 1)); done; echo $n; }'
  const child = spawn('bash', ['-c', script, process.execPath, main, nonBlocking], {
    ...where,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  await once(child, 'close')
  assert.equal(said.trim(), String(many))
})
