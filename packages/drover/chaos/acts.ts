import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pass } from 'node:timers/promises'
import type { Task } from '../src/domain/task.ts'
import { act, type Act, type Action } from './life.ts'
import { say, type Scene, soon, startWith, waitsAt } from './people.ts'
import { asJsonl, asWords, type Kind, type Planned } from './tasks.ts'
import { commitToTarget, keptIn, leaveLock } from './user-git.ts'

export async function perform(scene: Scene, wanted: Act): Promise<void> {
  if (wanted.when !== null && !(await waitsAt(scene, wanted.when))) return
  await pass(wanted.after)
  await acting[wanted.action](scene, wanted)
}

/** One after another, until somebody is struck. */
export async function performInTurn(scene: Scene, acts: readonly Act[], isOver: () => boolean): Promise<void> {
  for (const one of acts) if (!isOver()) await perform(scene, one)
}

function chosen({ plan, added }: Scene, { pick }: Act): string {
  const ids = plan.tasks.map(({ id }) => id)
  return pick === 'newest' ? (added.at(-1) ?? ids[0]!) : ids[Math.floor(pick * ids.length)]!
}

const on =
  (...words: string[]) =>
  async (scene: Scene, wanted: Act): Promise<void> => {
    await say(scene, wanted, words[0]!, chosen(scene, wanted), ...words.slice(1))
  }

const acting: Record<Action, (scene: Scene, wanted: Act) => Promise<unknown>> = {
  pause: on('pause'),
  resume: on('resume'),
  cancel: on('cancel'),
  retry: on('retry'),
  hint: on('hint', 'be quick about it'),
  edit: on('edit', '--priority', '7'),
  add: (scene, wanted) => add(scene, wanted, wanted.kind),
  async commit(scene) {
    for (let n = 0; n < 4; n++) {
      commitToTarget(scene)
      await pass(60)
    }
  },
  // Whoever is at work is stopped, and to go on at once.
  async bounce(scene, wanted) {
    const id = await soonAtWork(scene)
    if (id !== undefined && (await say(scene, wanted, 'pause', id))) await say(scene, { faults: [] }, 'resume', id)
  },
  // At the last moment: it must land and be completed, or be cancelled and not land.
  async snatch(scene, wanted) {
    const id = await firstToLand(scene)
    if (id !== undefined) await say(scene, wanted, 'cancel', id)
  },
  async 'second run'(scene) {
    scene.others.push(startWith(scene.world, null, ['run', '-w', '2']))
  },
  lock: async ({ world }, { pick }) => leaveLock(world, pick === 'newest' ? 0 : pick),
  async answer(scene, wanted) {
    const asks = await soonOne(scene, ({ blockedReason }) => blockedReason === 'question')
    if (asks) await say(scene, wanted, 'answer', asks.id, `that of ${asks.id}`)
  },
  import: importMany,
  epic: groups,
  async release(scene, wanted) {
    await whileDriven(scene, async () => ((await parkedIn(scene)) ? true : undefined))
    // There is no such task: all that it does is to try the accounts that rest.
    await say(scene, wanted, 'resume', '--now', 'nobody')
  },
  async restore(scene, wanted) {
    const kept = await whileDriven(scene, async () => keptIn(scene.world).at(-1))
    if (!kept) return
    scene.diary.restoring.set(kept.name, kept.commit)
    await say(scene, wanted, 'rescue', 'restore', kept.name)
  },
  prune: (scene, wanted) => say(scene, wanted, 'worktree', 'cleanup', '--yes'),
  // What has landed is done once more.
  async redo(scene, wanted) {
    const id = await add(scene, act('add'), 'again')
    const landed = await soonOne(scene, (one) => one.id === id && one.status === 'completed')
    if (landed) await say(scene, wanted, 'retry', '--force', landed.id)
  },
  obstruct,
  // The whole session goes into a file and comes back: nothing of it is doubled.
  async 'hand over'(scene, wanted) {
    const id = await add(scene, act('add', { pick: 15 }), 'slow')
    await whileDriven(scene, async () => (existsSync(join(scene.world.marks, `at-${id}`)) ? true : undefined))
    const file = join(scene.world.folder, `of-${id}.drover`)
    if (await say(scene, { faults: [] }, 'export', file)) await say(scene, wanted, 'import', file, '--yes')
  },
}

