import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { withTable } from '../../bench/page.ts'
import { targets } from '../../bench/targets.ts'

const bench = fileURLToPath(new URL('../../bench/main.ts', import.meta.url))
const run = (...words: string[]) =>
  spawnSync(process.execPath, [bench, ...words], { encoding: 'utf8', timeout: 120_000 })

interface Row {
  row: string
  says: string
  value: number
  unit: string
  most: number | null
  isMet: boolean
}

test('the bench says what it measured beside its targets, and fails when one is missed', () => {
  const ran = run('drive', '--tasks', '4', '--rounds', '1', '--files', '200', '--json')
  const { schema, data } = JSON.parse(ran.stdout) as {
    schema: string
    data: { machine: Record<string, unknown>; rounds: number; rows: Row[] }
  }
  assert.equal(schema, 'drover.bench/v1')
  assert.deepEqual(Object.keys(data.machine), ['cores', 'filesystem', 'node', 'git'])
  assert.equal(data.rounds, 1)
  const row = (name: string): Row => data.rows.find((one) => one.row === name) ?? assert.fail(`${name} is missing`)
  for (const { value, most, isMet, says } of data.rows) {
    assert.ok(Number.isFinite(value) && value >= 0, `${says}: ${value}`)
    assert.equal(isMet, value <= (most ?? Infinity), says)
  }
  assert.equal(row('drive 1k').unit, '×')
  assert.ok(row('drive 1k').value > 0.2)
  assert.ok(row('drive commits').value >= 4, 'every task is claimed, started, passed and completed')
  assert.ok(row('drive cpu').value > 5, 'git alone needs more')
  assert.equal(ran.status, data.rows.every(({ isMet }) => isMet) ? 0 : 1, ran.stderr)
})

test('a part that does not exist is refused with the names of those that do', () => {
  const ran = run('speed')
  assert.equal(ran.status, 2)
  assert.match(
    ran.stderr,
    /no part "speed".*drive, start, latency, agent, growth, large, memory, dbos, recovery, soak and all/,
  )
})

const rows = (page: string): string[] => page.split('\n').filter((line) => line.includes('≤'))

test('a part that is measured alone changes its own rows of the page, and leaves the others of this machine', () => {
  const names = Object.values(targets).map(({ says }) => says)
  assert.equal(new Set(names).size, names.length, 'a row is known by what it says')
  const machine = { cores: 2, filesystem: 'tmpfs', node: '26.0.0', git: '2.39.5' }
  const empty = 'Before\n<!-- measured: begin -->\n<!-- measured: end -->\nAfter\n'
  const first = withTable(empty, { 'drive 1k': 1.4, 'start version': 1.1 }, machine)
  const second = withTable(first, { 'drive 1k': 1.6, 'memory peak': 80 }, machine)
  assert.deepEqual(
    rows(second).map((line) => line.split('|')[2]!.trim()),
    ['1.60×', '1.10×', '80 MB'],
  )
  assert.match(second, /^Before\n.*missed.*After\n$/s)
  assert.equal(rows(withTable(second, { 'start version': 1.1 }, { ...machine, cores: 8 })).length, 1)
})
