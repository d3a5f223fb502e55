import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isFaultPoint, faultPoints } from '../src/app/fault-points.ts'
import { bundle } from './bundle.ts'
import { abandon, campaign, type Outcome } from './campaign.ts'
import { type Databases, openDatabases } from './database.ts'
import type { Plan } from './life.ts'
import { abandonMachines, machinesCampaign } from './machines/campaign.ts'
import { planMachines, type MachinesPlan } from './machines/plan.ts'
import { type Cell, cellsWith, matrix } from './matrix.ts'
import { plan } from './plan.ts'
import { sabotages, type Sabotage } from './sabotages.ts'
import { reachOf, wordsOf } from './reached.ts'
import { unreachable, unreachableOnPostgres } from './ways.ts'

const help = `npm run chaos -- [options]: kills drover until something breaks

  --kills N        random campaigns until so many were killed (300)
  --seed S         of the first campaign; the next has S + 1
  --campaigns N    so many campaigns instead, for a replay: --seed S --campaigns 1
  --machines N     on so many machines with one database and one remote, one after another
  --tasks N        how many tasks these have (60)
  --deeds N        how many deaths and other troubles meet them, at most (40)
  --on WHAT        where the ledger of one machine is: sqlite, or postgres, where DBOS runs the jobs (sqlite)
  --matrix         every named point once, with each way to die there
  --points WORD    of the matrix, only points with this word in their name
  --from N         of the matrix, only the project that begins with this death
  --sabotage NAME  breaks drover on purpose, and must find it: a name, or all
  --seconds N      how long a sabotage may stay unfound (60)
  --jobs N         campaigns at the same time (2)
  --coverage       lists the points that were passed, and those that never were
  --keep           keeps the folder of a campaign with a violation

A seed gives the whole plan again: tasks, agents, deaths and their points, what people do and when. It does not give the
scheduling of processes again, so a violation may need some replays; what was seen is printed with it.
`

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '300' },
    seed: { type: 'string' },
    campaigns: { type: 'string' },
    machines: { type: 'string' },
    on: { type: 'string', default: 'sqlite' },
    tasks: { type: 'string', default: '60' },
    deeds: { type: 'string', default: '40' },
    matrix: { type: 'boolean', default: false },
    points: { type: 'string', default: '' },
    from: { type: 'string' },
    sabotage: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    jobs: { type: 'string', default: '2' },
    coverage: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

/** In memory where there is such a place: a campaign makes thousands of small files. */
function useMemory(): void {
  try {
    accessSync('/dev/shm', constants.W_OK)
    process.env['TMPDIR'] = '/dev/shm'
  } catch {
    // The usual folder will do.
  }
}

interface Totals {
  kills: number
  campaigns: number
  violations: number
  hits: Map<string, number>
  /** Where somebody was struck, and how. */
  strikes: Set<string>
}

const nothing = (): Totals => ({ kills: 0, campaigns: 0, violations: 0, hits: new Map(), strikes: new Set() })
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

/** Where ledgers are, when they are no files. */
let databases: Databases | undefined

type Play<P> = (main: string, plan: P, keeps: boolean) => Promise<Outcome>

const runAll = (main: string, plans: Iterator<Plan>, isEnough: (totals: Totals) => boolean, totals = nothing()) =>
  playAll((at, next: Plan, keeps) => campaign(at, next, keeps, databases), {
    main,
    plans,
    isEnough,
    totals,
    jobs: Number(values.jobs),
  })

interface Playing<P> {
  main: string
  plans: Iterator<P>
  isEnough: (totals: Totals) => boolean
  totals: Totals
  jobs: number
}

/** Runs these plans, some at a time, until there are no more or it is enough. */
async function playAll<P extends { name: string }>(
  play: Play<P>,
  { main, plans, isEnough, totals, jobs }: Playing<P>,
): Promise<Totals> {
  const worker = async (): Promise<void> => {
    for (;;) {
      if (isEnough(totals)) return
      const next = plans.next()
      if (next.done) return
      const outcome = await play(main, next.value, values.keep)
      totals.kills += outcome.kills
      totals.campaigns++
      for (const [point, count] of outcome.hits) totals.hits.set(point, (totals.hits.get(point) ?? 0) + count)
      for (const strike of outcome.strikes) totals.strikes.add(strike)
      if (outcome.violation) totals.violations++
      report(next.value, outcome)
    }
  }
  await Promise.all(Array.from({ length: jobs }, worker))
  return totals
}