/** The id of a new task, whether somebody lived to hear that it was made or not. */
async function add(scene: Scene, wanted: Act, kind: Kind): Promise<string> {
  const takes = wanted.pick === 'newest' ? (kind === 'slow' ? 0.4 : 0) : wanted.pick * 0.1
  const id = `u${scene.added.length + 1}`
  scene.added.push(id)
  scene.diary.planned.push({ id, kind, needs: [], parts: 0, takes })
  if (await say(scene, wanted, 'add', ...asWords(scene.diary.planned.at(-1)!))) scene.diary.created.add(id)
  return id
}

/** A file with an epic and three tasks: all of it is there afterwards, or nothing. */
async function importMany(scene: Scene, wanted: Act): Promise<void> {
  const name = `i${scene.diary.files.length + 1}`
  const tasks = ['a', 'b', 'c'].map((letter, n, all): Planned => ({
    id: `${name}${letter}`,
    kind: n === 1 && wanted.kind !== 'plain' ? 'finder' : 'plain',
    needs: n === 0 ? [] : [`${name}${all[n - 1]}`],
    parts: 0,
    takes: 0,
  }))
  const file = join(scene.world.folder, `${name}.jsonl`)
  const epic = { type: 'epic', id: `epic-${name}`, title: `All of ${name}` }
  writeFileSync(file, `${JSON.stringify(epic)}\n${asJsonl(tasks, new Set(tasks.map(({ id }) => id)))}`)
  scene.diary.files.push({ file, epic: epic.id, tasks: tasks.map(({ id }) => id) })
  scene.diary.planned.push(...tasks)
  if (await say(scene, wanted, 'import-jsonl', file)) for (const { id } of tasks) scene.diary.created.add(id)
}

/** An epic is made, gets another title, and is closed. */
async function groups(scene: Scene, wanted: Act): Promise<void> {
  const id = `epic-e${++scene.diary.epics}`
  const file = join(scene.world.folder, `${id}.jsonl`)
  writeFileSync(file, `${JSON.stringify({ type: 'epic', id, title: 'Another title' })}\n`)
  await say(scene, wanted, 'epic', 'add', 'A title', '--id', id)
  await say(scene, wanted, 'import-jsonl', file)
  await say(scene, wanted, 'epic', 'close', id)
}

/** The user has a file of the name that a landing brings. Then they take it away. */
async function obstruct(scene: Scene, wanted: Act): Promise<void> {
  const { world, plan } = scene
  if (plan.user === 'elsewhere') return
  const path = `work/u${scene.added.length + 1}`
  world.write({ [path]: 'mine\n' })
  try {
    const id = await add(scene, wanted, 'plain')
    await soonOne(scene, (one) => one.id === id && (one.blockedReason === 'checkout' || one.status === 'completed'))
  } finally {
    if (world.has(path) && world.read(path) === 'mine\n') rmSync(join(world.root, path))
  }
}

/** A task that comes to be like this before long. */
const soonOne = (scene: Scene, is: (task: Task) => boolean): Promise<Task | undefined> =>
  whileDriven(scene, async () => (await (await scene.world.ledger()).reading.tasks({})).find(is))

const longMs = 8_000

/** What is found before long; nothing comes any more when whoever drove is dead. */
async function whileDriven<T>(scene: Scene, look: () => Promise<T | undefined>): Promise<T | undefined> {
  const found = await soon(async () => (await look()) ?? (scene.isOver ? null : undefined), longMs)
  return found ?? undefined
}

const parkedIn = async ({ world }: Scene): Promise<boolean> =>
  (await (await world.ledger()).reading.accounts()).some(({ why }) => why !== null)

/** A task whose agent lives now. */
async function soonAtWork({ world, plan }: Scene): Promise<string | undefined> {
  const isAtWork = ({ id, takes }: Planned): boolean => takes > 0 && existsSync(join(world.marks, `at-${id}`))
  return soon(() => plan.tasks.find(isAtWork)?.id, 400)
}

/** Whose turn it is in the lane. */
async function firstToLand({ world }: Scene): Promise<string | undefined> {
  const [row] = await world.look(`select task from job where kind = 'land' and done = 0 order by ordinal limit 1`)
  return row && String(row.task)
}
