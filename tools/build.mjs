// Bundles the CLI into packages/drover/dist: a small main.js, and the rest in chunks that are loaded when they are used.
// `npm run build -- --release` also removes the chunks of earlier builds.
import { build } from 'esbuild'
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const home = fileURLToPath(new URL('../packages/drover/', import.meta.url))
const dist = join(home, 'dist')
const main = join(dist, 'main.js')
const startedAt = new Date()
const day = 24 * 60 * 60 * 1000

const { outputFiles } = await build({
  absWorkingDir: home,
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  minifySyntax: true,
  sourcemap: false,
  write: false,
})

// main.js comes last and each file is moved into place whole, so the CLI can be used while it is built.
outputFiles.sort((a, b) => Number(a.path === main) - Number(b.path === main))
for (const { path, text } of outputFiles) place(path, runnable(path, text))
chmodSync(main, 0o755)
utimesSync(main, startedAt, startedAt) // a source saved during the build is newer than its result
forgetOldChunks()

const total = outputFiles.reduce((sum, file) => sum + file.contents.length, 0)
console.log(`dist: ${outputFiles.length} files, ${Math.ceil(total / 1024)} kB, ${Date.now() - startedAt.getTime()} ms`)

function runnable(path, text) {
  const hashbang = path === main && !text.startsWith('#!') ? '#!/usr/bin/env node\n' : ''
  // CommonJS packages in the bundle ask for Node's own modules with `require`.
  const require = text.includes('typeof require')
    ? "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)\n"
    : ''
  return hashbang + require + text
}

function place(path, text) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.${process.pid}`, text)
  renameSync(`${path}.${process.pid}`, path)
}

/** A daemon that runs may still load a chunk of the build it was started from; a release carries none of those. */
function forgetOldChunks() {
  const chunks = join(dist, 'chunks')
  mkdirSync(chunks, { recursive: true })
  const current = new Set(outputFiles.map((file) => basename(file.path)))
  const kept = process.argv.includes('--release') ? 0 : day
  for (const name of readdirSync(chunks))
    if (!current.has(name) && Date.now() - statSync(join(chunks, name)).mtimeMs >= kept) rmSync(join(chunks, name))
}
