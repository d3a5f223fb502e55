import assert from 'node:assert/strict'
import type { Diary } from './diary.ts'
import type { ChaosWorld } from './world.ts'

export async function assertAcknowledged(world: ChaosWorld, { created }: Diary): Promise<void> {
  const there = new Set((await world.look('select id from task')).map(({ id }) => id))
  assert.deepEqual(
    [...created].filter((id) => !there.has(id)),
    [],
    'acknowledged, and not in the ledger',
  )
}

export async function assertJobs(world: ChaosWorld): Promise<void> {
  // A job that has just ended here, and is not yet known to have, is no second one of a task that lands.
  const rows = await world.look(
    `select id, status, attempt, (select count(*) from job where job.task = task.id and job.attempt = task.attempt and done = 0
        and job.kind = case task.status when 'landing' then 'land' else 'drive' end) as jobs
      from task where kind <> 'subtask' and status in ('claimed', 'in_progress', 'landing')`,
  )
  for (const { id, status, attempt, jobs } of rows) {
    const right = status === 'landing' ? Number(jobs) <= 1 : jobs === 1
    assert.ok(right, `${id} is ${status} at attempt ${attempt}, and has ${jobs} living jobs`)
  }
}

const leadsTo: Record<string, string> = {
  'task.claimed': 'claimed',
  'task.started': 'in_progress',
  'task.passed': 'landing',
  'task.blocked': 'blocked',
  'task.paused': 'paused',
  'task.decomposed': 'decomposed',
  'task.cancelled': 'cancelled',
  'task.failed': 'failed',
  'task.completed': 'completed',
}

const moving = [...Object.keys(leadsTo), 'task.retried', 'task.unblocked', 'task.resumed', 'task.reopened']

export async function assertLastEvents(world: ChaosWorld): Promise<void> {
  const rows = await world.look(
    `select id, status, attempt, (select count(*) from event where event.task = task.id and type = 'task.claimed') as claims,
        (select count(*) from attempt where attempt.task = task.id) as attempts,
        (select type from event where event.task = task.id and type in (${moving.map((type) => `'${type}'`).join(', ')}) order by seq desc limit 1) as last
      from task where kind <> 'subtask'`,
  )
  for (const { id, status, attempt, claims, attempts, last } of rows) {
    const wanted = last === null ? undefined : leadsTo[String(last)]
    assert.ok(wanted === undefined || wanted === status, `${id} is ${status}, and its last event is ${last}`)
    assert.ok(
      claims === attempt && attempts === attempt,
      `${id} is at attempt ${attempt}: ${claims} claims, ${attempts} rows`,
    )
  }
}

/** A file that was imported is there with all that is in it, or not at all. */
export async function assertImports(world: ChaosWorld, { files }: Diary): Promise<void> {
  const there = new Set((await world.look('select id from task union all select id from epic')).map(({ id }) => id))
  for (const { file, epic, tasks } of files) {
    const parts = [epic, ...tasks].filter((id) => there.has(id))
    assert.ok(parts.length === 0 || parts.length === 1 + tasks.length, `${file} is there in part: ${parts.join(', ')}`)
  }
}
