import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Exec } from '../../src/app/exec.ts'
import { openSystem } from '../../src/app/system.ts'
import type { AgentState, System } from '../../src/ports/system.ts'

/** A folder with attempts in it, and real processes; whatever a test leaves behind fails it. */
export function openWorld(t: TestContext, programs = '/usr/bin:/bin') {
  const root = mkdtempSync(join(tmpdir(), 'drover-system-'))
  const system: System & { exec: Exec; close(): Promise<void> } = openSystem(`${root}-calls`, programs)
  const project = `p${Math.random().toString(36).slice(2, 10)}`
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' }
  const markOf = (name: string) => `${project}:${name}`
  const folderOf = (name: string) => join(root, name)

  t.after(async () => {
    // A wrapper that has said how it ended may still be on its way out.
    const left = await gone(system, `${project}:`)
    for (const pid of left) process.kill(pid, 'SIGKILL')
    await system.close()
    rmSync(root, { recursive: true, force: true })
    if (left.length > 0) throw new Error(`the test left ${left.length} processes behind`)
  })

  const world = {
    root,
    system,
    project,
    env,
    markOf,
    folderOf,
    /** Starts a shell script as the agent of an attempt. */
    launch: (name: string, script: string, more: { stdin?: 'prompt' | 'fifo' | 'none'; args?: string[] } = {}) =>
      system.launch({
        folder: folderOf(name),
        cwd: root,
        file: 'sh',
        args: ['-c', script, 'agent', ...(more.args ?? [])],
        env: { ...env, DROVER_RUN_ID: markOf(name) },
        stdin: more.stdin ?? 'none',
      }),
    look: (name: string) => system.look(folderOf(name), markOf(name)),
    end: (name: string, graceMs = 2_000) => system.end({ folder: folderOf(name), mark: markOf(name), graceMs }),
    async over(name: string): Promise<Extract<AgentState, { state: 'over' }>> {
      const deadline = AbortSignal.timeout(10_000)
      for (;;) {
        const state = await world.look(name)
        if (state.state === 'over') return state
        deadline.throwIfAborted()
        await system.stirred(folderOf(name), 10_000, deadline)
      }
    },
    printed: (name: string) => readFileSync(join(folderOf(name), 'out'), 'utf8'),
    write: (path: string, text: string | Buffer) => writeFileSync(join(root, path), text),
    /** What it printed, once it has printed so many lines. */
    lines: (name: string, count: number) =>
      until(`${count} lines of ${name}`, async () => {
        const { lines } = await system.readLines(folderOf(name), 0, 1_000_000)
        return lines.length >= count && lines
      }),
  }
  return world
}

export type World = ReturnType<typeof openWorld>

/** Waits for a condition, and says what it waited for in vain. */
export async function until<T>(
  what: string,
  found: () => T | false | undefined | Promise<T | false | undefined>,
): Promise<T> {
  for (const deadline = performance.now() + 10_000; performance.now() < deadline;) {
    const value = await found()
    if (value !== false && value !== undefined) return value
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`waited 10 s in vain for ${what}`)
}

/** Living: in the table, and no zombie. */
export function isLiving(pid: number): boolean {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .startsWith('Z')
  } catch {
    return false
  }
}

export const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!

async function gone(system: System, mark: string): Promise<number[]> {
  for (let tries = 1; ; tries++) {
    const left = await system.marked(mark)
    if (left.length === 0 || tries === 50) return left
  }
}
