import { execFileSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { asked, ownServer } from '../test/support/postgres.ts'
import { type Drove, runDrover } from './drive.ts'
import { openStopwatch } from './latency.ts'
import { builtCli, bundled, drover, inFolder, makeProject, writeTasks } from './project.ts'
import type { Found, Options, Row } from './targets.ts'
import { median, percentile, ratioOf } from './timing.ts'

const root = join(import.meta.dirname, '../../..')
const slotCounts = [1, 4, 16] as const
type Slots = (typeof slotCounts)[number]

interface World extends Options {
  url: string
  driver: string
}

/** Drover on PostgreSQL and DBOS, beside drover on SQLite and beside DBOS alone, which takes turns with them. */
export const dbos = (options: Options): Promise<Found> =>
  inFolder(options.dir, async (own) => {
    await using server = await ownServer()
    symlinkSync(join(root, 'node_modules'), join(own, 'node_modules'))
    const world: World = { ...options, url: server.url, driver: bundled('drive-noop', own) }
    const found: Found = {}
    // Nobody counts the first: programs are read for the first time.
    await oneTurn({ ...world, tasks: 4 }, 4)
    for (const slots of slotCounts) Object.assign(found, await throughput(world, slots))
    return { ...found, ...(await starts(world)), ...(await imports(world)) }
  })

interface Turn {
  sqlite: Drove
  postgres: Drove
  /** What a task is to DBOS. */
  workflows: number
  steps: number
  commits: number
  eagerMs: number
}

async function throughput(world: World, slots: Slots): Promise<Found> {
  const { rounds, say } = world
  const tasks = slots === 1 ? Math.ceil(world.tasks / 2) : world.tasks
  const turns: Turn[] = []
  for (let round = 0; round < rounds; round++) {
    const turn = await oneTurn({ ...world, tasks }, slots)
    turns.push(turn)
    say(
      `${slots} slots, ${tasks} tasks: SQLite ${turn.sqlite.drivenMs} ms, PostgreSQL ${turn.postgres.drivenMs} ms, DBOS alone ${Math.round(turn.eagerMs)} ms; a task is ${turn.workflows} workflows, ${turn.steps} steps, ${turn.commits.toFixed(0)} commits, ${(turn.postgres.queries / tasks).toFixed(0)} queries`,
    )
  }
  const own = turns.map(({ postgres }) => postgres.drivenMs)
  const found: Found = {
    [`dbos ${slots}` satisfies Row]: ratioOf(
      own,
      turns.map(({ sqlite }) => sqlite.drivenMs),
    ),
    [`dbos ${slots} alone` satisfies Row]: ratioOf(
      own,
      turns.map(({ eagerMs }) => eagerMs),
    ),
    [`dbos ${slots} rate` satisfies Row]: (1000 * tasks) / median(own),
  }
  if (slots !== 4) return found
  // It takes its time.
  const few = Math.ceil(tasks / 4)
  const usual = await alone(world, ['through', few * turns[0]!.workflows, stepsOf(turns[0]!), slots, 1000])
  return {
    ...found,
    'dbos 4 usual': median(own) / tasks / (usual.ms! / few),
    'dbos queries': median(turns.map(({ postgres }) => postgres.queries / tasks)),
    'dbos commits': median(turns.map(({ commits }) => commits)),
  }
}

async function oneTurn(world: World, slots: Slots): Promise<Turn> {
  const { dir, tasks, driver, url } = world
  const size = { dir, tasks, workers: slots, files: 1000 }
  const sqlite = await runDrover(size, driver)
  const before = await commitsOf(url)
  const postgres = await runDrover({ ...size, db: url }, driver)
  const commits = ((await commitsOf(url)) - before) / tasks
  const taken = { sqlite, postgres, commits, ...(await workOf(url, tasks)) }
  const eager = await alone(world, ['through', tasks * taken.workflows, stepsOf(taken), slots, 10])
  return { ...taken, eagerMs: eager.ms! }
}

const stepsOf = ({ workflows, steps }: Pick<Turn, 'workflows' | 'steps'>): number => Math.round(steps / workflows)

/** What the newest project's tasks were to DBOS. */
async function workOf(url: string, tasks: number): Promise<{ workflows: number; steps: number }> {
  const [newest] = await asked(
    url,
    "select nspname as name from pg_namespace where nspname like 'drover\\_%\\_dbos' order by oid desc limit 1",
  )
  const schema = `"${String(newest!['name'])}"`
  const [counted] = await asked(
    url,
    `select (select count(*) from ${schema}.workflow_status)::int as workflows, (select count(*) from ${schema}.operation_outputs)::int as steps`,
  )
  return { workflows: Number(counted!['workflows']) / tasks, steps: Number(counted!['steps']) / tasks }
}

/** Of the whole server, also those that only read. It counts them a moment later. */
async function commitsOf(url: string): Promise<number> {
  const [counted] = await asked(url, 'select sum(xact_commit)::int as commits from pg_stat_database')
  return Number(counted!['commits'])
}

async function alone({ url }: World, words: readonly (string | number)[]): Promise<{ ms?: number; times?: number[] }> {
  const name = `plain_${words[0]}`
  await asked(url, `drop database if exists ${name} with (force)`)
  await asked(url, `create database ${name}`)
  const at = new URL(url)
  at.pathname = `/${name}`
  const program = join(import.meta.dirname, 'plain-dbos.ts')
  const said = execFileSync(process.execPath, [program, at.href, ...words.map(String)], {
    encoding: 'utf8',
    env: { ...process.env, NODE_NO_WARNINGS: '1' }, // it uses its driver in a way that will not be allowed
  })
  return JSON.parse(said) as { ms?: number; times?: number[] }
}

/** From `add` to the agent's start, all with default settings. */
const starts = (world: World): Promise<Found> =>
  inFolder(world.dir, async (folder) => {
    builtCli()
    const [sqlite, postgres, afar] = [
      await openStopwatch(join(folder, 'sqlite')),
      await openStopwatch(join(folder, 'postgres'), world.url),
      await openStopwatch(join(folder, 'afar'), world.url),
    ]
    try {
      for (let round = 0; round < world.rounds * 4; round++) {
        await sqlite.round()
        await postgres.round()
        await afar.round('afar')
      }
    } finally {
      for (const one of [sqlite, postgres, afar]) await one.close()
    }
    const usual = (await alone(world, ['latency', world.rounds * 4])).times!
    const found: Found = {
      'dbos add': median(postgres.toAgent),
      'dbos add p95': percentile(postgres.toAgent, 0.95),
      'dbos afar': median(afar.toAgent),
      'dbos afar p95': percentile(afar.toAgent, 0.95),
      'dbos need': median(postgres.toDependent),
      'dbos add sqlite': median(postgres.toAgent) / median(sqlite.toAgent),
      'dbos add alone': median(postgres.toAgent) / median(usual),
      'dbos start alone': median(usual),
      'dbos start alone p95': percentile(usual, 0.95),
    }
    world.say(`starts: ${JSON.stringify(found)}`)
    return found
  })

/** The whole command, from reading the file to the last row. */
const imports = (world: World): Promise<Found> =>
  inFolder(world.dir, async (folder) => {
    const times: { sqlite: number[]; postgres: number[] } = { sqlite: [], postgres: [] }
    const file = join(folder, 'tasks.jsonl')
    writeTasks(file, 10_000)
    for (let round = 0; round < Math.min(world.rounds, 3); round++)
      for (const [name, db] of [['sqlite'], ['postgres', world.url]] as const) {
        const repo = await makeProject(join(folder, `${name}${round}`), 10, [], db)
        const begun = performance.now()
        drover(repo, 'import-jsonl', file)
        times[name].push((performance.now() - begun) / 1000)
      }
    world.say(`imports: ${JSON.stringify(times)}`)
    return { 'dbos import': ratioOf(times.postgres, times.sqlite), 'dbos import takes': median(times.postgres) }
  })
