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

const { outputFiles, metafile } = await build({
  absWorkingDir: home,
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  external: ['@dbos-inc/*'], // only with PostgreSQL, and then as it was published
  minifySyntax: true,
  sourcemap: false,
  write: false,
  metafile: true,
  plugins: [{ name: 'commands together', setup: commandsTogether }],
})

// main.js comes last and each file is moved into place whole, so the CLI can be used while it is built.
outputFiles.sort((a, b) => Number(a.path === main) - Number(b.path === main))
for (const { path, text } of outputFiles) place(path, runnable(path, text))
chmodSync(main, 0o755)
utimesSync(main, startedAt, startedAt) // a source saved during the build is newer than its result
forgetOldChunks()

const total = outputFiles.reduce((sum, file) => sum + file.contents.length, 0)
console.log(`dist: ${outputFiles.length} files, ${Math.ceil(total / 1024)} kB, ${Date.now() - startedAt.getTime()} ms`)

/**
 * Every file that Node loads costs half a millisecond, and a chunk for each set of sharers made 45 of them for `drover status`.
 * So what all commands stand on is one chunk, whatever asks for it; what some load later (git, the daemon) stands on that whole chunk.
 */
function commandsTogether({ onResolve, onLoad }) {
  const src = join(home, 'src')
  const commands = ['cli/dispatch.ts', 'app/load-config.ts', 'app/open-project.ts', 'app/lock.ts', 'app/holder.ts']
    .concat(readdirSync(join(src, 'cli/commands')).map((name) => `cli/commands/${name}`))
    .filter((name) => name !== 'cli/commands/logs.ts') // waits for files, and `fs/promises` takes 2 ms to load
    .map((name) => join(src, name))
  const refusal = join(src, 'domain/error.ts') // all that a Node without SQLite may load
  onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
    const file = join(resolveDir, path)
    if (kind !== 'dynamic-import' || file === refusal) return undefined
    return commands.includes(file) ? { path: 'commands', namespace: 'together' } : { path: file, namespace: 'later' }
  })
  onResolve({ filter: /^together:commands$/ }, () => ({ path: 'commands', namespace: 'together' }))
  onLoad({ filter: /^/, namespace: 'together' }, () => ({
    contents: commands.map((path) => `export * from '${path}'`).join('\n'),
    resolveDir: src,
  }))
  onLoad({ filter: /^/, namespace: 'later' }, ({ path }) => ({
    contents: `import 'together:commands'\nexport * from '${path}'`,
    resolveDir: src,
  }))
  // Shared, the version would be one more file, and `drover --version` a tenth slower.
  onResolve({ filter: /\/package\.json$/ }, ({ path, resolveDir, importer }) => ({
    path: join(resolveDir, path),
    suffix: `?${basename(importer)}`,
  }))
}

function runnable(path, text) {
  const hashbang = path === main && !text.startsWith('#!') ? '#!/usr/bin/env node\n' : ''
  // CommonJS packages in the bundle ask for Node's own modules with `require`.
  const require = text.includes('typeof require')
    ? "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)\n"
    : ''
  return hashbang + require + plainBuiltins(withoutHelpers(text))
}

/** esbuild's own helpers are a chunk that many files ask for without using it; only main.js must not wait for one more file. */
function withoutHelpers(text) {
  const helpers = Object.entries(metafile.outputs).filter(([, { inputs }]) => Object.keys(inputs).length === 0)
  const names = new Set(helpers.map(([path]) => basename(path)))
  return text.replace(/^import "[^"]*?([^/"]+)";\n/gm, (line, name) => (names.has(name) ? '' : line))
}

/**
 * `import … from 'node:fs'` looks at every export of `fs`, and some of them load streams when they are looked at: 3 ms for files alone.
 * (A Node that is too old to answer is refused a moment later.)
 */
function plainBuiltins(text) {
  return text.replace(/^import ([^;"]+) from "(node:[^"]+)";$/gm, (line, names, module) => {
    if (names === 'process') return line // it would hide the very word that stands for it
    const wanted = names.startsWith('{') ? names.replaceAll(' as ', ': ') : names.replace('* as ', '')
    return `const ${wanted} = process.getBuiltinModule?.("${module}") ?? {};`
  })
}

function place(path, text) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.${process.pid}`, text)
  renameSync(`${path}.${process.pid}`, path)
}

/**
 * A daemon that runs may still load a chunk of the build it was started from; a release carries none of those.
 * What Node compiled of them (main.ts) goes too.
 */
function forgetOldChunks() {
  rmSync(join(home, '.cache'), { recursive: true, force: true })
  const chunks = join(dist, 'chunks')
  mkdirSync(chunks, { recursive: true })
  const current = new Set(outputFiles.map((file) => basename(file.path)))
  const kept = process.argv.includes('--release') ? 0 : day
  for (const name of readdirSync(chunks))
    if (!current.has(name) && Date.now() - statSync(join(chunks, name)).mtimeMs >= kept) rmSync(join(chunks, name))
}
