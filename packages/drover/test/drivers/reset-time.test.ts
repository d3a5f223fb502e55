import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as check, constantFrom, integer, property, string } from 'fast-check'
import { readResetTime } from '../../src/drivers/reset-time.ts'

const now = Date.parse('2026-11-21T08:00:00Z')
const read = (text: string, at = now, zone = 'Europe/Berlin'): string | null => {
  const moment = readResetTime(text, at, zone)
  return moment === null ? null : new Date(moment).toISOString().replace('.000', '')
}

const thatDay = (time: string): number => Date.parse(`2026-11-21T${time}:00Z`)

test('a reset time is read as programs write it', () => {
  const times: Record<string, string> = {
    "You've hit your limit · resets 10:34am (UTC)": '2026-11-21T10:34:00Z',
    "You've hit your limit · resets 3pm (America/Los_Angeles)": '2026-11-21T23:00:00Z',
    'limit reached, resets 12am (Asia/Tokyo)': '2026-11-21T15:00:00Z',
    'resets 12:05pm (UTC)': '2026-11-21T12:05:00Z',
    'Weekly limit reached ∙ resets Nov 25, 9am (UTC)': '2026-11-25T09:00:00Z',
    "You've hit your usage limit. Visit https://x.test/usage or try again at 9:33 AM.": '2026-11-21T08:33:00Z',
    'try again at Nov 28th, 2026 9:33 AM.': '2026-11-28T08:33:00Z',
    'try again at Jan 2 at 9:33 PM': '2027-01-02T20:33:00Z',
    'try again on 3 December 2026, 14:05': '2026-12-03T13:05:00Z',
    'resets Dec 1': '2026-11-30T23:00:00Z',
    'resets Monday 9am': '2026-11-23T08:00:00Z',
    'Resets Sat, 8:00 AM (UTC)': '2026-11-21T08:00:00Z',
    'available tomorrow at 7:15': '2026-11-22T06:15:00Z',
    'Try again at 9:33 p.m. EST': '2026-11-22T02:33:00Z',
    'try again at 10:00 UTC+2.': '2026-11-21T08:00:00Z',
    'try again in 2 hours 5 minutes.': '2026-11-21T10:05:00Z',
    'try again in 1 day, 2 hours and 3 minutes.': '2026-11-22T10:03:00Z',
    'Please try again in 2h5m30s or ask in 3 days': '2026-11-21T10:05:30Z',
    'try again in about an hour': '2026-11-21T09:00:00Z',
    'try again in less than a minute': '2026-11-21T08:01:00Z',
    'Please wait 90 seconds': '2026-11-21T08:01:30Z',
    'retry-after: 30': '2026-11-21T08:00:30Z',
    '{"retry_after_ms": 5000}': '2026-11-21T08:00:05Z',
    '{"resets_in_seconds":3600}': '2026-11-21T09:00:00Z',
    '{"retryDelay":"34s"}': '2026-11-21T08:00:34Z',
    'Claude AI usage limit reached|1795257268': '2026-11-21T10:34:28Z',
    '{"resetsAt":1795257268}': '2026-11-21T10:34:28Z',
    '{"resets_at": 1795257268000}': '2026-11-21T10:34:28Z',
    'resets at 2026-11-21T10:34:00Z': '2026-11-21T10:34:00Z',
    'resets after 2026-11-21 10:34:20 UTC': '2026-11-21T10:34:20Z',
    'resets at 2026-11-21T10:34:00.000+02:00': '2026-11-21T08:34:00Z',
  }
  for (const [text, time] of Object.entries(times)) assert.equal(read(text), time, text)
})

test('a text that names no time has none', () => {
  const texts = [
    '',
    'try again later',
    'It failed at 10:34am',
    'HTTP 429 in 2 hours',
    'resets at 25:00',
    'resets at 9',
    'try again with request 12345678901',
    'retry after 99999999999',
    'resets at 14:75 (UTC)',
    'limit resets (see page 3 of 4)',
  ]
  for (const text of texts) assert.equal(read(text), null, text)
})

test('a clock means the next time it shows that, or the one just over', () => {
  assert.equal(read('resets 10:34am (UTC)', thatDay('10:30')), '2026-11-21T10:34:00Z')
  assert.equal(read('resets 10:34am (UTC)', thatDay('10:40')), '2026-11-21T10:34:00Z')
  assert.equal(read('resets 10:34am (UTC)', thatDay('10:50')), '2026-11-22T10:34:00Z')
  assert.equal(read('resets Sat 8am (UTC)', thatDay('10:50')), '2026-11-28T08:00:00Z')
})

test('a time without a zone is meant where the machine stands, also across a change of summer time', () => {
  const spring = Date.parse('2026-03-29T00:30:00Z')
  assert.equal(read('resets 3:30am', spring, 'Europe/Berlin'), '2026-03-29T01:30:00Z')
  assert.equal(read('resets 1:30am', spring - 3 * 3_600_000, 'Europe/Berlin'), '2026-03-29T00:30:00Z')
  assert.equal(read('resets 9am', spring, 'Europe/Berlin'), '2026-03-29T07:00:00Z')
  const evening = Date.parse('2026-10-24T20:00:00Z')
  assert.equal(read('resets 9am', evening, 'Europe/Berlin'), '2026-10-25T08:00:00Z')
  assert.equal(read('resets 9am', evening, 'America/New_York'), '2026-10-25T13:00:00Z')
  assert.equal(readResetTime('resets 10:34am (UTC)', now), Date.parse('2026-11-21T10:34:00Z'))
})

test('every time of day is found again in every zone', () => {
  const zones = ['UTC', 'America/Los_Angeles', 'Asia/Kolkata', 'Pacific/Auckland', 'America/St_Johns']
  const moments = integer({ min: now, max: now + 300 * 86_400_000 }).map((at) => at - (at % 60_000))
  check(
    property(moments, constantFrom(...zones), integer({ min: 1, max: 22 * 60 }), (at, zone, earlier) => {
      const clock = { timeZone: zone, hour: 'numeric', minute: '2-digit', hour12: true } as const
      const told = `resets ${new Date(at).toLocaleString('en-US', clock)} (${zone})`
      const found = readResetTime(told, at - earlier * 60_000)
      // In the hour that a clock shows twice, both are right.
      assert.ok(
        found !== null &&
          new Date(found).toLocaleString('en-US', clock) === new Date(at).toLocaleString('en-US', clock),
      )
      assert.ok(Math.abs(found - at) <= 3_600_000, `${told}: ${new Date(found).toISOString()}`)
    }),
  )
})

test('no text makes it throw, nor name a time that is years away', () => {
  check(
    property(string(), constantFrom('reset ', 'try again in ', 'retry after ', 'until ', ''), (text, start) => {
      const found = readResetTime(start + text, now)
      assert.ok(found === null || Math.abs(found - now) < 367 * 86_400_000)
    }),
  )
  const started = performance.now()
  readResetTime(`try again in ${'1 '.repeat(500_000)}`, now)
  readResetTime('again '.repeat(500_000), now)
  readResetTime(`resets ${'a/'.repeat(500_000)}`, now)
  assert.ok(performance.now() - started < 2000)
})
