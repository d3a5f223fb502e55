import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pass } from 'node:timers/promises'
import { strike } from '../src/app/strike.ts'
import { checkEverything, checkRemains, checkRest } from './checks.ts'
import { openDiary } from './diary.ts'
import { hitsOf, perform, startWith, type Scene } from './people.ts'
import type { Life, Plan } from './plan.ts'
import { asJsonl, gate } from './tasks.ts'
import { holds, Violation } from './violation.ts'
import { ChaosWorld } from './world.ts'

export interface Outcome {
  kills: number
  ms: number
  /** Points that were passed, and those at which something was made to happen. */
  hits: Map<string, number>
  violation?: Violation
  /** What drover and the ledger said, when something is wrong. */
  evidence?: string
  folder?: string
}

export const settings = `retry_delay = "20ms"
retry_delay_max = "100ms"
stop_grace = "300ms"
[land]
gate = '${gate}'
[agents.claude]
path = "../claude"
`
const files = { 'README.md': '# A project\n', 'shared.txt': 'begun\n', 'staged.txt': 'one\n', 'gone.txt': '' }

/** One project from its first task to its last, with all these deaths in between. */
export async function campaign(main: string, plan: Plan, keeps = false): Promise<Outcome> {
  const begun = performance.now()
  const world = new ChaosWorld(main)
  const outcome: Outcome = { kills: 0, ms: 0, hits: new Map() }
  try {
    const scene = await begin(world, plan)
    for (const life of plan.lives) outcome.kills += await live(scene, life)
    await finish(scene)
    await perform(scene, { action: 'add', when: null, after: 0, pick: 0, dies: null, slow: 0 })
    outcome.kills += await live(scene, plan.last)
    await finish(scene)
    await checkEverything(world, scene.diary)
  } catch (error) {
    outcome.violation =
      error instanceof Violation ? error : new Violation('the harness', String((error as Error).stack))
    outcome.evidence = await world.glance().then(
      (glance) => `${glance}${world.log()}`,
      () => '',
    )
  } finally {
    for (const line of hitsOf(world)) {
      const point = line.startsWith('!') ? `! ${line.split(' ').slice(1, -2).join(' ')}` : line
      outcome.hits.set(point, (outcome.hits.get(point) ?? 0) + 1)
    }
    if (outcome.violation && keeps) {
      outcome.folder = `${world.folder}-kept`
      cpSync(world.folder, outcome.folder, { recursive: true, verbatimSymlinks: true })
    }
    await world.close().catch((error: unknown) => {
      outcome.violation ??= new Violation('nothing is left at work', String(error))
    })
  }
  return { ...outcome, ms: performance.now() - begun }
}

async function begin(world: ChaosWorld, plan: Plan): Promise<Scene> {
  await world.begin(settings, files)
  const diary = openDiary(world, plan)
  const worked = new Set(plan.tasks.filter(({ kind }) => kind !== 'idle').map(({ id }) => id))
  const file = join(world.folder, 'plan.jsonl')
  writeFileSync(file, asJsonl(plan.tasks, worked))
  await world.ok('import-jsonl', file)
  for (const { id } of plan.tasks) diary.created.add(id)
  return { world, plan, diary, added: 0, others: [] }
}

/** From a start to its death. Returns how many were killed. */
async function live(scene: Scene, life: Life): Promise<number> {
  const { world, plan } = scene
  const project = await world.projectId()
  const struckBefore = strikes(world)
  const running = startWith(world, { faults: life.faults, project, log: world.hits }, [
    life.as,
    '-w',
    String(plan.workers),
  ])
  const over = whenOver(running)
  const acting = Promise.allSettled(life.acts.map((act) => perform(scene, act)))
  const deadline = performance.now() + life.untilMs
  while (!over.is && performance.now() < deadline) await pass(5)
  let kills = 0
  if (!over.is) {
    strike(life.end, project, running.pid)
    kills++
  }
  const acted = await acting
  for (const other of scene.others) {
    strike('daemon', project, other.pid)
    kills++
  }
  const { code, signal, stderr } = await running.ended
  // Of two runs that start at one moment either may be the one that drives.
  const expected = [0, 8, ...(scene.others.length > 0 ? [5] : [])]
  await Promise.all(scene.others.map(({ ended }) => ended))
  scene.others.length = 0
  if (signal === null && !expected.includes(code ?? -1))
    throw new Violation('6 a start after a death needs no human', `drover ${life.as} ended with ${code}: ${stderr}`)
  for (const ended of acted) if (ended.status === 'rejected') throw ended.reason
  await checkRemains(world, scene.diary)
  return kills + strikes(world) - struckBefore
}

function whenOver({ ended }: { ended: Promise<unknown> }): { is: boolean } {
  const over = { is: false }
  void ended.then(() => (over.is = true))
  return over
}

const strikes = (world: ChaosWorld): number =>
  hitsOf(world).filter((line) => /^! .* (?:daemon|group|machine|git|orphan)$/.test(line)).length

const patienceMs = 60_000
const longestMs = 240_000
const rounds = 10

/** Drives everything to its end, with a person who does what drover asks them to. */
async function finish(scene: Scene): Promise<void> {
  const { world, plan } = scene
  for (let round = 0; round < rounds; round++) {
    await runToTheEnd(scene, ['run', '-w', String(plan.workers)])
    await checkRest(world, scene.diary)
    if (!(await goOn(scene))) return
  }
  throw new Violation('2 no task is lost', `not over after ${rounds} runs:\n${await world.glance()}`)
}

async function runToTheEnd({ world }: Scene, words: string[]): Promise<void> {
  const running = startWith(world, { faults: [], log: world.hits }, words)
  const over = whenOver(running)
  const { reading } = await world.ledger()
  const begun = performance.now()
  for (let seen = -1, since = begun; !over.is; await pass(10)) {
    const now = await reading.lastSeq()
    if (now !== seen) [seen, since] = [now, performance.now()]
    if (performance.now() - begun > longestMs) {
      await running.kill()
      throw new Violation('2 no task is lost', `a run goes on and on, for ${longestMs / 1000} s`)
    }
    if (performance.now() - since > patienceMs) {
      await running.kill()
      throw new Violation('2 no task is lost', `nothing has happened for ${patienceMs / 1000} s\n${running.said()}`)
    }
  }
  const { code, stderr } = await running.ended
  await holds('6 a start after a death needs no human', () => {
    if (code !== 0 && code !== 8) throw new Error(`drover ${words.join(' ')} ended with ${code}: ${stderr}`)
  })
}

/** What a person does about what is left. False when all is done. */
async function goOn({ world }: Scene): Promise<boolean> {
  const tasks = await (await world.ledger()).reading.tasks({})
  let did = false
  for (const { id, status, blockedReason, kind } of tasks) {
    if (kind === 'subtask' || status === 'completed' || blockedReason === 'needs') continue
    did = true
    // Nobody's edit is in the way of anything here: the next run looks again, and lets it land.
    if (blockedReason === 'checkout') continue
    const verb =
      status === 'paused' ? 'resume' : blockedReason === 'question' || blockedReason === 'review' ? 'resolve' : 'retry'
    await world.ok(verb, id)
  }
  if (!did && tasks.some(({ status, kind }) => kind !== 'subtask' && status !== 'completed'))
    throw new Violation('2 no task is lost', `nobody can go on:\n${await world.glance()}`)
  return did
}
