import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { runId } from '../domain/id.ts'
import type { Surroundings } from '../flow/crew.ts'
import { agentEnv } from './agent-env.ts'
import { environment } from './load-config.ts'
import type { Project } from './open-project.ts'
import { placesBelow } from './places.ts'

const portsPerSlot = 20

/** What attempts of this machine are surrounded with: folders, environment, tokens, the log. */
export function surround(
  project: Project,
  { socket, tools }: { socket: string; tools: () => Promise<string> },
): Surroundings {
  const below = placesBelow(project.places)
  const { settings } = project.config
  const tokenOf = tokens(readSecret(below.secret))
  const seen = agentEnv(environment, settings.env_pass, {})
  const path = [below.bin, environment.PATH ?? ''].filter(Boolean).join(':')
  return {
    project: project.id,
    target: project.target,
    machine: project.machine,
    committer: project.committer,
    folderOf: (task, attempt) => join(below.attempts, task, String(attempt)),
    isTokenOf: (token, task, attempt) => same(token, tokenOf(task, attempt)),
    log: openLog(below.log),
    toolsFor: async (env) => ({
      command: process.execPath,
      args: [process.argv[1]!, 'mcp'],
      env: Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('DROVER_'))),
      web: {
        url: await tools(),
        headers: {
          Authorization: `Bearer ${env['DROVER_TOKEN']}`,
          'x-drover-run': env['DROVER_RUN_ID'] ?? '',
          'x-drover-task': env['DROVER_TASK_ID'] ?? '',
        },
      },
    }),
    sessionId: (words) => uuidOf(digest(`session ${project.id} ${words}`)),
    envOf: ({ task, parent, attempt, worktree, base, slot, extra }) => ({
      ...seen,
      ...extra,
      PATH: path,
      // Git's own last resort: whoever told it no name can still commit, and nobody's configuration is outranked.
      EMAIL: environment['EMAIL'] || project.committer.email,
      DROVER_TASK_ID: task,
      DROVER_ATTEMPT: String(attempt),
      DROVER_WORKTREE: worktree,
      DROVER_ROOT: project.places.root,
      DROVER_BASE_SHA: base,
      DROVER_RUN_ID: runId(project.id, parent, attempt),
      DROVER_SOCKET: socket,
      DROVER_TOKEN: tokenOf(task, attempt),
      DROVER_FOLDER: join(below.attempts, task, String(attempt)),
      TRACEPARENT: `00-${digest(`trace ${project.id} ${parent}/${attempt}`).slice(0, 32)}-${digest(`span ${task}/${attempt}`).slice(0, 16)}-01`,
      DROVER_PORT_BASE: String(20_000 + slot * portsPerSlot),
    }),
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A version 4 UUID of these hex digits. */
const uuidOf = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`

/** An attempt's token follows from the project's secret: nothing to store, nothing to leak from a table. */
const tokens = (secret: Buffer) => (task: string, attempt: number) =>
  createHmac('sha256', secret).update(`${task}/${attempt}`).digest('hex').slice(0, 40)

const same = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))

const readSecret = (file: string): Buffer => readFileSync(file)

/** Made once per project; written whole or not at all. */
export function makeSecret(file: string, bytes: Uint8Array): void {
  if (existsSync(file)) return
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(`${file}.new`, bytes, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** `drover` for agents: the very program that drives them, whatever is installed. */
export function writeShim(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const shim = join(folder, 'drover')
  writeFileSync(`${shim}.new`, `#!/bin/sh\nexec '${process.execPath}' '${process.argv[1]}' "$@"\n`, { mode: 0o700 })
  chmodSync(`${shim}.new`, 0o700)
  renameSync(`${shim}.new`, shim)
}

const largestLog = 10 * 1024 * 1024

/** JSON lines, one old file kept. A full disk costs lines, never the daemon. */
function openLog(file: string): Surroundings['log'] {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  return (level, words, about = {}) => {
    try {
      if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > largestLog) renameSync(file, `${file}.1`)
      appendFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), level, words, ...about })}\n`, {
        mode: 0o600,
      })
    } catch {
      // There is nobody left to tell.
    }
  }
}
