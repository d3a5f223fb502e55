import { readFileSync } from 'node:fs'
import type { AgentEvent, Driver, Spec } from '../../src/ports/driver.ts'

export const spec: Spec = {
  run: null,
  prompt: 'Do it.',
  promptFile: '/f/prompt.md',
  session: null,
  perhaps: [],
  newSession: '00000000-0000-4000-8000-000000000000',
  worktree: '/home/dev/repo',
  gitFolders: ['/home/dev/repo/.git', '/home/dev/repo/.git/worktrees/w1'],
  folder: '/f',
  model: null,
  permission: 'full',
  tools: null,
  budgetUsd: null,
  readOnly: false,
}
export const tools = { command: 'drover', args: ['mcp'], env: { DROVER_TOKEN: 's"e\\c' } }

const folder = new URL('captures/codex/', import.meta.url)

/** What the program said in a capture; what was said to it stands there too where both directions were kept. */
export function linesOf(capture: string): string[] {
  const lines = readFileSync(new URL(`${capture}.jsonl`, folder), 'utf8')
    .split('\n')
    .filter(Boolean)
  return lines.flatMap((line) => {
    const { dir, m } = JSON.parse(line) as { dir?: string; m?: unknown }
    if (dir === undefined) return [line]
    return dir === '<' ? [JSON.stringify(m)] : []
  })
}

/** When the captures were made: `9:33 AM` is an hour later. */
export const recordedAt = Date.UTC(2026, 10, 21, 8, 33)

export function eventsOf(
  driver: Driver,
  lines: readonly string[],
  about: Partial<Spec> = {},
  now = recordedAt,
): AgentEvent[] {
  const talk = driver.talk({ ...spec, ...about })
  return lines.flatMap((line) => talk.read(line, now))
}

/** What matters of a conversation, in short. */
export function told(events: readonly AgentEvent[]) {
  const of = <K extends AgentEvent['kind']>(kind: K) =>
    events.filter((event): event is AgentEvent & { kind: K } => event.kind === kind)
  const total = of('usage').findLast((usage) => usage.total.inputTokens !== undefined)?.total
  return {
    session: of('session')[0]?.session.slice(-4),
    turns: of('turn').map(({ end }) => `${end.reason}: ${end.text.slice(0, 40)}`),
    until: of('turn').flatMap(({ end }) => (end.until === null ? [] : [new Date(end.until).toISOString()])),
    texts: of('text').map(({ text }) => text),
    tools: of('tool').map(({ phase, name }) => `${name} ${phase}`),
    retrying: of('retrying').map(({ cause }) => cause),
    heard: of('heard').map(({ hint }) => hint),
    tokens: total && [total.inputTokens, total.cachedInputTokens, total.outputTokens],
  }
}
