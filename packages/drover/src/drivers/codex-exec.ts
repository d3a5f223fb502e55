import type { AgentEvent, Driver, Spec, Talk, TurnEnd } from '../ports/driver.ts'
import { mayAll, sandboxOf, settingsOf, toml, withNamesOnly } from './codex-config.ts'
import { tokensOf } from './codex-counts.ts'
import { endedBy, reasonInWords, retryingAfter } from './codex-ends.ts'
import { toolEvent } from './codex-items.ts'
import { codexProgram } from './codex-program.ts'
import { type Fields, fieldsIn, objectsIn, textIn } from './json.ts'
import type { Words } from './words.ts'

/** Codex for one turn: `exec --json`. It takes its prompt on stdin, and nothing can be said to it after that. */
export function codexExecDriver(words: Words): Driver {
  return {
    name: 'codex',
    abilities: {
      continues: true,
      resumes: true,
      adoptable: true,
      hint: 'interrupt',
      interrupt: 'signal',
      tools: true,
      cost: 'tokens',
      limits: 'minute',
      remembersBroken: true,
      recalls: false,
    },
    program: codexProgram(words),
    spawn: (spec) => ({
      file: words.path,
      args: argumentsOf(spec, words.args),
      env: { ...words.env, ...spec.tools?.env },
      stdin: 'prompt',
    }),
    talk: talkWithExec,
    configured: (folder) => ({ CODEX_HOME: folder }),
  }
}

/** `resume` knows fewer options than `exec`; as configuration it takes them all. */
function argumentsOf(spec: Spec, further: readonly string[]): string[] {
  const settings = Object.entries(settingsOf(spec, withNamesOnly)).flatMap(([key, value]) => [
    '-c',
    `${key}=${toml(value)}`,
  ])
  return [
    'exec',
    ...(spec.session === null ? [] : ['resume']),
    '--json',
    '--skip-git-repo-check',
    ...permissionOf(spec),
    ...(spec.model === null ? [] : ['-m', spec.model]),
    ...settings,
    ...further,
    ...(spec.session === null ? [] : [spec.session]),
    '-',
  ]
}

const permissionOf = (spec: Spec): string[] =>
  mayAll(spec)
    ? ['--dangerously-bypass-approvals-and-sandbox']
    : ['-c', 'approval_policy="never"', '-c', `sandbox_mode=${toml(sandboxOf(spec))}`]

interface Heard {
  words: string
  /** An error that was no turn's end yet. */
  fault: TurnEnd | null
}

function talkWithExec(): Talk {
  const heard: Heard = { words: '', fault: null }
  return {
    open: () => [],
    read: (line, now) => objectsIn(line).flatMap((event) => understand(heard, event, now)),
    say: () => undefined,
    ended: ({ errors }) => heard.fault ?? lastError(errors),
  }
}

function understand(heard: Heard, event: Fields, now: number): AgentEvent[] {
  const type = textIn(event['type'])
  return Object.hasOwn(events, type) ? events[type]!(heard, event, now) : []
}

const events: Readonly<Record<string, (heard: Heard, event: Fields, now: number) => AgentEvent[]>> = {
  'thread.started': (_, { thread_id: id }) =>
    textIn(id) === '' ? [] : [{ kind: 'session', session: textIn(id), model: null, version: null }],
  'item.started': (_, { item }) => [toolEvent(fieldsIn(item), 'begins') ?? { kind: 'alive' }],
  'item.updated': () => [{ kind: 'alive' }],
  'item.completed': (heard, { item }) => completed(heard, fieldsIn(item)),
  'turn.completed': ({ words }, { usage }) => [
    { kind: 'usage', added: {}, total: tokensOf(fieldsIn(usage)) },
    { kind: 'turn', end: { reason: 'done', text: words, until: null } },
  ],
  'turn.failed': (_, { error }, now) => [{ kind: 'turn', end: endOf(textIn(fieldsIn(error)['message']), now) }],
  error: (heard, { message }, now) => troubled(heard, textIn(message), now),
}

/** An item of the type `error` is but a warning. */
function completed(heard: Heard, item: Fields): AgentEvent[] {
  if (item['type'] !== 'agent_message') return [toolEvent(item, 'ends') ?? { kind: 'alive' }]
  heard.words = textIn(item['text'])
  return [{ kind: 'text', text: heard.words }]
}

function troubled(heard: Heard, text: string, now: number): AgentEvent[] {
  if (text.startsWith('Reconnecting...')) return [retryingAfter(reasonInWords(text), text)]
  heard.fault = endOf(text, now)
  return []
}

const endOf = (text: string, now: number): TurnEnd => endedBy(reasonInWords(text), text, now)

/** What only stderr says: that the session is not there, that the configuration cannot be read. */
function lastError(errors: string): TurnEnd | undefined {
  const text = /^Error\b.*/m.exec(errors)?.[0]
  return text === undefined ? undefined : { reason: reasonInWords(text), text, until: null }
}
