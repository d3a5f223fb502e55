import type { Task } from '../domain/task.ts'
import type { Part } from '../ports/ledger.ts'
import { changedColumns, decodeTask, encodeTask, taskColumnNames, taskColumns } from './columns.ts'
import { join, one, raw, run, sql } from './sql.ts'

export function* taskById(id: string): Part<Task | undefined> {
  const row = yield* one<Record<string, unknown>>(sql`select ${raw(taskColumnNames)} from task where id = ${id}`)
  return row && decodeTask(row)
}

/** Frozen like a template's texts, so that the statement is found without joining forty pieces: an import writes 100,000 rows. */
const insertion = Object.freeze(
  taskColumns.map((_, i) => (i === 0 ? `insert into task (${taskColumnNames}) values (` : ', ')).concat(')'),
)

export function* insertTask(task: Task): Part {
  yield* run({ texts: insertion, values: encodeTask(task) })
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
