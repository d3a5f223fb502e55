import { readdirSync, readFileSync } from 'node:fs'

/**
 * Who is ended with `kill -9`: this process alone; with every git it has started; with the agents too, as the kernel does when memory is
 * out; one git alone; this process, while a git of its own is slow and lives on.
 */
export const strikes = ['daemon', 'group', 'machine', 'git', 'orphan'] as const
export type Strike = (typeof strikes)[number]

/** Does not come back, but where only a git is to end. */
export function strike(what: Strike, project?: string, pid = process.pid): void {
  const table = what === 'daemon' || what === 'orphan' ? [] : look()
  const below = descendants(table, pid)
  const ends = {
    daemon: () => [],
    orphan: () => [],
    git: () => below.filter(({ name, git }) => name === 'git' && git !== undefined).slice(0, 1),
    group: () => below.filter(({ run, git }) => run === undefined && git !== undefined),
    machine: () => [...below, ...table.filter(({ run }) => project !== undefined && run?.startsWith(`${project}:`))],
  }
  for (const one of ends[what]()) end(one.pid)
  if (what !== 'git') end(pid)
}

interface Seen {
  pid: number
  parent: number
  /** The program; the shells that start gits carry their mark as well. */
  name: string
  run: string | undefined
  git: string | undefined
}

function look(): Seen[] {
  return readdirSync('/proc').flatMap((id) => {
    const stat = /^\d+$/.test(id) ? read(`/proc/${id}/stat`) : ''
    if (stat === '') return []
    const marks = read(`/proc/${id}/environ`).split('\0')
    const valueOf = (key: string) => marks.find((line) => line.startsWith(`${key}=`))?.slice(key.length + 1)
    return [
      {
        pid: Number(id),
        name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
        parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]),
        run: valueOf('DROVER_RUN_ID'),
        git: valueOf('DROVER_GIT'),
      },
    ]
  })
}

function descendants(table: readonly Seen[], root: number): Seen[] {
  const below = table.filter(({ parent }) => parent === root)
  return below.flatMap((one) => [one, ...descendants(table, one.pid)])
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // gone meanwhile, or somebody else's
  }
}
