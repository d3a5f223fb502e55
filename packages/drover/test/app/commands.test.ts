import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { CommandRun } from '../../src/ports/system.ts'
import { isLiving, openWorld, until, type World } from './attempt-world.ts'
import { openSystem } from '../../src/app/system.ts'

const run = (world: World, command: string, more: Partial<CommandRun> = {}, signal = AbortSignal.timeout(30_000)) =>
  world.system.run(
    { command, cwd: world.root, env: world.env, timeoutMs: 20_000, logFile: null, mark: world.markOf('run'), ...more },
    signal,
  )

test('a command’s end and what it printed are told', async (t) => {
  const world = openWorld(t)
  const logFile = join(world.root, 'log', 'gate.log')
  const finished = await run(world, 'echo out; echo err >&2; echo "$DROVER_RUN_ID"; cat; exit 3', { logFile })
  assert.deepEqual([finished.exitCode, finished.signal, finished.timedOut], [3, null, false])
  assert.deepEqual(finished.tail.trim().split('\n').toSorted(), ['err', 'out', world.markOf('run')].toSorted())
  assert.equal(readFileSync(logFile, 'utf8'), finished.tail)
  assert.equal(statSync(logFile).mode & 0o777, 0o600)
  assert.equal((await run(world, 'kill -9 $$')).signal, 'SIGKILL')
})

test('a command may be given words, and need not read them', async (t) => {
  const world = openWorld(t)
  assert.equal((await run(world, 'cat', { input: 'words' })).tail, 'words')
  assert.equal((await run(world, 'exit 0', { input: 'x'.repeat(5_000_000) })).exitCode, 0)
})

test('a command that takes too long is ended with all it started', async (t) => {
  const world = openWorld(t)
  const finished = await run(world, 'setsid sh -c "echo \\$\\$; exec sleep 1000" & sleep 1000', { timeoutMs: 300 })
  assert.equal(finished.timedOut, true)
  assert.equal(finished.exitCode, null)
  assert.ok(finished.durationMs < 5_000)
  assert.equal(isLiving(Number(finished.tail)), false)
})

test('a command that nobody wants any more is ended', async (t) => {
  const world = openWorld(t)
  const stop = new AbortController()
  const running = run(world, 'exec sleep 1000', {}, stop.signal)
  await until('the command', async () => (await world.system.marked(world.markOf('run'))).length > 0)
  stop.abort()
  const finished = await running
  assert.deepEqual([finished.timedOut, finished.signal], [false, 'SIGTERM'])
  assert.equal((await run(world, 'exec sleep 1000', {}, AbortSignal.abort())).timedOut, false)
})

test('what a command leaves in its group does not outlive it, nor keep it open', async (t) => {
  const world = openWorld(t)
  const finished = await run(world, 'sleep 1000 & echo $!; exit 0')
  assert.equal(finished.exitCode, 0)
  assert.ok(finished.durationMs < 5_000)
  assert.equal(isLiving(Number(finished.tail)), false)
})

test('a log is at most 50 MiB, its beginning and its end', async (t) => {
  const world = openWorld(t)
  const logFile = join(world.root, 'long.log')
  const before = process.memoryUsage().rss
  const finished = await run(world, 'echo begin; head -c 60000000 /dev/zero | tr "\\0" "x"; echo; echo end', {
    logFile,
  })
  assert.ok(process.memoryUsage().rss - before < 150 * 1024 * 1024)
  assert.match(finished.tail, /x\nend\n$/)
  assert.equal(finished.tail.length, 16 * 1024)
  const log = readFileSync(logFile, 'utf8')
  assert.ok(log.length <= 50 * 1024 * 1024 + 100)
  assert.ok(log.startsWith('begin\n') && log.endsWith(finished.tail) && log.includes('bytes left out]'))
})

test('a command cannot run where there is no folder', async (t) => {
  const world = openWorld(t)
  await assert.rejects(run(world, 'true', { cwd: join(world.root, 'missing') }), /no such folder/)
})

test('a program is told nothing but what is passed', async (t) => {
  const world = openWorld(t)
  const { exec } = openSystem()
  const seen = await exec({ file: '/usr/bin/env', args: [], cwd: world.root, env: { ONLY: 'this' } })
  assert.deepEqual(seen, { exitCode: 0, signal: null, stdout: 'ONLY=this\n', stderr: '' })
  assert.equal((await exec({ file: 'cat', args: [], cwd: world.root, env: world.env, input: 'ü\0' })).stdout, 'ü\0')
  assert.deepEqual(
    await exec({ file: 'sh', args: ['-c', 'cat; echo no >&2; exit 5'], cwd: world.root, env: world.env }),
    {
      exitCode: 5,
      signal: null,
      stdout: '',
      stderr: 'no\n',
    },
  )
})

test('a program is asked to end when its time is over, or nobody wants it', async (t) => {
  const world = openWorld(t)
  const { exec } = openSystem()
  const sleep = { file: 'sleep', args: ['1000'], cwd: world.root, env: world.env }
  assert.equal((await exec({ ...sleep, timeoutMs: 20 })).signal, 'SIGTERM')
  assert.equal((await exec(sleep, AbortSignal.timeout(20))).signal, 'SIGTERM')
  await assert.rejects(exec(sleep, AbortSignal.abort(new Error('not wanted'))), /not wanted/)
  const stubborn = { ...sleep, file: 'sh', args: ['-c', "trap '' TERM; while :; do sleep 1; done"] }
  assert.equal((await exec({ ...stubborn, timeoutMs: 20 })).signal, 'SIGKILL')
})

test('a program that is not there, or prints without end, is an error', async (t) => {
  const world = openWorld(t)
  const { exec } = openSystem()
  const call = { args: [], cwd: world.root, env: world.env }
  await assert.rejects(exec({ ...call, file: 'no-such-program' }), /ENOENT/)
  await assert.rejects(exec({ ...call, file: 'yes' }), /more than 64 MiB/)
})
