import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pass } from 'node:timers/promises'
import type { Fault, Wanted } from '../src/app/faults.ts'
import type { Diary } from './diary.ts'
import type { Act, Action, Plan } from './plan.ts'
import { command, type Planned } from './tasks.ts'
import { Violation } from './violation.ts'
import type { ChaosWorld } from './world.ts'

export interface Scene {
  world: ChaosWorld
  plan: Plan
  diary: Diary
  /** Tasks that people made in the course of it. */
  added: number
  /** Other runs that were started beside the first. */
  others: ReturnType<ChaosWorld['start']>[]
}

/** Starts drover with these faults planted in it. */
export function startWith(world: ChaosWorld, wanted: Wanted | null, words: readonly string[]) {
  if (wanted) world.env['DROVER_FAULTS'] = JSON.stringify(wanted)
  try {
    return world.start(...words)
  } finally {
    delete world.env['DROVER_FAULTS']
  }
}

/** Expected of a command: it did it, it says that it cannot now, or that one should ask again. */
const answers = new Set([0, 4, 5, 8, 75])

export async function perform(scene: Scene, act: Act): Promise<void> {
  if (act.when !== null && !(await waitsAt(scene, act.when))) return
  await pass(act.after)
  await acting[act.action](scene, act)
}

const mostMs = 1500

/** Until drover begins to wait at this point; false when it does not come there. */
async function waitsAt({ world }: Scene, point: string): Promise<boolean> {
  const times = (): number => hitsOf(world).filter((line) => line.startsWith(`! ${point} `)).length
  const before = times()
  for (const deadline = performance.now() + mostMs; performance.now() < deadline; await pass(5))
    if (times() > before) return true
  return false
}

export const hitsOf = (world: ChaosWorld): string[] =>
  existsSync(world.hits) ? readFileSync(world.hits, 'utf8').split('\n').filter(Boolean) : []

async function say(scene: Scene, { dies, slow }: Act, ...words: string[]): Promise<boolean> {
  const { world } = scene
  const faults: Fault[] = []
  if (dies !== null) faults.push({ point: '*', nth: dies, what: 'daemon' })
  if (slow > 0) faults.push({ point: 'insert event before', nth: 1, what: slow })
  const running = startWith(world, faults.length === 0 ? null : { faults, log: world.hits }, words)
  const late = setTimeout(() => running.send('SIGKILL'), 60_000)
  const { code, signal, stdout, stderr } = await running.ended
  clearTimeout(late)
  if (signal !== null && dies !== null) return false
  if (code === null || !answers.has(code) || stderr.includes('error[ledger-busy]'))
    throw new Violation('a command answers', `drover ${words.join(' ')}: ${code ?? signal}\n${stdout}${stderr}`)
  return code === 0
}

const on =
  (...words: string[]) =>
  async (scene: Scene, act: Act): Promise<void> => {
    const ids = scene.plan.tasks.map(({ id }) => id)
    await say(scene, act, words[0]!, ids[Math.floor(act.pick * ids.length)]!, ...words.slice(1))
  }

const acting: Record<Action, (scene: Scene, act: Act) => Promise<unknown>> = {
  pause: on('pause'),
  resume: on('resume'),
  cancel: on('cancel'),
  retry: on('retry'),
  hint: on('hint', 'be quick about it'),
  edit: on('edit', '--priority', '7'),
  async add(scene, act) {
    const one: Planned = { id: `u${++scene.added}`, kind: 'plain', needs: [], parts: 0, takes: act.pick * 0.1 }
    const words = [
      'add',
      `Work of ${one.id}`,
      '--id',
      one.id,
      '--run',
      command(one, new Set()),
      '--max-attempts',
      '100',
    ]
    if (await say(scene, act, ...words, '--skip-validation')) scene.diary.created.add(one.id)
  },
  async commit(scene) {
    for (let n = 0; n < 4; n++) {
      commitToTarget(scene)
      await pass(60)
    }
  },
  // Whoever is at work is stopped, and to go on at once.
  async bounce(scene, act) {
    const id = await soonAtWork(scene)
    if (id !== undefined && (await say(scene, act, 'pause', id))) await say(scene, { ...act, dies: null }, 'resume', id)
  },
  // At the last moment: it must land and be completed, or be cancelled and not land.
  async snatch(scene, act) {
    const id = firstToLand(scene)
    if (id !== undefined) await say(scene, act, 'cancel', id)
  },
  async 'second run'(scene) {
    scene.others.push(startWith(scene.world, null, ['run', '-w', '2']))
  },
  lock: async (scene, { pick }) => leaveLock(scene.world, pick),
}

/** A task whose agent lives now. */
async function soonAtWork({ world, plan }: Scene): Promise<string | undefined> {
  for (const deadline = performance.now() + 400; performance.now() < deadline; await pass(5)) {
    const found = plan.tasks.find(({ id, takes }) => takes > 0 && existsSync(join(world.marks, `at-${id}`)))
    if (found) return found.id
  }
  return undefined
}

/** Whose turn it is in the lane. */
function firstToLand({ world }: Scene): string | undefined {
  const db = new DatabaseSync(join(world.root, '.drover/drover.db'), { readOnly: true })
  try {
    return db.prepare(`select task from job where kind = 'land' and done = 0 order by ordinal`).get()?.task as
      | string
      | undefined
  } finally {
    db.close()
  }
}

let commits = 0

/** The user's own work: in their checkout when that is on the target, else beside it. */
function commitToTarget({ world, plan, diary }: Scene): void {
  const name = `user-${++commits}.txt`
  const git = (args: string[], input?: string) =>
    spawnSync('git', args, {
      cwd: world.root,
      env: world.env,
      encoding: 'utf8',
      ...(input === undefined ? {} : { input }),
    })
  if (plan.user !== 'elsewhere') {
    world.write({ [name]: `${name}\n` })
    // Of this file alone: a checkout that is just being moved along must not be committed with it.
    const done =
      git(['add', name]).status === 0 && git(['commit', '-qm', `The user's ${name}`, '--only', '--', name]).status === 0
    if (done) diary.commits.push(git(['log', '-1', '--format=%H', '--', name]).stdout.trim())
    else
      for (let tries = 0; git(['rm', '-qf', '--cached', '--ignore-unmatch', name]).status !== 0 && tries < 50; tries++);
    if (!done) git(['clean', '-fq', '--', name])
    return
  }
  const tip = git(['rev-parse', 'main']).stdout.trim()
  const blob = git(['hash-object', '-w', '--stdin'], `${name}\n`).stdout.trim()
  const listing = `${git(['ls-tree', 'main']).stdout}100644 blob ${blob}\t${name}\n`
  const tree = git(['mktree'], listing).stdout.trim()
  const commit = git(['commit-tree', tree, '-p', tip, '-m', `The user's ${name}`]).stdout.trim()
  if (git(['update-ref', 'refs/heads/main', commit, tip]).status === 0) diary.commits.push(commit)
}

/** As a git that was killed leaves them. */
function leaveLock(world: ChaosWorld, pick: number): void {
  const names = ['refs/drover/epoch.lock', 'refs/drover/landed/t00.lock', 'refs/heads/main.lock', 'packed-refs.lock']
  const path = join(world.root, '.git', names[Math.floor(pick * names.length)]!)
  if (existsSync(path)) return
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, '')
}
