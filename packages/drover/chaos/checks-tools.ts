import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Task } from '../src/domain/task.ts'
import { prompts } from '../test/support/talking.ts'
import { childTitle } from './talks.ts'
import type { ChaosWorld } from './world.ts'

/** Told once in an attempt, answered once, and given to the agent that asked. */
export async function assertQuestions(world: ChaosWorld, tasks: readonly Task[]): Promise<void> {
  const asked = await world.all('task.asked')
  const answered = await world.all('task.answered')
  const once = asked.map(({ task, attempt, data }) => `${task}/${attempt}: ${data.text}`)
  assert.deepEqual(once, [...new Set(once)], 'a question was written down twice')
  const answers = answered.map(({ data }) => data.question)
  assert.deepEqual(answers, [...new Set(answers)], 'a question was answered twice')
  for (const { task, data } of answered) {
    const isDone = tasks.some(({ id, status }) => id === task && status === 'completed')
    if (isDone)
      assert.ok(
        prompts(world, task).some((text) => text.includes(`The answer: ${data.text}`)),
        `${task} never heard the answer "${data.text}"`,
      )
  }
}

/** A task that is asked for again and again, by an agent that is killed and goes on, is one task; so are the parts of another. */
export async function assertMade(world: ChaosWorld, tasks: readonly Task[]): Promise<void> {
  const made = tasks.filter(({ kind }) => kind === 'spawned' || kind === 'split')
  const names = made.map(({ parentId, title }) => `${parentId}: ${title}`)
  assert.deepEqual(names.toSorted(), [...new Set(names)].toSorted(), 'a task was made twice')
  const split = await world.all('task.decomposed')
  for (const { task, data } of split)
    assert.deepEqual(
      made.flatMap(({ id, parentId, kind }) => (parentId === task && kind === 'split' ? [id] : [])).toSorted(),
      data.into.toSorted(),
      `what ${task} was split into`,
    )
  for (const { id, kind, title, status } of tasks)
    if (kind === 'task' && title.endsWith('(spawner)') && status === 'completed')
      assert.deepEqual(
        made.filter(({ parentId }) => parentId === id).map((one) => one.title),
        [childTitle(id)],
      )
}

export async function assertFound(world: ChaosWorld): Promise<void> {
  const found = (await world.all('task.found')).map(({ task, data }) => `${task}: ${data.finding.summary}`)
  assert.deepEqual(found, [...new Set(found)])
}

export async function assertHinted(world: ChaosWorld): Promise<void> {
  const told = (await world.all('task.hint_delivered')).map(({ data }) => data.hint)
  assert.deepEqual(told, [...new Set(told)])
}

/** Each turn of the agent costs three tokens and says so in a line: drover has counted no line twice, and left none out that it has read to its end. */
export async function assertUsage(world: ChaosWorld): Promise<void> {
  const counted = Map.groupBy(await world.all('agent.usage'), ({ task, attempt }) => `${task}/${attempt}`)
  for (const [attempt, events] of counted) {
    const tokens = events.reduce((sum, { data }) => sum + data.usage.inputTokens, 0)
    const told = 3 * resultsIn(join(world.root, '.drover/attempts', attempt))
    assert.ok(tokens <= told, `${attempt} has used ${told} tokens, and ${tokens} were counted`)
  }
  for (const { task, attempt } of await world.all('task.passed')) {
    const folder = join(world.root, '.drover/attempts', `${task}/${attempt}`)
    const tokens = (counted.get(`${task}/${attempt}`) ?? []).reduce((sum, { data }) => sum + data.usage.inputTokens, 0)
    assert.equal(tokens, 3 * resultsIn(folder), `what ${task}/${attempt} has used`)
  }
}

/** Turns that have ended, in this program and those before it in the attempt. */
function resultsIn(folder: string): number {
  if (!existsSync(folder)) return 0
  const outputs = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(?:^|\/)out(?:\.|$)/.test(name),
  )
  return outputs
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((line) => line.includes('"type":"result"') && line.includes('"input_tokens":3')).length
}
