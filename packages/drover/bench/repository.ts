import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'

const identity = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }

/** A repository with so many small files, on a branch of its own checked out, so that no checkout has to follow `main`. */
export function makeRepository(path: string, files: number): void {
  mkdirSync(path, { recursive: true })
  const git = (args: string[], input?: string): string =>
    execFileSync('git', ['-C', path, ...args], {
      encoding: 'utf8',
      env: { ...process.env, ...identity },
      maxBuffer: 1 << 28,
      ...(input === undefined ? {} : { input }),
    })
  git(['init', '-q', '-b', 'main'])
  const blobs = Array.from({ length: files }, (_, i) => {
    const text = Array.from({ length: 4 + (i % 40) }, (_unused, j) => `export const v${j} = ${i * j};\n`).join('')
    return `M 100644 inline src/p${Math.floor(i / 20) % 16}/d${Math.floor(i / 320)}/f${i}.ts\ndata ${text.length}\n${text}\n`
  })
  git(
    ['fast-import', '--quiet'],
    `commit refs/heads/main\ncommitter f <f@f> 1700000000 +0000\ndata 4\ninit\n${blobs.join('')}M 100644 inline t/.keep\ndata 0\n\n`,
  )
  git(['config', 'gc.auto', '0'])
  git(['config', 'user.name', 'Bench'])
  git(['config', 'user.email', 'bench@example.test'])
  git(['update-ref', 'refs/heads/elsewhere', 'refs/heads/main'])
}

export const gitIn = (path: string, args: string[]): string =>
  execFileSync('git', ['-C', path, ...args], { encoding: 'utf8', env: { ...process.env, ...identity } })
