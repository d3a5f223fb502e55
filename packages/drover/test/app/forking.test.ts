import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openSystem } from '../../src/app/system.ts'

const patienceMs = 20_000

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + patienceMs; !(await isSo());) {
    assert.ok(performance.now() < deadline, `it never came to this: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

function open(t: TestContext) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'drover-forking-')))
  const system = openSystem(join(folder, 'calls'))
  t.after(() => {
    system.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const exec = (
    file: string,
    args: string[],
    more: { input?: string; env?: Record<string, string>; cwd?: string; timeoutMs?: number } = {},
  ) =>
    system.exec({
      file,
      args,
      cwd: more.cwd ?? folder,
      env: { PATH: '/usr/bin:/bin', ...more.env },
      ...(more.input === undefined ? {} : { input: more.input }),
      ...(more.timeoutMs ? { timeoutMs: more.timeoutMs } : {}),
    })
  return { folder, exec }
}

const hostile = [
  "it's",
  '"; rm -rf ~ #',
  '$(touch owned)',
  '`touch owned`',
  'a\nb',
  '',
  '-n',
  '*',
  '\\',
  'ä 🐂',
  '${IFS}',
  "'\\''",
]

test('words reach the program as they are, whatever is in them', async (t) => {
  const { exec, folder } = open(t)
  const { stdout, exitCode } = await exec('sh', ['-c', 'for word; do printf "%s\\001" "$word"; done', 'sh', ...hostile])
  assert.equal(exitCode, 0)
  assert.deepEqual(stdout.split('\u0001').slice(0, -1), hostile)
  assert.deepEqual(readdirSync(folder), ['calls'])
})

test('the environment is what is given, and nothing else', async (t) => {
  const { exec } = open(t)
  const { stdout } = await exec('env', [], { env: { A: "it's\n$HOME", 'not-a-name': 'x' } })
  assert.deepEqual(
    stdout
      .split('\n')
      .filter((line) => !/^(PWD|OLDPWD|_|SHLVL)=/.test(line))
      .toSorted(),
    ['', '$HOME', "A=it's", 'PATH=/usr/bin:/bin'].toSorted(),
  )
})

test('input, output, errors and the exit code come through whole, NUL included', async (t) => {
  const { exec } = open(t)
  const input = `one\0two\n${'x'.repeat(500_000)}`
  const ended = await exec('sh', ['-c', 'cat; echo wrong >&2; exit 3'], { input })
  assert.deepEqual(ended, { exitCode: 3, signal: null, stdout: input, stderr: 'wrong\n' })
})

test('many at once do not get into each other’s way', async (t) => {
  const { exec } = open(t)
  const ended = await Promise.all(
    Array.from({ length: 60 }, (_, i) =>
      exec('sh', ['-c', 'cat; echo "$1" >&2', 'sh', `error ${i}`], { input: `input ${i}` }),
    ),
  )
  assert.deepEqual(
    ended.map(({ stdout, stderr }) => `${stdout} ${stderr}`),
    Array.from({ length: 60 }, (_, i) => `input ${i} error ${i}\n`),
  )
})

test('a folder or a program that is not there is an answer, not a hang', async (t) => {
  const { exec } = open(t)
  assert.notEqual((await exec('no-such-program', [])).exitCode, 0)
  assert.notEqual((await exec('true', [], { cwd: '/no/such/folder' })).exitCode, 0)
  assert.match((await exec('sh', ['-c', 'kill -9 $$'])).signal ?? '', /9/)
})

test('a word with NUL is refused, and the next call works', async (t) => {
  const { exec } = open(t)
  await assert.rejects(exec('echo', ['a\0b']))
  assert.equal((await exec('echo', ['fine'])).stdout, 'fine\n')
})

test('when the shell is killed, what was under way is done once more', async (t) => {
  const { exec, folder } = open(t)
  const shell = Number((await exec('sh', ['-c', 'echo $PPID'])).stdout)
  assert.match(readFileSync(`/proc/${shell}/comm`, 'utf8'), /sh/)
  const under = await exec('sh', [
    '-c',
    `echo one >> times; [ "$(wc -l < times)" -gt 1 ] || kill -9 ${shell}; echo done`,
  ])
  assert.deepEqual([under.exitCode, under.stdout], [0, 'done\n'])
  assert.equal(readFileSync(join(folder, 'times'), 'utf8'), 'one\none\n')
  assert.equal((await exec('echo', ['again'])).stdout, 'again\n')
})

test('what takes too long is given up', async (t) => {
  const { exec } = open(t)
  assert.equal((await exec('sleep', ['5'], { timeoutMs: 50 })).signal, 'SIGTERM')
})

test('children that have ended do not stay as zombies', async (t) => {
  const { exec } = open(t)
  for (let i = 0; i < 40; i++) await exec('true', [])
  const { stdout } = await exec('sh', ['-c', 'cat /proc/$PPID/task/$PPID/children'])
  assert.ok(stdout.trim().split(' ').length <= 3, stdout)
})

test('a script that goes on after the death of who started it is known by its mark, also between two programs', async (t) => {
  const { exec, folder } = open(t)
  const system = openSystem(join(folder, 'more calls'))
  t.after(() => system.close())
  const mark = `${folder}:7`
  const call = {
    file: 'sh',
    args: ['-ec', 'mkfifo wait; echo > wait; true'],
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', DROVER_GIT: mark },
  }
  const over = system.exec(call)
  await until('script and shell are there', async () => (await system.marked(mark)).length >= 2)
  await exec('sh', ['-c', 'cat wait'])
  assert.equal((await over).exitCode, 0)
  assert.equal((await system.marked(mark)).length, 1) // the shell that waits for more
  await system.exec({ ...call, args: ['-ec', 'true'], env: { ...call.env, DROVER_GIT: `${folder}:8` } })
  await until('the shell of the old mark is gone', async () => (await system.marked(mark)).length === 0)
  const seen = await system.exec({ file: 'env', args: [], cwd: folder, env: {} })
  assert.doesNotMatch(seen.stdout, /DROVER_GIT|^PATH=/m)
})
