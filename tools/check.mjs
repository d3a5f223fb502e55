// Everything that can be said about the code without running it. Every stage runs, also after one has failed.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const stages = {
  format: ['node_modules/oxfmt/bin/oxfmt', '--check'],
  lint: ['node_modules/oxlint/bin/oxlint', '--deny-warnings'],
  types: ['node_modules/typescript/bin/tsc'],
  dead: ['node_modules/knip/bin/knip.js'],
  build: ['tools/build.mjs'],
  package: ['node_modules/publint/src/cli.js', 'packages/drover', '--strict', '--pack', 'false'],
  architecture: ['--test', 'packages/drover/test/architecture.test.ts'],
}

const failed = []
for (const [name, args] of Object.entries(stages)) {
  const start = performance.now()
  const ran = spawnSync(process.execPath, args, {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    encoding: 'utf8',
  })
  const time = `${Math.round(performance.now() - start)} ms`
  console.log(`${ran.status === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(13)} ${time.padStart(8)}`)
  if (ran.status === 0) continue
  failed.push(name)
  console.log(`${ran.stdout}${ran.stderr}`)
}

if (failed.length > 0) console.error(`npm run check: ${failed.join(', ')} failed`)
process.exitCode = failed.length > 0 ? 1 : 0
