import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { openProcesses, readPsLine } from '../../src/app/processes.ts'
import { openWorld, until } from './attempt-world.ts'

test('a line of ps is read, with the mark behind the command', () => {
  const line =
    '  812     1   812 Ss   Sat Nov 21 10:00:07 2026     sh -c x DROVER_RUN_ID=p:task-1/1 PATH=/bin DROVER_GIT=ab:3'
  const process = {
    pid: 812,
    parent: 1,
    group: 812,
    alive: true,
    start: 'Sat_Nov_21_10:00:07_2026',
    run: 'p:task-1/1',
    git: 'ab:3',
  }
  assert.deepEqual(readPsLine(line), [process])
  assert.deepEqual(readPsLine(line.replace('Ss', 'Z+')), [{ ...process, alive: false }])
  assert.deepEqual(readPsLine(''), [])
})

test('a zombie is seen as one', { skip: process.platform !== 'linux' }, async (t) => {
  const world = openWorld(t)
  // The shell starts a child and becomes a program that does not ask for its end.
  const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 1000'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const pid = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)))
  const processes = openProcesses('linux', async () => '')
  await until('a zombie', async () => (await processes.one(pid))?.alive === false)
  parent.kill('SIGKILL')
  assert.ok(world.root)
})

test('ends that come together share one look at the processes', async () => {
  let looks = 0
  const processes = openProcesses('darwin', async () => {
    looks += 1
    return ''
  })
  await Promise.all(Array.from({ length: 20 }, () => processes.sweep()))
  assert.equal(looks, 1)
  await processes.sweep()
  assert.equal(looks, 2)
})
