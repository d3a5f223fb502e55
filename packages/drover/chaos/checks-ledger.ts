import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import type { Diary } from './diary.ts'

export function assertAcknowledged(db: DatabaseSync, { created }: Diary): void {
  const there = new Set(
    db
      .prepare('select id from task')
      .all()
      .map(({ id }) => id),
  )
  assert.deepEqual(
    [...created].filter((id) => !there.has(id)),
    [],
    'acknowledged, and not in the ledger',
  )
}

export function assertJobs(db: DatabaseSync): void {
  const rows = db
    .prepare(
      `select id, status, attempt, (select count(*) from job where job.task = task.id and job.attempt = task.attempt and done = 0) as jobs
      from task where kind <> 'subtask' and status in ('claimed', 'in_progress', 'landing')`,
    )
    .all()
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

export function assertLastEvents(db: DatabaseSync): void {
  const rows = db
    .prepare(
      `select id, status, attempt, (select count(*) from event where task = task.id and type = 'task.claimed') as claims,
        (select count(*) from attempt where attempt.task = task.id) as attempts,
        (select type from event where task = task.id and type in (select value from json_each(?)) order by seq desc limit 1) as last
      from task where kind <> 'subtask'`,
    )
    .all(JSON.stringify([...Object.keys(leadsTo), 'task.retried', 'task.unblocked', 'task.resumed', 'task.reopened']))
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
export function assertImports(db: DatabaseSync, { files }: Diary): void {
  const isThere = db.prepare('select exists (select 1 from task where id = ?) as there')
  const isGroup = db.prepare('select exists (select 1 from epic where id = ?) as there')
  for (const { file, epic, tasks } of files) {
    const parts = [isGroup.get(epic), ...tasks.map((id) => isThere.get(id))].map((row) => row?.there === 1)
    assert.ok(
      parts.every(Boolean) || !parts.some(Boolean),
      `${file} is there in part: ${[epic, ...tasks].filter((_, n) => parts[n]).join(', ')}`,
    )
  }
}
