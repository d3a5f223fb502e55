import type { Job } from '../ports/durable.ts'
import type { Part } from '../ports/ledger.ts'
import type { Records } from '../ports/records.ts'
import type { Connection } from './connection.ts'
import { all, one, run, sql } from './sql.ts'

type Stray = Awaited<ReturnType<Records['strays']>>['tasks'][number]

export function openRecords(connection: Connection): Records {
  const write = (part: () => Part): Promise<void> => connection.transact(part)
  const read = async <T>(part: () => Part<T>): Promise<T> => connection.read(part)
  // Asked before every git call, and changed once in a project's life.
  let trusted: { at: number; drivers: Readonly<Record<string, string>> } | undefined

  return {
    hold: (task, attempt, holder) =>
      run(sql`update attempt set holder = ${holder} where task = ${task} and attempt = ${attempt}`),
    seat: (task, attempt, { machine, slot }) =>
      write(() =>
        run(sql`update attempt set machine = ${machine}, slot = ${slot} where task = ${task} and attempt = ${attempt}`),
      ),
    end: (task, attempt, at) =>
      run(sql`update attempt set ended_at = coalesce(ended_at, ${at}) where task = ${task} and attempt = ${attempt}`),
    offset: async (task, attempt) =>
      (
        await read(() =>
          one<{ read_offset: number }>(
            sql`select read_offset from attempt where task = ${task} and attempt = ${attempt}`,
          ),
        )
      )?.read_offset ?? 0,
    readTo: (task, attempt, offset) =>
      write(() => run(sql`update attempt set read_offset = ${offset} where task = ${task} and attempt = ${attempt}`)),
    said: (hint, attempt) => write(() => run(sql`update hint set said = ${attempt} where id = ${hint}`)),
    async trusted() {
      const at = connection.foreign()
      if (trusted?.at !== at) trusted = { at, drivers: await connection.read(trustedDrivers) }
      return trusted.drivers
    },
    async trust(drivers, instead = '') {
      await write(function* () {
        yield* run(sql`delete from trusted where substr(key, 1, ${instead.length}) = ${instead}`)
        for (const [key, value] of Object.entries(drivers))
          yield* run(sql`insert into trusted (key, value) values (${key}, ${value})`)
      })
      trusted = undefined
    },
    wish: (what, about, at) => connection.transact(() => wish(what, about, at)),
    wishes: async () =>
      (
        await read(() =>
          all<{ id: number; what: string; about: string }>(
            sql`select id, what, about from wish where answer is null order by id`,
          ),
        )
      ).map((row) => ({ ...row, about: JSON.parse(row.about), answer: null })),
    answerWish: (id, answer) =>
      write(() => run(sql`update wish set answer = ${JSON.stringify(answer ?? null)} where id = ${id}`)),
    answerTo: async (id) => {
      const row = await read(() => one<{ answer: string | null }>(sql`select answer from wish where id = ${id}`))
      return row?.answer == null ? undefined : JSON.parse(row.answer)
    },
    strays: () => read(strays),
  }
}

function* trustedDrivers(): Part<Readonly<Record<string, string>>> {
  const rows = yield* all<{ key: string; value: string }>(sql`select key, value from trusted`)
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]))
}

function* wish(what: string, about: unknown, at: number): Part<number> {
  const row = yield* one<{ id: number }>(
    sql`insert into wish (what, about, at) values (${what}, ${JSON.stringify(about ?? null)}, ${at}) returning id`,
  )
  return row!.id
}

function* strays(): Part<{ tasks: Stray[]; jobs: Job[] }> {
  const tasks = yield* all<Stray>(
    sql`select id, attempt, landings, status from task where kind in ('task', 'spawned', 'split') and status in ('claimed', 'in_progress', 'landing')
        and not exists (select 1 from job where job.task = task.id and job.attempt = task.attempt and job.done = 0)`,
  )
  const jobs = yield* all<Job>(
    sql`select job.id, job.kind, job.task, job.attempt, job.lane from job join task on task.id = job.task where job.done = 0
        and (job.attempt <> task.attempt or task.status not in ('claimed', 'in_progress', 'landing'))`,
  )
  return { tasks, jobs }
}
