import { cpSync } from 'node:fs'
import { setTimeout as pass } from 'node:timers/promises'
import { strike } from '../src/app/strike.ts'
import { perform, performInTurn } from './acts.ts'
import { birth } from './birth.ts'
import { checkEverything, checkRemains } from './checks.ts'
import type { Databases } from './database.ts'
import { finish } from './finish.ts'
import { act, type Life, type Plan } from './life.ts'
import { ends, hitsOf, startWith, strikesIn, type Scene } from './people.ts'
import { Violation } from './violation.ts'
import { ChaosWorld } from './world.ts'

export interface Outcome {
  kills: number
  ms: number
  /** Points that were passed, and those at which something was made to happen. */
  hits: Map<string, number>
  /** Where somebody was struck, and how. */
  strikes: string[]
  violation?: Violation
  /** What drover and the ledger said, when something is wrong. */
  evidence?: string
  folder?: string
}

/** Those that are being played now. */
const open = new Set<ChaosWorld>()

/** The harness itself is to end: nothing that it started stays behind. */
export async function abandon(): Promise<void> {
  await Promise.allSettled([...open].map((world) => world.close()))
}

/** One project from its first task to its last, with all these deaths in between. */
export async function campaign(main: string, plan: Plan, keeps = false, databases?: Databases): Promise<Outcome> {
  const begun = performance.now()
  const database = await databases?.another()
  const world = new ChaosWorld(main, database?.url)
  open.add(world)
  const outcome: Outcome = { kills: 0, ms: 0, hits: new Map(), strikes: [] }
  try {
    const scene = await birth(world, plan)
    outcome.kills += strikesIn(world).length
    for (const life of plan.lives) outcome.kills += await live(scene, life)
    await finish(scene)
    await perform(scene, act('add', { pick: 0 }))
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
    outcome.strikes = strikesIn(world)
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
    open.delete(world)
    await database?.drop()
  }
  return { ...outcome, ms: performance.now() - begun }
}

/** From a start to its death. Returns how many were killed. */
async function live(scene: Scene, life: Life): Promise<number> {
  const { world, plan } = scene
  const project = await world.projectId()
  const struckBefore = strikesIn(world).length
  const isStruck = (): boolean => strikesIn(world).length > struckBefore
  scene.isOver = false
  const running = startWith(world, { faults: life.faults, project, log: world.hits }, [
    life.as,
    '-w',
    String(plan.workers),
  ])
  void running.ended.then(() => (scene.isOver = true))
  const acting = Promise.allSettled(
    life.inTurn ? [performInTurn(scene, life.acts, isStruck)] : life.acts.map((one) => perform(scene, one)),
  )
  const deadline = performance.now() + life.untilMs
  // A command that was struck takes the rest with it at once.
  while (!scene.isOver && performance.now() < deadline && !(life.inTurn && isStruck())) await pass(5)
  let kills = 0
  if (!scene.isOver) {
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
  const expected = [...ends, ...(scene.others.length > 0 ? [5] : [])]
  await Promise.all(scene.others.map(({ ended }) => ended))
  scene.others.length = 0
  if (signal === null && !expected.includes(code))
    throw new Violation('6 a start after a death needs no human', `drover ${life.as} ended with ${code}: ${stderr}`)
  for (const ended of acted) if (ended.status === 'rejected') throw ended.reason
  await checkRemains(world, scene.diary)
  return kills + strikesIn(world).length - struckBefore
}
