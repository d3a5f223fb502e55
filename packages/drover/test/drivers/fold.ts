import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { noUsage, type Usage } from '../../src/domain/task.ts'
import type { AgentEvent, Driver, Spec, Talk, TurnEnd } from '../../src/ports/driver.ts'

export const spec: Spec = {
  run: null,
  prompt: 'Do it.',
  promptFile: '/attempt/prompt.md',
  session: null,
  perhaps: [],
  newSession: '00000000-0000-4000-8000-000000000000',
  worktree: '/worktree',
  folder: '/attempt',
  model: null,
  permission: 'full',
  tools: null,
  budgetUsd: null,
  readOnly: false,
}

const captures = join(import.meta.dirname, 'captures')

/** The lines that a real program printed, by the name of what happened. */
export function capturesOf(program: string): Record<string, string[]> {
  const files = readdirSync(join(captures, program))
  return Object.fromEntries(
    files.map((file) => [file.replace('.jsonl', ''), linesOf(readFileSync(join(captures, program, file), 'utf8'))]),
  )
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '')

export function talkWith(driver: Driver, told: Partial<Spec> = {}): Talk {
  const talk = driver.talk({ ...spec, ...told })
  assert.ok(talk)
  return talk
}

export function fold(driver: Driver, lines: readonly string[], now = 0): AgentEvent[] {
  const talk = talkWith(driver)
  return lines.flatMap((line) => talk.read(line, now))
}

export const ofKind = <K extends AgentEvent['kind']>(events: readonly AgentEvent[], kind: K) =>
  events.filter((event): event is Extract<AgentEvent, { kind: K }> => event.kind === kind)

export const endsOf = (events: readonly AgentEvent[]): TurnEnd[] => ofKind(events, 'turn').map(({ end }) => end)

export const addedIn = (events: readonly AgentEvent[]): Usage =>
  ofKind(events, 'usage').reduce(
    (sum, { added }) => ({
      inputTokens: sum.inputTokens + (added.inputTokens ?? 0),
      cachedInputTokens: sum.cachedInputTokens + (added.cachedInputTokens ?? 0),
      outputTokens: sum.outputTokens + (added.outputTokens ?? 0),
      costUsd: sum.costUsd + (added.costUsd ?? 0),
    }),
    noUsage,
  )
