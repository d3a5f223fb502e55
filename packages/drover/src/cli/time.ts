/** How long, as a person says it: the two largest units. */
export function lasting(ms: number): string {
  if (ms > 0 && ms < 1000) return `${Math.ceil(ms)}ms`
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds}s`
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ]
  const first = parts.findIndex(([n]) => n > 0)
  const shown = parts.slice(first, first + 2).filter(([n]) => n > 0)
  return shown.map(([n, unit]) => `${n}${unit}`).join(' ')
}

/** "~45 min": no more precision than an estimate has. */
export function roughly(seconds: number): string {
  if (seconds < 90) return 'about a minute'
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} minutes`
  return `about ${Math.round(seconds / 1800) / 2} hours`
}

export const ago = (at: number, now: number): string => (now - at < 1500 ? 'just now' : `${lasting(now - at)} ago`)

/** Relative where a person looks, exact where a program does. */
export const when = (at: number | null, now: number, isTerminal: boolean): string =>
  at === null ? '-' : isTerminal ? ago(at, now) : new Date(at).toISOString()

export const clockTime = (at: number): string => {
  const date = new Date(at)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}
