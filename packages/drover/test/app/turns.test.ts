import assert from 'node:assert/strict'
import { test } from 'node:test'
import { realClock } from '../../src/app/clock.ts'
import { until } from './attempt-world.ts'

test('who breathes goes on alone, and timers are heard in between, however many breathe at once', async (t) => {
  const heard: string[] = []
  const timer = setInterval(() => heard.push('timer'), 1)
  t.after(() => clearInterval(timer))
  const goOn = async (name: string): Promise<void> => {
    await realClock.breathe()
    heard.push(name)
    const end = performance.now() + 5
    while (performance.now() < end);
  }
  await Promise.all(['first', 'second', 'third'].map(goOn))
  await until('a timer at last', async () => heard.at(-1) === 'timer')
  const inOrder = heard.filter((name, i) => name !== 'timer' || heard[i - 1] !== 'timer')
  assert.deepEqual(inOrder.slice(inOrder.indexOf('first')), ['first', 'timer', 'second', 'timer', 'third', 'timer'])
})

test('who breathes while others do comes behind them', async () => {
  const heard: string[] = []
  const goOn = async (name: string): Promise<void> => {
    for (const round of [1, 2]) {
      await realClock.breathe()
      heard.push(`${name} ${round}`)
    }
  }
  await Promise.all(['a', 'b'].map(goOn))
  assert.deepEqual(heard, ['a 1', 'b 1', 'a 2', 'b 2'])
})
