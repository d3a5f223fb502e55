import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../../src/ledger/connection.ts'
import { openBells } from '../../src/ledger/watch.ts'

/** A ledger that only counts its writes. */
function counting() {
  let writes = 0
  const connection: Pick<Connection, 'version'> = { version: () => writes }
  return { bells: openBells(connection as Connection, 5), write: () => void writes++ }
}

const never = new AbortController().signal

test('who gave up waiting does not take the bell from who waits now', async () => {
  const { bells, write } = counting()
  const bell = bells.bell()
  const given = bell(20, never) // nobody awaits this one any more: something else came first
  const waiting = bell(10_000, never)
  await given
  write()
  const begun = performance.now()
  await waiting
  assert.ok(performance.now() - begun < 5000)
  bells.close()
})

test('what was written while nobody waited is heard by the next who does', async () => {
  const { bells, write } = counting()
  const bell = bells.bell()
  write()
  bells.look()
  await bell(10_000, never)
  const gone = new AbortController()
  const left = bell(10_000, gone.signal)
  gone.abort()
  await left
  write()
  await bell(10_000, never)
  bells.close()
})
