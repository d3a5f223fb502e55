import { setTimeout as pass } from 'node:timers/promises'
import type { Task } from '../src/domain/task.ts'
import { checkRest } from './checks.ts'
import { ends, say, startWith, type Scene } from './people.ts'
import { holds, Violation } from './violation.ts'

/** Who sees that a limit is the reason types that it is to be tried now. */
const impatienceMs = 700
const patienceMs = 60_000
const longestMs = 240_000
/** Here nobody's attempt fails often by itself. */
const fewAttempts = 10
const rounds = 10

/** Drives everything to its end, with a person who does what drover asks them to. */
export async function finish(scene: Scene): Promise<void> {
  const { world, plan } = scene
  for (let round = 0; round < rounds; round++) {
    await runToTheEnd(scene, ['run', '-w', String(plan.workers)])
    await checkRest(world, scene.diary)
    if (!(await goOn(scene))) return
  }
  throw new Violation('2 no task is lost', `not over after ${rounds} runs:\n${await world.glance()}`)
}

async function runToTheEnd(scene: Scene, words: string[]): Promise<void> {
  const { world } = scene
  const running = startWith(world, { faults: [], log: world.hits }, words)
  const over = { is: false }
  void running.ended.then(() => (over.is = true))
  const { reading } = await world.ledger()
  const begun = performance.now()
  for (let seen = -1, since = begun; !over.is; await pass(10)) {
    const now = await reading.lastSeq()
    if (now !== seen) {
      ;[seen, since] = [now, performance.now()]
      if (await isHopeless(scene)) {
        await running.kill()
        throw new Violation('2 no task is lost', `a task fails again and again\n${await world.glance()}`)
      }
    }
    const restsFor = performance.now() - since
    if (restsFor > impatienceMs && (await isParked(scene)))
      await say(scene, { faults: [] }, 'resume', '--now', 'nobody')
    if (performance.now() - begun > longestMs) {
      await running.kill()
      throw new Violation('2 no task is lost', `a run goes on and on, for ${longestMs / 1000} s`)
    }
    if (restsFor > patienceMs) {
      await running.kill()
      throw new Violation('2 no task is lost', `nothing has happened for ${patienceMs / 1000} s\n${running.said()}`)
    }
  }
  const { code, stderr } = await running.ended
  await holds('6 a start after a death needs no human', () => {
    if (!ends.includes(code)) throw new Error(`drover ${words.join(' ')} ended with ${code}: ${stderr}`)
  })
}

const isHopeless = async ({ world }: Scene): Promise<boolean> =>
  (await (await world.ledger()).reading.tasks({})).some(({ attempts }) => attempts > fewAttempts)

const isParked = async ({ world }: Scene): Promise<boolean> =>
  (await (await world.ledger()).reading.accounts()).some(({ why }) => why === 'limit')

/** What a person does about what is left. False when all is done. */
async function goOn({ world }: Scene): Promise<boolean> {
  const tasks = (await (await world.ledger()).reading.tasks({})).filter(({ kind }) => kind !== 'subtask')
  const left = tasks.filter(({ status }) => status !== 'completed')
  const helped = left.flatMap((task) => helpFor(task) ?? [])
  for (const words of helped) if (words.length > 0) await world.ok(...words)
  if (left.length > 0 && helped.length === 0)
    throw new Violation('2 no task is lost', `nobody can go on:\n${await world.glance()}`)
  return left.length > 0
}

/** What one types about a task that is not done; no words where another run is all that it needs, nothing where others come first. */
export function helpFor({ id, status, blockedReason }: Task): [string[]] | undefined {
  // Nobody's edit is in the way of anything here, and somebody has logged in: the next run looks again.
  if (status === 'ready' || blockedReason === 'checkout') return [[]]
  if (status === 'decomposed' || blockedReason === 'needs') return undefined
  if (status === 'paused') return [['resume', id]]
  if (blockedReason === 'question') return [['answer', id, `that of ${id}`]]
  if (blockedReason === 'review' || blockedReason === 'budget') return [['resolve', id]]
  return [['retry', id]]
}
