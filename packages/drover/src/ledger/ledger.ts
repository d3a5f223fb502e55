import { neededOf } from '../domain/labels.ts'
import type { Ledger } from '../ports/ledger.ts'
import { append, Refused, type Said } from './append.ts'
import { Rehearsed, retell } from './retell.ts'
import { claimed, mayGoOn, nextId, nextTask } from './claim.ts'
import type { Connection } from './connection.ts'
import { choosing } from './labels.ts'
import { standing } from './reading.ts'
import { run, sql } from './sql.ts'
import { openBells } from './watch.ts'

/** The ledger over a connection. It alone writes events and what they mean for tasks. */
export function openLedger(connection: Connection, { machine, now }: { machine: string; now: () => number }): Ledger {
  const bells = openBells(connection)
  const tell = <T>(result: T): T => {
    bells.look()
    return result
  }

  return {
    async append(events, by, beside, hear) {
      const said: Said = { events, by, at: now(), machine, hear }
      const part = function* () {
        const answer = yield* append(said)
        if (answer.outcome === 'appended' && beside) yield* beside()
        return answer
      }
      return connection.transact(part).then(tell, answerOf)
    },

    async claim(claim, start) {
      // A write lock only when there is something to write: most looks find nothing.
      if ((await connection.read(() => nextId(claim))) === undefined) return undefined
      const chosen = await connection.transact(function* () {
        const best = yield* nextTask(claim)
        if (!best) return undefined
        const event = claimed(best, claim)
        const key = `${best.task.id}/${event.attempt}/claim`
        const answer = yield* append({
          events: [event],
          by: { kind: 'machine', name: claim.machine, request: key },
          at: now(),
          machine,
        })
        if (answer.outcome === 'appended')
          yield* run(sql`update event set slot = ${claim.slot} where seq = ${answer.events[0]!.seq}`)
        const task = { ...best.task, attempt: event.attempt!, status: 'claimed' as const }
        yield* start(task, neededOf(task.labels, yield* choosing(claim)))
        return task
      })
      return chosen && tell(chosen)
    },

    async endRun(claim, words, by) {
      const answer = await connection.transact(function* () {
        if (yield* mayGoOn(claim)) return 'not yet'
        const events = words(yield* standing(claim.epic ?? undefined))
        return yield* append({ events, by, at: now(), machine })
      })
      return tell(answer !== 'not yet' && 'events' in answer ? answer.events : 'not yet')
    },

    retell: (events, rest, how) =>
      connection
        .transact(function* () {
          const news = yield* retell(events, rest)
          if (how === 'rehearsed') throw new Rehearsed(news)
          return news
        })
        .then(tell, newsOf),

    transact: (part) => connection.transact(part),
    ask: async (part) => connection.read(part),
    bell: () => bells.bell(),
    look: () => bells.look(),
    waitFor: (ms) => connection.waitFor?.(ms),
    async close() {
      bells.close()
      await connection.close()
    },
  }
}

/** A refusal is an answer; it came as an error only so that the transaction rolled back. */
function answerOf(error: unknown) {
  if (error instanceof Refused) return error.answer
  throw error
}

/** It came as an error only so that the transaction rolled back. */
function newsOf(error: unknown) {
  if (error instanceof Rehearsed) return error.news
  throw error
}
