import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import { build, type Plugin } from 'esbuild'
import type { Edit, Sabotage } from './sabotages.ts'

const home = join(import.meta.dirname, '..')

/** Drover as it is shipped, for fast starts; with a sabotage, as it would be with that fault in it. Returns its main file. */
export async function bundle(folder: string, sabotage?: Sabotage): Promise<string> {
  const outdir = join(folder, sabotage?.name ?? 'whole')
  mkdirSync(outdir, { recursive: true })
  await build({
    absWorkingDir: home,
    entryPoints: ['src/main.ts'],
    outdir,
    outExtension: { '.js': '.mjs' },
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    external: ['@dbos-inc/*', 'pg'],
    logLevel: 'error',
    plugins: sabotage ? [breaking(sabotage)] : [],
  })
  // What only machines with PostgreSQL need is not in it.
  symlinkSync(join(home, '../../node_modules'), join(outdir, 'node_modules'))
  return join(outdir, 'main.mjs')
}

const breaking = ({ name, edits }: Sabotage): Plugin => ({
  name,
  setup(building) {
    building.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const file = relative(join(home, 'src'), path)
      const mine = edits.filter((edit) => edit.file === file)
      return mine.length === 0 ? undefined : { contents: apply(readFileSync(path, 'utf8'), mine), loader: 'ts' }
    })
  },
})

const apply = (text: string, edits: readonly Edit[]): string =>
  edits.reduce((now, { find, replace }) => {
    if (now.split(find).length !== 2) throw new Error(`it stands there ${now.split(find).length - 1} times: ${find}`)
    return now.replace(find, () => replace)
  }, text)

/** Edits whose place is gone from the product, or no longer the only one. */
export function lostEdits({ name, edits }: Sabotage): string[] {
  return edits
    .filter(({ file, find }) => readFileSync(join(home, 'src', file), 'utf8').split(find).length !== 2)
    .map(({ file, find }) => `${name}: ${file} has no single "${find}"`)
}
