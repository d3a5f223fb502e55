// npm test                          everything
// npm test -- settle land           the files whose path contains one of these words
// npm test -- --test-name-pattern=… options go to the test runner
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const words = process.argv.slice(2).filter((word) => !word.startsWith('-'))
const options = process.argv.slice(2).filter((word) => word.startsWith('-'))
const all = globSync('packages/drover/test/**/*.test.ts').toSorted()
const files = words.length === 0 ? all : all.filter((file) => words.some((word) => file.includes(word)))

if (files.length === 0) {
  console.error(`No test file has ${words.join(' or ')} in its path.`)
  process.exit(2)
}

// Each file is a process of its own: what it leaks cannot reach the next one.
const args = ['--test', '--test-concurrency=2', ...options, ...files]
if (process.execve) process.execve(process.execPath, [process.execPath, ...args], process.env)
process.exit(spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1)
