import { readdirSync, readFileSync } from 'node:fs'

const tickMs = 10

/** Processor time of a process, of all that it and its living children have waited for, and of these: Linux only. */
export function spentMs(pid: number): number {
  const processes = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readStat(Number(name)) : []))
  const below = (parent: number): number =>
    processes.reduce((sum, one) => (one.parent === parent ? sum + one.ms + below(one.pid) : sum), 0)
  return (processes.find((one) => one.pid === pid)?.ms ?? 0) + below(pid)
}

/** The name may contain blanks and parentheses; what follows the last one is numbers. */
function readStat(pid: number): { pid: number; parent: number; ms: number }[] {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
      .map(Number)
    return [{ pid, parent: fields[1]!, ms: tickMs * (fields[11]! + fields[12]! + fields[13]! + fields[14]!) }]
  } catch {
    return [] // it ended while it was looked at
  }
}
