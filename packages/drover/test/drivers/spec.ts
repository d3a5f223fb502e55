import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { assert as check, nat, property, string } from 'fast-check'
import type { AgentEvent, Spec, Talk } from '../../src/ports/driver.ts'

export const spec: Spec = {
  run: null,
  prompt: 'Do it.',
  promptFile: '/f/prompt.md',
  session: null,
  perhaps: [],
  newSession: '00000000-0000-4000-8000-000000000000',
  worktree: '/w',
  folder: '/f',
  model: null,
  permission: 'full',
  tools: null,
  budgetUsd: null,
  readOnly: false,
}

export const tools = { command: '/usr/bin/drover', args: ['mcp'], env: { DROVER_TOKEN: 'secret' } }

/** 2026-11-21, the day of the captures. */
export const now = 1_795_283_000_000

export const linesOf = (capture: string): string[] =>
  readFileSync(new URL(`captures/${capture}.jsonl`, import.meta.url), 'utf8')
    .split('\n')
    .filter(Boolean)

export const fold = (talk: Talk, lines: readonly string[]): AgentEvent[] =>
  lines.flatMap((line) => talk.read(line, now))

export const of = <K extends AgentEvent['kind']>(events: readonly AgentEvent[], kind: K) =>
  events.filter((event): event is AgentEvent & { kind: K } => event.kind === kind)

/** What a capture comes to, in one row of a table. */
export function inShort(events: readonly AgentEvent[]) {
  const sum = (key: 'inputTokens' | 'outputTokens' | 'costUsd'): number =>
    Math.round(of(events, 'usage').reduce((total, { added }) => total + (added[key] ?? 0), 0) * 1e6) / 1e6
  return {
    session: of(events, 'session')[0]?.session ?? null,
    texts: of(events, 'text').map(({ text }) => text),
    tools: of(events, 'tool').map(({ phase, name }) => `${name} ${phase}`),
    turns: of(events, 'turn').map(({ end }) => end.reason),
    used: [sum('inputTokens'), sum('outputTokens'), sum('costUsd')],
  }
}

/** Tears a capture at any place, with anything behind it: it is read without a throw, and no turn ends that has not ended. */
export function tearApart(talk: () => Talk, capture: string): void {
  const lines = linesOf(capture)
  const turns = (some: readonly string[]): number => of(fold(talk(), some), 'turn').length
  check(
    property(nat(lines.length - 1), nat(), string({ unit: 'binary' }), (at, cut, noise) => {
      const line = lines[at]!
      const torn = [...lines.slice(0, at), line.slice(0, cut % (line.length + 1)), noise.replaceAll('\n', ' ')]
      assert.ok(turns(torn) <= turns(lines.slice(0, at + 1)))
    }),
    { numRuns: 40 },
  )
}

/** Each of these twice: as begun, and as ended. */
export const whole = (...names: string[]): string[] => names.flatMap((name) => [`${name} begins`, `${name} ends`])
