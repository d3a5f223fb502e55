import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { shown, withTable, type Machine } from './page.ts'
import { isMet, targetOf, type Found, type Options, type Row } from './targets.ts'
import { filesystemOf } from './timing.ts'

// npm run bench                          what driving costs beside bare git
// npm run bench -- start memory          these parts
// npm run bench -- all --write           every part, and the table in docs/performance.md
const parts: Record<string, () => Promise<(options: Options) => Promise<Found>>> = {
  drive: async () => (await import('./drive.ts')).drive,
  start: async () => (await import('./start.ts')).start,
  latency: async () => (await import('./latency.ts')).latency,
  agent: async () => (await import('./agent.ts')).agent,
  growth: async () => (await import('./growth.ts')).growth,
  large: async () => (await import('./growth.ts')).large,
  memory: async () => (await import('./memory.ts')).memory,
  dbos: async () => (await import('./dbos.ts')).dbos,
  recovery: async () => (await import('./recovery.ts')).recovery,
  soak: async () => (await import('./soak.ts')).soak,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    tasks: { type: 'string', default: '100' },
    workers: { type: 'string', default: '4' },
    files: { type: 'string', default: '1000,20000' },
    dir: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})

const wanted = positionals.length === 0 ? ['drive'] : positionals.includes('all') ? Object.keys(parts) : positionals
const unknown = wanted.find((name) => !(name in parts))
if (unknown !== undefined) {
  console.error(`There is no part "${unknown}"; there are ${Object.keys(parts).join(', ')} and all.`)
  process.exit(2)
}

const options: Options = {
  dir: values.dir,
  rounds: Number(values.rounds),
  tasks: Number(values.tasks),
  workers: Number(values.workers),
  files: values.files.split(',').map(Number),
  say: (words) => console.error(words),
}
const machine: Machine = {
  cores: availableParallelism(),
  filesystem: filesystemOf(values.dir),
  node: process.versions.node,
  git: execFileSync('git', ['--version'], { encoding: 'utf8' }).trim().split(' ')[2]!,
}

const found: Found = {}
for (const name of wanted) Object.assign(found, await (await parts[name]!())(options))
const rows = (Object.entries(found) as [Row, number][]).map(([row, value]) => {
  const { says, unit, most } = targetOf(row)
  return { row, says, value, unit, most: most ?? null, isMet: isMet(row, value) }
})

if (values.json)
  console.log(JSON.stringify({ schema: 'drover.bench/v1', data: { machine, rounds: options.rounds, rows } }))
else {
  console.log(`${machine.cores} cores, ${machine.filesystem}, Node ${machine.node}, git ${machine.git}`)
  for (const { row, value, most, isMet: met, says } of rows)
    console.log(
      `${met ? ' ' : '✗'} ${row.padEnd(20)} ${shown(row, value).padStart(10)} ${(most === null ? '' : `≤ ${shown(row, most)}`).padEnd(12)} ${says}`,
    )
}
if (values.write) {
  const page = join(import.meta.dirname, '../../../docs/performance.md')
  writeFileSync(page, withTable(readFileSync(page, 'utf8'), found, machine))
}
process.exitCode = rows.every((row) => row.isMet) ? 0 : 1