function report({ name }: { name: string }, { kills, ms, violation, evidence = '', folder }: Outcome): void {
  const line = `${name.padEnd(44)} ${String(kills).padStart(3)} killed ${seconds(ms).padStart(7)}`
  if (!violation) return say(`ok   ${line}`)
  say(`FAIL ${line}  ${violation.invariant}`)
  if (values.sabotage !== undefined) return say(`     ${violation.message.split('\n').slice(0, 6).join('\n     ')}`)
  say(`     ${violation.message.replaceAll('\n', '\n     ')}`)
  say(`     ${evidence.slice(-6000).replaceAll('\n', '\n     ')}`)
  say(`     again: ${again(name)}${folder === undefined ? '' : `\n     kept: ${folder}`}`)
}

const again = (name: string): string => `${replay(name)}${databases ? ' --on postgres' : ''}`

const replay = (name: string): string =>
  values.machines !== undefined
    ? `npm run chaos -- --machines ${values.machines} --tasks ${values.tasks} --deeds ${values.deeds} --seed ${name.slice('seed '.length)} --campaigns 1`
    : name.startsWith('seed ')
      ? `npm run chaos -- --seed ${name.slice('seed '.length)} --campaigns 1`
      : `npm run chaos -- --matrix${values.points && ` --points '${values.points}'`} --from ${name.split(' ')[1]}`

/** Campaigns that are likely to show this sabotage, for ever. */
function* likely({ shows }: Sabotage, from: number): Iterator<Plan> {
  for (let n = from; ; n++) {
    const isRush = n % 4 === 3
    if (typeof shows === 'object') yield* { [Symbol.iterator]: () => matrix(cellsWith(shows.points)) }
    else if (isRush === (shows === 'rush')) yield plan(n)
  }
}

/** One after another: a machine that has to wait for its processor is not what is looked for. */
async function runMachines(main: string, seed: number): Promise<boolean> {
  const begun = performance.now()
  const size = { machines: Number(values.machines), tasks: Number(values.tasks), deeds: Number(values.deeds) }
  const count = Number(values.campaigns ?? Infinity)
  const plans = Array.from({ length: Math.min(count, 10_000) }, (_, n) => n)
    .values()
    .map((n) => planMachines(seed + n, size))
  const isEnough = ({ kills }: Totals): boolean => values.campaigns === undefined && kills >= Number(values.kills)
  const play: Play<MachinesPlan> = async (...given) => {
    const outcome = await machinesCampaign(...given)
    if (values.coverage) for (const line of outcome.story) say(`     ${line}`)
    return outcome
  }
  const totals = await playAll(play, { main, plans, isEnough, totals: nothing(), jobs: 1 })
  const ms = performance.now() - begun
  say(`\n${totals.kills} killed in ${totals.campaigns} campaigns, ${seconds(ms)}: ${totals.violations} violations`)
  for (const [what, times] of [...totals.hits].toSorted()) say(`${String(times).padStart(6)}  ${what}`)
  return totals.violations === 0
}

function* random(from: number, count = Infinity): Iterator<Plan> {
  for (let n = 0; n < count; n++) yield plan(from + n)
}

function summary(totals: Totals, ms: number): void {
  const rate = Math.round(totals.kills / (ms / 60_000))
  say(
    `\n${totals.kills} killed in ${totals.campaigns} campaigns, ${seconds(ms)}, ${rate} a minute: ${totals.violations} violations`,
  )
  const passed = faultPoints.filter((point) => totals.hits.has(point))
  say(
    `${passed.length} of ${faultPoints.length} named points were passed, and ${totals.hits.size - passed.length} others`,
  )
  const unknown = [...totals.hits.keys()].filter((point) => !point.startsWith('!') && !isFaultPoint(point))
  if (unknown.length > 0) say(`not in the table of points: ${unknown.join(', ')}`)
  if (!values.coverage) return
  for (const point of [...totals.hits.keys()].toSorted()) say(`${String(totals.hits.get(point)).padStart(6)}  ${point}`)
  say(`never passed:\n${faultPoints.filter((point) => !totals.hits.has(point)).join('\n')}`)
}

