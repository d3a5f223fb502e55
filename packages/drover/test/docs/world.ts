import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { main } from '../cli/binary.ts'
import { clone, type Example } from './markdown.ts'

const standIn = fileURLToPath(new URL('claude.mjs', import.meta.url))

/** What a reader has before the first line: a project of their own in git, a home, `drover` and `claude` on the PATH. */
export function readersWorld(t: TestContext) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'drover-docs-')))
  const [home, bin, project, state, block] = ['home', 'bin', 'shop', 'state', 'block.sh'].map((name) =>
    join(folder, name),
  ) as [string, string, string, string, string]
  for (const one of [home, bin, project, join(home, '.config', 'drover')]) mkdirSync(one, { recursive: true })
  const env = {
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    HOME: home,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    GIT_CONFIG_NOSYSTEM: '1',
    XDG_RUNTIME_DIR: folder,
    npm_config_update_notifier: 'false',
    NODE_COMPILE_CACHE: join(clone, 'node_modules', '.cache', 'drover-test-compiled'),
  }
  writeFileSync(
    join(home, '.gitconfig'),
    '[user]\nname = Ada\nemail = ada@example.test\n[init]\ndefaultBranch = main\n',
  )
  // A reader waits between attempts; a test does not.
  writeFileSync(join(home, '.config', 'drover', 'config.toml'), 'retry_delay = "50ms"\n')
  for (const [program, script] of Object.entries({ drover: main, claude: standIn })) {
    writeFileSync(join(bin, program), `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`)
    chmodSync(join(bin, program), 0o755)
  }

  const shell = (script: string, cwd: string) => {
    const ran = spawnSync('sh', ['-c', `exec 2>&1\n${script}`], {
      cwd,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
      killSignal: 'SIGKILL',
    })
    return { code: ran.status, out: ran.stdout }
  }
  shell('git init -q && printf "# Shop\\n" > README.md && git add . && git commit -qm "An empty shop"', project)
  writeFileSync(state, '')
  t.after(() => {
    if (existsSync(join(project, '.drover', 'run', 'daemon.json'))) shell('drover daemon stop', project)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  /** Runs a block as the reader's shell would: the folder and the variables that the last one left still stand. */
  return function type({ script, inClone }: Pick<Example, 'script' | 'inClone'>) {
    if (inClone) return shell(script, clone)
    writeFileSync(block, `${script}\n`)
    return shell(asNext(state, block), project)
  }
}

const asNext = (state: string, block: string): string => `. '${state}'
remember() { code=$?; { printf 'cd "%s"\\n' "$PWD"; export -p; } > '${state}'; exit $code; }
trap remember EXIT
set -e
. '${block}'`
