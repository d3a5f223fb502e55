import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Remembered, remembered } from '../test/support/talking.ts'
import type { World } from '../test/support/world.ts'
import type { ChaosWorld } from './world.ts'

/** A session goes on where it stood, whoever was killed; another begins only where a person wants the work begun anew. */
export async function assertTalked(world: World): Promise<void> {
  const anew = new Set([
    ...(await world.all('task.reopened')).map(({ task }) => task),
    ...(await world.all('task.claimed')).flatMap(({ task, data }) => (data.fresh ? [task] : [])),
  ])
  const memory = sessionsOf(remembered(world))
  // An agent names its session before it writes anything down: one that was killed in between has none to go on with.
  const begun = new Set(memory.flatMap(({ session, said }) => (said.some(isPrompt) ? [session] : [])))
  const known = Map.groupBy(await world.all('agent.session'), ({ task }) => task)
  for (const [task, said] of known) {
    const own = new Set(said.flatMap(({ data }) => (begun.has(data.session) ? [data.session] : [])))
    if (!anew.has(task)) assert.ok(own.size <= 1, `${task} has begun another session: ${[...own].join(', ')}`)
  }
  const named = new Set([...known.values()].flat().map(({ data }) => data.session))
  for (const { task, session, said } of memory) {
    const steps = said.filter(({ kind }) => kind === 'step').map(({ text }) => text)
    assert.equal(
      new Set(steps).size,
      steps.length,
      `${task} did a step of session ${session} twice: ${steps.join(', ')}`,
    )
    const isLost = said.some(({ kind }) => kind === 'lost')
    assert.ok(!isLost || named.has(session), `${task}: session ${session} was asked for, and nobody had named it`)
  }
}

const isPrompt = ({ kind }: Remembered): boolean => kind === 'prompt'

function sessionsOf(all: readonly Remembered[]): { task: string; session: string; said: readonly Remembered[] }[] {
  const by = Map.groupBy(all, ({ session }) => session)
  return [...by].map(([session, said]) => ({ session, task: said[0]!.task, said }))
}

/** A process that an agent left writes while it lives: it lived no more when the work was kept, so all it wrote has landed. */
export async function assertBeats(world: ChaosWorld): Promise<void> {
  for (const { task, attempt, at, data } of await world.all('task.passed')) {
    const file = join(world.marks, `beat-${task}-${attempt}`)
    if (!existsSync(file) || data.commit === null) continue
    const [count = 0, last = 0] = readFileSync(file, 'utf8').split(' ').map(Number)
    const kept = Number(world.git('show', `${data.commit}:work/late-${task}`))
    assert.ok(last <= at, `${task}/${attempt} passed ${last - at} ms before its last process ended`)
    assert.ok(kept >= count, `${task}/${attempt}: its last process wrote ${count} times, and ${kept} of them are kept`)
  }
}
