import { momentOf, type WallTime, wallTime, zoneOf } from './wall-time.ts'

/** A moment that was read, and where it stands in the words. */
export interface Found {
  index: number
  at: number
}

type Parts = Readonly<Record<string, string | undefined>>

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

const zoneWord = String.raw`(?:\s*\(?(?<zone>Z\b|[a-z]+/[a-z_/+-]+|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?|[a-z]{2,4}\b))?`
const clockWords = String.raw`(?<hour>\d{1,2})(?::(?<minute>\d{2}))?(?::\d{2})?(?:\s*(?<half>[ap])\.?m\b\.?)?${zoneWord}`
const between = String.raw`(?:,|\s|at\b|on\b)*`
const monthWord = String.raw`\b(?<month>${months.join('|')})[a-z]*\.?`
const dayWord = String.raw`(?<day>\d{1,2})(?:st|nd|rd|th)?`
const yearWord = String.raw`(?:,?\s+(?<year>\d{4}))?`
const pattern = (words: string): RegExp => new RegExp(words, 'i')

const clocks = [
  pattern(String.raw`${monthWord}\s+${dayWord}\b${yearWord}(?:${between}${clockWords})?`),
  pattern(String.raw`\b${dayWord}\s+${monthWord}${yearWord}(?:${between}${clockWords})?`),
  pattern(String.raw`\b(?<weekday>${weekdays.join('|')})[a-z]*${between}${clockWords}`),
  pattern(String.raw`\b(?<tomorrow>tomorrow)${between}${clockWords}`),
  pattern(String.raw`(?<![\d:.-])${clockWords}`),
]

/** `10:34am (UTC)`, `9:33 AM`, `14:05`, `tomorrow at 9am`, `Monday 9am`, `Nov 28th, 2026 9:33 AM`. */
export function readClock(words: string, now: number, zone: string): Found | undefined {
  for (const clock of clocks) {
    const found = clock.exec(words)
    const parts: Parts = found?.groups ?? {}
    if (found && isTime(parts)) return { index: found.index, at: nextMoment(parts, now, zoneIn(parts, zone)) }
  }
  return undefined
}

/** `2026-11-21T10:34:00Z`, `2026-11-21 10:34 UTC`. */
export function readDate(words: string, _now: number, zone: string): Found | undefined {
  const found = isoDate.exec(words)
  const parts: Parts = found?.groups ?? {}
  if (!found) return undefined
  const wall = { year: Number(parts.year), month: Number(parts.month), day: Number(parts.day), ...hoursOf(parts) }
  return { index: found.index, at: momentOf(wall, zoneIn(parts, zone)) + Number(parts.second ?? 0) * 1000 }
}

const isoDate = pattern(
  String.raw`(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)[T ](?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:\.\d+)?)?${zoneWord}`,
)

/** A lone number is no time of day, and 25:00 is none either. */
function isTime({ month, hour, minute, half }: Parts): boolean {
  if (hour === undefined) return month !== undefined
  return (minute !== undefined || half !== undefined) && Number(hour) < (half ? 13 : 24) && Number(minute ?? 0) < 60
}

/** A small word that follows is a zone only where it is written like one. */
function zoneIn({ zone }: Parts, otherwise: string): string {
  return (zone !== undefined && /^(?![a-z])/.test(zone) && zoneOf(zone)) || otherwise
}

function hoursOf({ hour, minute, half }: Parts): { hour: number; minute: number } {
  const hours = Number(hour ?? 0)
  const ofTheDay = half === undefined ? hours : (hours % 12) + (half.toLowerCase() === 'p' ? 12 : 0)
  return { hour: ofTheDay, minute: Number(minute ?? 0) }
}

/** Clocks are cut to the minute and read late: what is just over is meant, not the same time a day later. */
const justOver = 10 * 60_000

function nextMoment(parts: Parts, now: number, zone: string): number {
  const today = wallTime(now, zone)
  const first: WallTime = { ...today, ...dateOf(parts, today), ...hoursOf(parts) }
  const at = momentOf(first, zone)
  if (at >= now - justOver || parts.year !== undefined) return at
  if (parts.month === undefined) return momentOf({ ...first, day: first.day + (parts.weekday ? 7 : 1) }, zone)
  return at >= now - 24 * 60 * 60_000 ? at : momentOf({ ...first, year: first.year + 1 }, zone)
}

function dateOf({ year, month, day, weekday, tomorrow }: Parts, today: WallTime): Partial<WallTime> {
  if (month !== undefined)
    return { year: Number(year ?? today.year), month: months.indexOf(month.toLowerCase()) + 1, day: Number(day) }
  if (tomorrow !== undefined) return { day: today.day + 1 }
  if (weekday === undefined) return {}
  const weekdayToday = new Date(Date.UTC(today.year, today.month - 1, today.day)).getUTCDay()
  return { day: today.day + ((weekdays.indexOf(weekday.toLowerCase()) - weekdayToday + 7) % 7) }
}
