import type { Task } from '../domain/task.ts'
import type { Part } from '../ports/ledger.ts'
import { changedColumns, decodeTask, encodeTask, taskColumnNames } from './columns.ts'
import { join, one, raw, run, sql } from './sql.ts'

export function* taskById(id: string): Part<Task | undefined> {
  const row = yield* one<Record<string, unknown>>(sql`select ${raw(taskColumnNames)} from task where id = ${id}`)
  return row && decodeTask(row)
}

export function* insertTask(task: Task): Part {
  const values = join(
    encodeTask(task).map((value) => sql`${value}`),
    ', ',
  )
  yield* run(sql`insert into task (${raw(taskColumnNames)}) values (${values})`)
}

/** Writes only what changed: most events touch four columns of forty. */
export function* updateTask(before: Task, after: Task): Part {
  const changes = changedColumns(before, after)
  if (changes.length === 0) return
  const sets = join(
    changes.map(({ column, value }) => sql`${raw(column)} = ${value}`),
    ', ',
  )
  yield* run(sql`update task set ${sets} where id = ${before.id}`)
}
