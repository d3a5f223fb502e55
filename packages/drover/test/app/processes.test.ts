import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { realClock } from '../../src/app/clock.ts'
import { openProcesses, readPsLine } from '../../src/app/processes.ts'
import { until } from './attempt-world.ts'

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
  // The shell becomes a program that does not ask for the end of its child: the shell itself would, if the child ended before.
  const script = 'exec 3<&0; cat <&3 >/dev/null & echo $!; exec sleep 1000'
  const parent = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => parent.kill('SIGKILL'))
  const pid = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)))
  const processes = openProcesses('linux', async () => '')
  await until('no shell', async () => readFileSync(`/proc/${parent.pid}/comm`, 'utf8') === 'sleep\n')
  assert.equal((await processes.one(pid))?.alive, true)
  parent.stdin.end()
  await until('a zombie', async () => (await processes.one(pid))?.alive === false)
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

test(
  'a process that begins while a look lets others run is found',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const processes = openProcesses('linux', async () => '')
    let isOver = false
    const look = processes.sweep().finally(() => (isOver = true))
    await realClock.breathe()
    if (isOver) return t.skip('there are too few processes here for a look to take long')
    const late = spawn('sleep', ['1000'], {
      env: { PATH: process.env['PATH'], DROVER_RUN_ID: 'p:late/1' },
      stdio: 'ignore',
    })
    t.after(() => late.kill('SIGKILL'))
    assert.deepEqual(
      (await look).marked.filter(({ run }) => run === 'p:late/1').map(({ pid }) => pid),
      [late.pid],
    )
  },
)
