import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

// Stripping types takes most of a start from source; once is enough for all tests.
const compiled = fileURLToPath(new URL('../../../../node_modules/.cache/drover-test-compiled', import.meta.url))
export const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface Ran {
  code: number | null
  out: string
  err: string
}

interface Call {
  cwd?: string
  env?: Record<string, string>
  input?: string
}

/** A git repository of its own, and drover as a person starts it. */
export function makePlace(t: TestContext, { commit = true } = {}) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'drover-cli-')))
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const [root, home] = [join(folder, 'project'), join(folder, 'home')]
  mkdirSync(root)
  mkdirSync(home)
  writeFileSync(join(home, '.gitconfig'), '[user]\nname = Ada\nemail = ada@example.test\n')
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    LANG: 'C.UTF-8',
    XDG_RUNTIME_DIR: folder,
    NODE_COMPILE_CACHE: compiled,
  }
  const git = (...args: string[]): string => {
    const ran = spawnSync('git', args, { cwd: root, env, encoding: 'utf8' })
    assert.equal(ran.status, 0, ran.stderr)
    return ran.stdout.trim()
  }
  git('init', '-q', '-b', 'main')
  if (commit) git('commit', '-q', '--allow-empty', '-m', 'first')

  const start = (args: readonly string[], { cwd = root, env: more = {} }: Call = {}): ChildProcess =>
    spawn(process.execPath, [main, ...args], { cwd, env: { ...env, ...more }, stdio: 'pipe' })

  const drover = (...args: (string | Call)[]): Promise<Ran> => {
    const call = args.find((one): one is Call => typeof one !== 'string') ?? {}
    const child = start(
      args.filter((one) => typeof one === 'string'),
      call,
    )
    const said = { out: '', err: '' }
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (said.out += text))
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (said.err += text))
    child.stdin!.on('error', () => undefined).end(call.input ?? '')
    return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...said })))
  }

  return {
    root,
    env,
    git,
    start,
    drover,
    /** It must work; its JSON. */
    async json(...args: (string | Call)[]) {
      const ran = await drover(...args, '--json')
      assert.equal(ran.code, 0, ran.err + ran.out)
      return JSON.parse(ran.out).data
    },
    async ok(...args: (string | Call)[]): Promise<Ran> {
      const ran = await drover(...args)
      assert.equal(ran.code, 0, ran.err + ran.out)
      return ran
    },
    /** It must be refused with this code and exit. */
    async refused(code: string, exit: number, ...args: (string | Call)[]): Promise<{ message: string; hint: string }> {
      const ran = await drover(...args, '--json')
      const { schema, error } = JSON.parse(ran.out)
      assert.deepEqual([schema, error.code, ran.code], ['drover.error/v1', code, exit], ran.err)
      assert.ok(ran.err.startsWith(`error[${code}]: `), ran.err)
      assert.ok(error.hint.length > 0)
      return error
    },
  }
}

export type Place = ReturnType<typeof makePlace>

export async function makeProject(t: TestContext): Promise<Place> {
  const place = makePlace(t)
  await place.ok('init')
  return place
}
