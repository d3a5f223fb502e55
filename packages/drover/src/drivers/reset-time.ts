import { type Found, readClock, readDate } from './spoken-time.ts'

/** Reads one way of naming a moment, wherever it stands in the words. */
type Reader = (words: string, now: number, zone: string) => Found | undefined

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const localZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone

/**
 * When a limit is over, in milliseconds since 1970, from the words a program says it with: `resets 10:34am (UTC)`, `try again at 9:33 AM`,
 * `in 2 hours 5 minutes`, `"resetsAt":1795257268`. Nothing when they name no time. A time without a zone is meant in `zone`.
 */
export function readResetTime(text: string, now: number, zone: string = localZone()): number | null {
  for (const promise of text.slice(0, 10_000).matchAll(promises)) {
    const words = text.slice(promise.index, promise.index + 120)
    const found = readers.flatMap((read) => read(words, now, zone) ?? []).filter(({ at }) => isNear(at, now))
    if (found.length > 0) return found.reduce((first, one) => (one.index < first.index ? one : first)).at
  }
  return null
}

/** A time is only looked for behind one of these: an error may name others. */
const promises = /reset|again|retry|available|until|wait|renew|limit reached\|/gi

/** What is years away is no limit but another number. */
const isNear = (at: number, now: number): boolean => at > now - day && at < now + 366 * day

const readStamp: Reader = (words) => {
  const found = /(?<![\d.])(\d{10}|\d{13})(?!\d)/.exec(words)
  return found ? { index: found.index, at: Number(found[1]?.padEnd(13, '0')) } : undefined
}

/** `in 2 hours 5 minutes`, `after 2h5m30s`, `wait 1 day, 2 hours and 3 minutes`, `retry-after: 30`. */
const readSpan: Reader = (words, now) => {
  const start =
    /(?:\bin|after|\bfor|wait|delay|seconds|ms)\b["'\s:=~]*(?:about |another |less than )*(?=\d|an? )/i.exec(
      words.replaceAll(/[_-]/g, ' '),
    )
  if (!start) return undefined
  const said = words.slice(start.index + start[0].length)
  const length = bareNumber(start[0], said) ?? sumOf(said.replace(/^an? /i, '1 '))
  return length === undefined ? undefined : { index: start.index, at: now + length }
}

const readers: readonly Reader[] = [readStamp, readDate, readSpan, readClock]

/** A number without a unit is one of seconds, as in the header `retry-after`. */
function bareNumber(start: string, said: string): number | undefined {
  const [, number] = /^(\d{1,9}(?:\.\d+)?)(?=\s*(?:$|[.,;"'})\]]))/.exec(said) ?? []
  if (number === undefined || /^(?:in|for)\b/i.test(start)) return undefined
  return Number(number) * (/ms\b/i.test(start) ? 1 : second)
}

const lengths: Readonly<Record<string, number>> = { w: 7 * day, d: day, h: hour, m: minute, s: second }
const lengthOf = (unit: string): number =>
  /^(?:ms|milli)/i.test(unit) ? 1 : (lengths[unit.charAt(0).toLowerCase()] ?? 0)
const amounts =
  /(\d{1,9}(?:\.\d+)?)\s*(weeks?|w|days?|d|hours?|hrs?|h|milliseconds?|ms|minutes?|mins?|m|seconds?|secs?|s)(?![a-z])/gi

/** The amounts that stand together: the first word between them that joins nothing ends it. */
function sumOf(said: string): number | undefined {
  let end = 0
  let total: number | undefined
  for (const { 0: whole, 1: count, 2: unit = '', index } of said.matchAll(amounts)) {
    if (!/^(?:\s|,|and)*$/i.test(said.slice(end, index))) break
    total = (total ?? 0) + Number(count) * lengthOf(unit)
    end = index + whole.length
  }
  return total
}