/** True when the harness found what is wrong with this drover. */
async function find(folder: string, sabotage: Sabotage, seed: number): Promise<boolean> {
  const main = await bundle(folder, sabotage)
  const begun = performance.now()
  const limit = Number(values.seconds) * 1000
  const totals = await runAll(
    main,
    likely(sabotage, seed),
    ({ violations }) => violations > 0 || performance.now() - begun > limit,
  )
  const found = totals.violations > 0
  say(
    `${found ? 'found    ' : 'NOT FOUND'} ${sabotage.name} (${sabotage.breaks}): ${seconds(performance.now() - begun)}, ${totals.kills} killed\n`,
  )
  return found
}

const isOutOfReach = (point: string): boolean => databases !== undefined && point in unreachableOnPostgres

/** So often the deaths that nobody met are sought again: who comes at the right moment is up to chance. */
const rounds = 3

/** True when nothing was broken, and each point was met. */
async function runMatrix(main: string, begun: number): Promise<boolean> {
  const cells = cellsWith(values.points).filter(({ point }) => !isOutOfReach(point))
  const totals = nothing()
  if (values.from !== undefined) {
    const [one] = [...{ [Symbol.iterator]: () => matrix(cells, Number(values.from)) }]
    await runAll(main, (one ? [one] : []).values(), () => false, totals)
    return totals.violations === 0
  }
  let left: readonly Cell[] = cells
  for (let round = 1; round <= rounds && left.length > 0; round++) {
    if (round > 1) say(`\n${left.length} deaths were not met, and are sought again`)
    await runAll(main, matrix(left), () => false, totals)
    left = reachOf(cells, totals.strikes).unmet
  }
  summary(totals, performance.now() - begun)
  const reasons = { ...unreachable, ...(databases ? unreachableOnPostgres : {}) }
  for (const [point, why] of Object.entries(reasons)) say(`out of reach: ${point} (${why})`)
  const reach = reachOf(cells, totals.strikes)
  for (const line of wordsOf(cells, reach)) say(line)
  return totals.violations === 0 && reach.never.length === 0
}

async function act(folder: string): Promise<boolean> {
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9))
  const begun = performance.now()
  if (values.sabotage !== undefined) {
    const wanted = sabotages.filter(({ name }) => values.sabotage === 'all' || name === values.sabotage)
    if (wanted.length === 0) say(`there is ${sabotages.map(({ name }) => name).join(', ')}, and all`)
    const missed: string[] = []
    for (const sabotage of wanted) if (!(await find(folder, sabotage, seed))) missed.push(sabotage.name)
    say(
      `${wanted.length - missed.length} of ${wanted.length} sabotages found${missed.length > 0 ? `; not ${missed.join(', ')}` : ''}`,
    )
    return wanted.length > 0 && missed.length === 0
  }
  if (values.on !== 'sqlite' && values.on !== 'postgres') throw new Error('--on is sqlite, or postgres')
  say(`seed ${seed}`)
  if (values.on === 'postgres') databases = await openDatabases()
  const main = await bundle(folder)
  if (values.machines !== undefined) return runMachines(main, seed)
  if (values.matrix) return runMatrix(main, begun)
  const totals =
    values.campaigns !== undefined
      ? await runAll(main, random(seed, Number(values.campaigns)), () => false)
      : await runAll(main, random(seed), ({ kills }) => kills >= Number(values.kills))
  summary(totals, performance.now() - begun)
  return totals.violations === 0
}

if (values.help) say(help)
else {
  useMemory()
  const folder = mkdtempSync(join(tmpdir(), 'drover-chaos-'))
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => {
      void Promise.all([abandon(), abandonMachines()]).then(() => {
        rmSync(folder, { recursive: true, force: true })
        process.exit(130)
      })
    })
  try {
    process.exitCode = (await act(folder)) ? 0 : 1
  } finally {
    await databases?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  }
}
