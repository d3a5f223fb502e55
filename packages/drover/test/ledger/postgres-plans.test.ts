import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewEvent } from '../../src/domain/event.ts'
import { append } from '../../src/ledger/append.ts'
import { nextTask } from '../../src/ledger/claim.ts'
import type { Connection } from '../../src/ledger/connection.ts'
import { openPostgres } from '../../src/ledger/open-postgres.ts'
import { openReading } from '../../src/ledger/reading.ts'
import type { Loan, Part, Query } from '../../src/ports/ledger.ts'
import { created, hand, person } from '../support/drafts.ts'
import { asked, onPostgres } from '../support/postgres.ts'

const count = 20_000

/** A row of a table many times over, with some of its columns changed. */
async function multiply(url: string, table: string, changes: Record<string, string>): Promise<void> {
  const found = await asked(
    url,
    `select column_name as name from information_schema.columns where table_schema = 'drover_p' and table_name = '${table}'`,
  )
  const names = found.map(({ name }) => String(name))
  const values = names.map((name) => changes[name] ?? `"${table}"."${name}"`)
  await asked(
    url,
    `set search_path to drover_p; insert into "${table}" (${names.map((name) => `"${name}"`).join(', ')})
      select ${values.join(', ')} from "${table}", generate_series(1, ${count}) as n order by n`,
  )
}

/** Ten thousands of tasks, most of them over, with their attempts, needs and events. */
async function fill(url: string): Promise<void> {
  const by = { task: `'t' || n`, at: 'n' }
  await multiply(url, 'task', {
    id: `'t' || n`,
    ordinal: '10 + n',
    status: `case when n % 20 = 0 then 'ready' when n % 100 = 1 then 'blocked' else 'completed' end`,
    blocked_reason: `case when n % 100 = 1 then 'needs' end`,
    started_at: 'n - 1',
    finished_at: `case when n % 20 > 0 and n % 100 <> 1 then n end`,
    priority: 'n % 11',
  })
  await multiply(url, 'event', {
    ...by,
    seq: '10 + n',
    key: `'k' || n`,
    type: `case when n % 100 = 0 then 'agent.usage' else 'task.created' end`,
  })
  await asked(
    url,
    `set search_path to drover_p; insert into need (task, needs) select 't' || n, 't' || (n - 1) from generate_series(2, ${count}) as n`,
  )
  await asked(
    url,
    `set search_path to drover_p; insert into attempt (task, attempt, machine, slot, agent, fresh, claimed_at, ended_at)
      select 't' || n, 1, 'm', 1, 'command', 0, n, case when n > 10 then n end from generate_series(1, ${count}) as n`,
  )
  await asked(url, 'set search_path to drover_p; analyze')
}

await onPostgres((database) => {
  test('with 20,000 tasks nothing that is asked often reads a whole table', async () => {
    const { url } = await database.another()
    const { ledger } = await openPostgres({
      url,
      machine: 'm',
      now: Date.now,
      create: { project: 'p', target: 'main' },
    })
    await ledger.append([created('t0')], person())
    await fill(url)
    const scans: string[] = []

    /** The same part, with the plan of each of its statements looked at first. */
    function* planned<T>(part: Part<T>): Part<T> {
      let turn = part.next([])
      while (!turn.done) {
        const asking: Query | Loan = turn.value
        if ('lend' in asking) throw new TypeError('nothing is lent here')
        const [first = '', ...rest] = asking.texts
        const plan = yield { texts: [`explain ${first}`, ...rest], values: asking.values }
        const lines = plan.map((row) => String(row['QUERY PLAN']))
        if (lines.some((line) => /Seq Scan on (?:task|event|need|attempt)\b/.test(line)))
          scans.push(`${asking.texts.join('?').replaceAll(/\s+/g, ' ').slice(0, 300)}\n${lines.join('\n')}`)
        turn = part.next(yield asking)
      }
      return turn.value
    }
    const connection: Connection = {
      transact: (part) => ledger.transact(() => planned(part())),
      read: (part) => ledger.ask(() => planned(part())),
      version: () => 0,
      foreign: () => 0,
      close: () => undefined,
    }
    const reading = openReading(connection)
    const claim = { machine: 'm', slot: 1, epic: null, hands: [hand()], defaultAgent: 'claude', now: Date.now() }
    const says = (events: NewEvent[]) =>
      connection.transact(() => append({ events, by: person(), at: Date.now(), machine: 'm' }))

    assert.equal((await connection.read(() => nextTask(claim)))?.choice.agent, 'command')
    await says([created('new', {}, { needs: ['t20'] })])
    await says([{ type: 'task.paused', task: 't20', data: { reason: '' } }])
    await says([{ type: 'task.cancelled', task: 't40', data: { reason: '' } }])
    await reading.task('t7')
    await reading.tasks({ statuses: ['blocked', 'paused', 'failed'], reasons: ['review'] })
    await reading.tasks({ statuses: ['landing'] })
    await reading.recent({ epic: null, since: 0, until: 1e9, limit: 5, but: [] })
    await reading.resting('checkout')
    await reading.subtasks('t7')
    await reading.needsOf('t7')
    await reading.neededBy('t7')
    await reading.attempts('t7')
    await reading.openAttempts()
    await reading.landings('t7')
    await reading.durations(20)
    await reading.candidate('t7')
    await reading.nextDue(Date.now(), null)
    await reading.events(count - 100, {}, 100)
    await reading.events(count - 100, { types: ['agent.usage'] }, 100)
    await reading.events(0, { task: 't7' }, 100)
    await reading.events(0, { task: 't7', types: ['task.created'] }, 100)
    await reading.lastSeq()
    await reading.lastRun()
    await reading.spentSince(count - 50)
    await reading.pendingHints('t7')
    await reading.usageTotal('t7')
    await reading.idsLike('t77')
    assert.deepEqual(scans, [])
    await ledger.close()
  })
})
