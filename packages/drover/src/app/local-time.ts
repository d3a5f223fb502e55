/** When that will be, where whoever reads it lives: the time of day, with the day where it is not soon. */
export function untilTime(at: number, now: number): string {
  const date = new Date(at)
  const time = [date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':')
  if (at - now < 18 * 3_600_000) return time
  return `${new Intl.DateTimeFormat('en', { weekday: 'short', day: 'numeric', month: 'short' }).format(date)}, ${time}`
}
