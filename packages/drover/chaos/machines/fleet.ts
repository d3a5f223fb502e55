import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pass } from 'node:timers/promises'
import type { OwnServer } from '../../test/support/postgres.ts'
import { writeTalker } from '../../test/support/talking.ts'
import { type Diary, openDiary } from '../diary.ts'
import { plan } from '../plan.ts'
import { asJsonl, gate } from '../tasks.ts'
import { Violation } from '../violation.ts'
import { enter } from './agents.ts'
import { canBeApart, Machine } from './machine.ts'
import type { MachinesPlan } from './plan.ts'

/** Several machines, the database and the repository that they share, and somebody who starts again what has ended. */
export interface Fleet {
  plan: MachinesPlan
  machines: readonly Machine[]
  server: OwnServer
  /** A repository without files. */
  remote: string
  diary: Diary
  /** What was done so far, with the moment. */
  story: string[]
  /** How often a daemon said that others have its work now. */
  takenOver: number
  isOver: boolean
  /** What a daemon ended with that nobody had done anything to. */
  broken: Violation | undefined
}

const settings = ({ leaseMs, workers }: MachinesPlan): string => `workers = ${workers}
retry_delay = "20ms"
retry_delay_max = "100ms"
stop_grace = "300ms"
lease = "${leaseMs}ms"
[land]
gate = '${gate}'
push = "on"
[agents.claude]
path = "../claude"
`

export async function makeFleet(
  main: string,
  wanted: MachinesPlan,
  { server, folder, open }: { server: OwnServer; folder: string; open: readonly Set<Machine>[] },
): Promise<Fleet> {
  const made = { ...wanted, apart: wanted.apart && canBeApart() }
  const marks = join(folder, 'marks')
  mkdirSync(marks)
  const machines = Array.from({ length: made.machines }, (_, n) => {
    const machine = new Machine({ main, name: `m${n + 1}`, marks, apart: made.apart })
    for (const all of open) all.add(machine)
    return machine
  })
  const [laptop, ...others] = machines as [Machine, ...Machine[]]
  const remote = join(folder, 'remote.git')
  laptop.begin(settings(made), { 'README.md': '# A project\n', 'shared.txt': 'begun\n' })
  laptop.git('init', '-q', '--bare', '-b', 'main', remote)
  laptop.git('remote', 'add', 'origin', `file://${remote}`)
  laptop.git('push', '-q', '-u', 'origin', 'main')
  for (const world of machines) {
    writeTalker(world)
    await world.connect(server.url)
    await world.boot()
  }
  await laptop.ok('init')
  for (const world of others) world.git('clone', '-q', `file://${remote}`, '.')
  const diary = openDiary(laptop, { ...plan(0), tasks: made.tasks, user: 'on the target' })
  const fleet = {
    plan: made,
    machines,
    server,
    remote,
    diary,
    story: [],
    takenOver: 0,
    isOver: false,
    broken: undefined,
  }
  await addTasks(fleet)
  note(fleet, 'there are tasks')
  return fleet
}

async function addTasks({ plan: { tasks }, machines: [laptop], diary }: Fleet): Promise<void> {
  const worked = new Set(tasks.filter(({ kind }) => kind !== 'idle').map(({ id }) => id))
  const file = join(laptop!.folder, 'plan.jsonl')
  writeFileSync(file, asJsonl(tasks, worked, enter))
  await laptop!.ok('import-jsonl', file)
  for (const { id } of tasks) diary.created.add(id)
}

/** As a service does: `drover worker` is there again soon after it has ended, until all is over. */
export async function keepUp(fleet: Fleet, machine: Machine): Promise<void> {
  while (!fleet.isOver) {
    if (machine.isBusy) {
      await pass(20)
      continue
    }
    await machine.boot()
    const worker = (machine.worker = machine.start('worker'))
    const waking = setInterval(() => machine.wake(), 50)
    const { code, signal } = await worker.ended
    clearInterval(waking)
    const since = performance.now()
    // Who is struck ends a moment before it is noted.
    if (signal === 'SIGKILL') while (!machine.isBusy && performance.now() - since < 500) await pass(5)
    if (code === 75) fleet.takenOver++
    if (machine.isBusy || fleet.isOver || code === 75) continue
    fleet.broken ??= new Violation(
      '6 a start after a death needs no human',
      `drover worker on ${machine.name} ended with ${code ?? signal}:\n${worker.said()}`,
    )
    return
  }
}

export function note(fleet: Fleet, words: string): void {
  const line = `${new Date().toISOString().slice(11, 23)} ${words}`
  fleet.story.push(line)
  appendFileSync(join(fleet.remote, '../story'), `${line}\n`)
}
