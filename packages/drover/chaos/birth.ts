import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import type { Fault } from '../src/app/faults.ts'
import { openDiary } from './diary.ts'
import type { Plan } from './life.ts'
import { startWith, type Scene } from './people.ts'
import { asJsonl, gate } from './tasks.ts'
import { holds, Violation } from './violation.ts'
import type { ChaosWorld } from './world.ts'

export const settings = `retry_delay = "20ms"
retry_delay_max = "100ms"
stop_grace = "300ms"
[land]
gate = '${gate}'
push = "off"
[agents.claude]
path = "../claude"
[budget]
task_usd = "5"
`
const files = { 'README.md': '# A project\n', 'shared.txt': 'begun\n', 'staged.txt': 'one\n', 'gone.txt': '' }

/** A project with its tasks, however often who makes it dies before that. */
export async function birth(world: ChaosWorld, plan: Plan): Promise<Scene> {
  world.begin(settings, files)
  for (const fault of plan.births.init) await dying(world, fault, 'init')
  await holds('init that was killed can be done again', async () => {
    await world.ok('init')
    await assertInitialised(world)
  })
  const diary = openDiary(world, plan)
  const worked = new Set(plan.tasks.filter(({ kind }) => kind !== 'idle').map(({ id }) => id))
  const file = join(world.folder, 'plan.jsonl')
  writeFileSync(file, asJsonl(plan.tasks, worked))
  const scene = { world, plan, diary, added: [], others: [], isOver: true }
  for (const fault of plan.births.import) {
    await dying(world, fault, 'import-jsonl', file)
    await holds('an import is whole, or not at all', () => assertWhole(world, plan))
  }
  await world.ok('import-jsonl', file)
  for (const { id } of plan.tasks) diary.created.add(id)
  return scene
}

async function dying(world: ChaosWorld, fault: Fault, ...words: string[]): Promise<void> {
  const { code, signal, stderr } = await startWith(world, { faults: [fault], log: world.hits }, words).ended
  if (signal === null && code !== 0) throw new Violation('a command answers', `drover ${words.join(' ')}: ${stderr}`)
}

/** All that `init` promises, whoever of several did it. */
async function assertInitialised(world: ChaosWorld): Promise<void> {
  const ledger = world.database === undefined ? ['.drover/drover.db'] : []
  for (const path of [...ledger, '.drover.toml', '.drover/config.yaml', '.drover/run/secret'])
    assert.ok(world.has(path), `${path} is missing`)
  assert.match(world.read('.git/info/exclude'), /^\/\.drover\/$/m)
  assert.equal((await world.look('select id from project')).length, 1)
  const ours = (await world.look('select key from trusted')).filter(({ key }) =>
    String(key).endsWith(' filter.theirs.clean'),
  )
  assert.equal(ours.length, 1, 'programs of git that stood there at `init` are trusted')
}

async function assertWhole(world: ChaosWorld, { tasks }: Plan): Promise<void> {
  const count = (await world.look('select id from task')).length
  const all = tasks.reduce((sum, { parts }) => sum + 1 + parts, 0)
  assert.ok(count === 0 || count === all, `${count} of ${all} tasks of a file are there`)
}
