import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** One process of a machine, as others may know it. */
export interface Incarnation {
  /** New at every start, and never used again. */
  id: string
  machine: string
  /** Names the machine, its start, and what of it this process sees: only there does a pid mean anything. */
  host: string
  pid: number
  born: string
}

export function incarnationOf(machine: string, bytes: Uint8Array): Incarnation {
  const id = `${machine}/${Buffer.from(bytes).toString('base64url')}`
  return { id, machine, host: thisHost(), pid: process.pid, born: bornOf(process.pid) ?? '' }
}

/** Whether a process of this very host is no more. Of another host nobody here can tell. */
export const isGone = ({ host, pid, born }: Incarnation): boolean => host === thisHost() && bornOf(pid) !== born

const thisHost = (): string =>
  [hostname(), read('/proc/sys/kernel/random/boot_id')?.trim(), link('/proc/self/ns/pid')].filter(Boolean).join(' ')

/** When it was started; nothing when it is gone, or dead and not buried. Where there is no /proc, only whether it is there. */
function bornOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return isThere(pid) ? '' : undefined
  const stat = read(`/proc/${pid}/stat`)
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
  return 'ZX'.includes(fields[0] ?? 'X') ? undefined : fields[19]
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined // it is gone, or this is no Linux
  }
}

function link(file: string): string | undefined {
  try {
    return readlinkSync(file)
  } catch {
    return undefined // this is no Linux
  }
}
