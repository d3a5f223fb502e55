import { existsSync, renameSync } from 'node:fs'
import { uptime } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pass } from 'node:timers/promises'
import type { AgentLaunch, AgentState } from '../ports/system.ts'
import type { Executed } from './exec.ts'
import type { Forking } from './forking.ts'
import { readLineIfThere } from './private-file.ts'
import type { Processes } from './processes.ts'
import type { LaunchCall } from './shell-line.ts'
import { isEnd, type Leader, lost, readEnd, readLeader, wrapper } from './wrapper.ts'

export const leaderIn = (folder: string) => readLeader(readLineIfThere(join(folder, 'pid')))
const endIn = (folder: string) => readLineIfThere(join(folder, 'exit'))
export const hasEnded = (folder: string): boolean => isEnd(endIn(folder))

export async function lookAt(processes: Processes, folder: string): Promise<AgentState> {
  const leader = leaderIn(folder)
  if (leader && (await isAlive(processes, leader)) && !hasEnded(folder))
    return { state: 'alive', pid: leader.pid, ageMs: ageOf(leader) }
  // Read after the wrapper was seen dead: it may have written this in between.
  const end = endIn(folder)
  if (end !== undefined) return { state: 'over', ...readEnd(end) }
  return leader ? { state: 'over', ...lost } : { state: 'absent' }
}

/** Whether a wrapper may start here. One that died without a word no longer holds the place. */
export async function makePlace(processes: Processes, folder: string): Promise<boolean> {
  const file = join(folder, 'pid')
  const text = await wholeText(file)
  const leader = readLeader(text)
  if (leader && (await isAlive(processes, leader))) return false
  if (text !== undefined && readLineIfThere(file) === text) renameSync(file, `${file}.lost`)
  return true
}

/** Between its making and its words a wrapper needs microseconds; one that was killed there never says them. */
async function wholeText(file: string): Promise<string | undefined> {
  let text = readLineIfThere(file)
  for (let tries = 0; text === '' && tries < 50; tries++) {
    await pass(10)
    text = readLineIfThere(file)
  }
  return text
}

async function isAlive(processes: Processes, { pid, start, boot }: Leader): Promise<boolean> {
  const found = boot === processes.boot ? await processes.one(pid) : undefined
  return found !== undefined && found.alive && found.start === start
}

/** Resolves when the wrapper has its `pid`, with the promise of its end. */
export async function startWrapper(
  forking: Forking,
  { folder, cwd, file, args, env, stdin }: AgentLaunch,
  alone: (call: LaunchCall) => Promise<{ over: Promise<unknown> }>,
): Promise<{ over: Promise<unknown> }> {
  const call = { script: wrapper, args: [folder, stdin, file, ...args], cwd, env }
  const { begun, over } = forking.launch(call)
  if ((await begun) === 'alone') return alone(call)
  const leader = leaderIn(folder)
  if (!leader) throw new Error(await whyNot(over, cwd))
  // A shell that is gone says nothing more; then the folder is looked at now and then.
  return { over: over.catch(() => undefined) }
}

async function whyNot(over: Promise<Executed>, cwd: string): Promise<string> {
  if (!existsSync(cwd)) return `nothing can start in ${cwd}: there is no such folder`
  const { stdout, stderr } = await over
  return `the agent did not start: ${`${stdout}${stderr}`.trim() || 'sh ended without a word'}`
}

/** From when the kernel says that it began: nobody can set that clock. */
const ageOf = ({ start, boot }: Leader): number | null =>
  boot === '-' || !/^\d+$/.test(start) ? null : Math.max(0, uptime() * 1000 - Number(start) * kernelTickMs)
const kernelTickMs = 10
