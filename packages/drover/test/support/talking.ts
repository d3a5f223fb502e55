import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeWorld, type Running, type World } from './world.ts'

const stub = fileURLToPath(new URL('talking-agent.mjs', import.meta.url))

/** A line of the memory of an agent that is talked to. */
export interface Remembered {
  kind: 'new' | 'resumed' | 'lost' | 'prompt' | 'hint' | 'interrupt' | 'step'
  text: string
  task: string
  attempt: number
  session: string
  pid: number
}

/** The program that is talked to, beside the repository. */
export function writeTalker({ folder }: World): void {
  const program = join(folder, 'claude')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${stub}' "$@"\n`)
  chmodSync(program, 0o755)
}

/** A world whose agent is talked to, as Claude Code is. */
export async function withTalker(t: TestContext, settings = '', files: Record<string, string> = {}): Promise<World> {
  const world = await makeWorld(t)
  writeTalker(world)
  const [top = '', ...tables] = settings.split(/^(?=\[)/m)
  const text = [`retry_delay = "20ms"\nstop_grace = "1s"\n${top}`, '[agents.claude]\npath = "../claude"\n', ...tables]
  world.commit({ '.drover.toml': text.join('\n'), ...files })
  return world
}

/** A task whose agent does these steps. */
export async function addTalk(world: World, id: string, steps: readonly string[], ...more: string[]): Promise<void> {
  const words = steps.map((step) => `[[${step}]]`).join(' ')
  const named = more.includes('-P') ? [] : ['--id', id]
  await world.ok('add', `Talk about ${id}`, '-d', words, ...named, '--skip-validation', ...more)
}

export function remembered(world: World, task?: string): Remembered[] {
  const all = world.marked('talk').map((line) => JSON.parse(line) as Remembered)
  return task === undefined ? all : all.filter((one) => one.task === task)
}

const texts = (world: World, kind: Remembered['kind'], task?: string): string[] =>
  remembered(world, task).flatMap((one) => (one.kind === kind ? [one.text] : []))
export const steps = (world: World, task?: string): string[] => texts(world, 'step', task)
export const hintsHeard = (world: World, task?: string): string[] => texts(world, 'hint', task)
export const prompts = (world: World, task?: string): string[] => texts(world, 'prompt', task)
export const starts = (world: World, task?: string): string[] =>
  remembered(world, task).flatMap(({ kind }) => (kind === 'new' || kind === 'resumed' || kind === 'lost' ? [kind] : []))
export const sessions = (world: World, task?: string): string[] => [
  ...new Set(remembered(world, task).map(({ session }) => session)),
]

export const mark = (world: World, name: string): void => writeFileSync(join(world.marks, name), '')
export const unmark = (world: World, name: string): void => rmSync(join(world.marks, name))

/** Until its agent remembers that. */
export const untilRemembered = (world: World, what: string, is: (one: Remembered) => boolean): Promise<Remembered> =>
  world.until(what, async () => remembered(world).find(is))

/** Until its agent stands in this step, which a mark lets it leave. */
export const untilPrinted = (world: World, task: string, attempt: number, what: string): Promise<true> =>
  world.until(`${task} prints ${what}`, async () => (printed(world, task, attempt).includes(what) ? true : undefined))

export function printed(world: World, task: string, attempt: number): string {
  const file = `.drover/attempts/${task}/${attempt}/out`
  return world.has(file) ? readFileSync(join(world.root, file), 'utf8') : ''
}

/** The daemon does nothing any more, and holds nothing that others need. */
export async function freeze(world: World, daemon: Running): Promise<void> {
  const db = new DatabaseSync(join(world.root, '.drover/drover.db'), { timeout: 500 })
  try {
    await world.until('it stands still outside of a transaction', async () => {
      daemon.send('SIGSTOP')
      if (isFree(db)) return true
      daemon.send('SIGCONT')
      return undefined
    })
  } finally {
    db.close()
  }
}

function isFree(db: DatabaseSync): boolean {
  try {
    db.exec('begin immediate; rollback')
    return true
  } catch {
    return false // it has just begun to write
  }
}

export async function stop(daemon: Running): Promise<void> {
  daemon.send('SIGTERM')
  await daemon.ended
}
