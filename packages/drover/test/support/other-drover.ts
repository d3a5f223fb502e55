import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../', import.meta.url))
const root = join(folder, '../..')

interface Change {
  file: string
  from: string | RegExp
  to: string
}

/** Another package of drover, as an upgrade installs it: the whole source, with what is different in it. */
export function otherDrover(into: string, version: string, changes: readonly Change[] = []): string {
  const place = join(into, `drover-${version}`, 'packages/drover')
  cpSync(join(folder, 'src'), join(place, 'src'), { recursive: true })
  cpSync(join(root, 'package.json'), join(place, '../../package.json'))
  symlinkSync(join(root, 'node_modules'), join(place, '../../node_modules'))
  writeFileSync(join(place, 'package.json'), readFileSync(join(folder, 'package.json'), 'utf8'))
  const all = [{ file: 'package.json', from: /"version": ".*"/, to: `"version": "${version}"` }, ...changes]
  for (const { file, from, to } of all) {
    const text = readFileSync(join(place, file), 'utf8')
    const changed = text.replace(from, to)
    if (changed === text) throw new Error(`${file} has nothing like ${String(from)}`)
    writeFileSync(join(place, file), changed)
  }
  return join(place, 'src/main.ts')
}

/** One whose attempts have another first step, so that it cannot go on with those of this one, nor this one with its own. */
export const nextWorkflow = (into: string): string =>
  otherDrover(into, '9.0.0', [
    { file: 'src/domain/workflow-version.ts', from: "'drover-wf-1'", to: "'drover-wf-2'" },
    {
      file: 'src/flow/drive-task.ts',
      from: "const begun = await durable.step('start'",
      to: "await durable.step('greet', async () => 1)\n    const begun = await durable.step('start'",
    },
  ])

/** One whose ledger has more in it. */
export const nextLedger = (into: string): string =>
  otherDrover(into, '8.2.0', [
    { file: 'src/ledger/migrations.ts', from: /\]\n$/, to: "  'alter table project add column later text;',\n]\n" },
  ])
