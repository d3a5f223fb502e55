/** A date and time as they stand on a wall, in no zone yet; months count from 1. */
export interface WallTime {
  year: number
  month: number
  day: number
  hour: number
  minute: number
}

/** The short names that people and programs write; the rest Intl knows by itself. */
const shortNames: Readonly<Record<string, string>> = {
  Z: 'UTC',
  GMT: 'UTC',
  PT: 'America/Los_Angeles',
  PST: 'America/Los_Angeles',
  PDT: 'America/Los_Angeles',
  MST: 'America/Denver',
  MDT: 'America/Denver',
  CST: 'America/Chicago',
  CDT: 'America/Chicago',
  ET: 'America/New_York',
  EST: 'America/New_York',
  EDT: 'America/New_York',
  BST: 'Europe/London',
  CET: 'Europe/Berlin',
  CEST: 'Europe/Berlin',
  JST: 'Asia/Tokyo',
}

/** The zone that Intl knows by this name: `America/Los_Angeles`, `PST`, `UTC+2`, `+05:30`. */
export function zoneOf(name: string): string | undefined {
  const zone = shortNames[name.toUpperCase()] ?? offsetOf(name) ?? name
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone
  } catch {
    // A word in brackets that is no zone.
    return undefined
  }
}

function offsetOf(name: string): string | undefined {
  const [, sign, hours, minutes] = /^(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?$/i.exec(name) ?? []
  return sign && hours && `${sign}${hours.padStart(2, '0')}:${minutes ?? '00'}`
}

/** What the wall shows in this zone at this moment. */
export function wallTime(at: number, zone: string): WallTime {
  const parts = Object.fromEntries(
    clockIn(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const of = (name: string): number => parts[name] ?? 0
  return { year: of('year'), month: of('month'), day: of('day'), hour: of('hour'), minute: of('minute') }
}

const clockIn = (zone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })

/** The moment at which the wall shows this. The second look is for a change of summer time in between; an hour left out is read as the one behind it. */
export function momentOf(wall: WallTime, zone: string): number {
  const asUtc = utc(wall)
  const shift = (at: number): number => utc(wallTime(at, zone)) - at
  const guess = asUtc - shift(asUtc)
  const exact = asUtc - shift(guess)
  return utc(wallTime(exact, zone)) === asUtc ? exact : guess
}

const utc = ({ year, month, day, hour, minute }: WallTime): number => Date.UTC(year, month - 1, day, hour, minute)
