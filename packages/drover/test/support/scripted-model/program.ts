import { createHash } from 'node:crypto'

// A prompt is the program of the model that answers it: words in double brackets, anywhere in the text.
//
//   [[bash COMMAND]] [[write PATH TEXT]] [[commit MESSAGE]] [[mcp TOOL {json}]] [[tool NAME {json}]]
//       one tool call each; `\n` in TEXT is a line's end; `{{key}}` in JSON is what the last result called so,
//       and `<<bash COMMAND>>` there is a word of the program that it hands on
//   [[turn TEXT]]         the turn ends with that text; the next step is for the next turn
//   [[say TEXT]]          text before the next call, or as the last answer (which is DONE where nothing is said)
//   What stands before a call or the end happens to the answer in that place:
//   [[wait GATE]]         it is held until the test opens the gate
//   [[listen]]            it works on, with calls that do nothing, until people have said something
//   [[sleep SECONDS]] [[stream PIECES MS]]
//   [[hang]] [[drop]]     no answer; half of one. Once; `x3`: three times, `always`
//   [[429]] [[529]] [[500]] [[401]] …   that error, always; `x2`: the first two times; `retry=3`: with retry-after
//   [[limit reset=3]]     the plan's usage limit, until three seconds after it was first met
//   [[toolong]]           the prompt is longer than the model's context
//   [[usage IN OUT]]      the tokens that every answer costs
//   [[name NAME]]         what it is called in the log
//   [[end]]               whatever stands behind it in this text is no program
//
// Two programs with the same words are one where something happens only a number of times.

export type Modifier =
  | { kind: 'wait'; gate: string }
  | { kind: 'sleep'; ms: number }
  | { kind: 'hang' | 'drop'; times: number }
  | { kind: 'status'; status: number; times: number; retryAfter: string | null }
  | { kind: 'toolong'; times: number }
  | { kind: 'limit'; resetMs: number }

export interface Action {
  verb: 'bash' | 'write' | 'commit' | 'mcp' | 'tool' | 'turn'
  words: string
}

export interface Step {
  says: string[]
  modifiers: Modifier[]
  listens: boolean
  stream: { pieces: number; everyMs: number } | null
  action: Action | null
}

export interface Program {
  /** The same words are the same program. */
  key: string
  name: string | null
  usage: { input: number; output: number } | null
  /** One for each answer: calls, and the last text. */
  steps: Step[]
}

const marker =
  /\[\[(say|bash|write|commit|mcp|tool|turn|wait|listen|sleep|stream|hang|drop|limit|toolong|usage|name|end|[45]\d\d)(?:[ \n]([\s\S]*?))?\]\](?!\])/g

export function programIn(text: string): Program | undefined {
  const all = [...text.matchAll(marker)].map(([whole, verb = '', words = '']) => ({ whole, verb, words: words.trim() }))
  const end = all.findIndex(({ verb }) => verb === 'end')
  const found = end < 0 ? all : all.slice(0, end)
  if (found.length === 0) return undefined
  const key = createHash('sha1').update(found.map(({ whole }) => whole).join('\n'))
  const program: Program = { key: key.digest('hex'), name: null, usage: null, steps: [emptyStep()] }
  for (const { verb, words } of found) read(program, verb, words)
  return program
}

const emptyStep = (): Step => ({ says: [], modifiers: [], listens: false, stream: null, action: null })

function read(program: Program, verb: string, words: string): void {
  const step = program.steps.at(-1)!
  const [first = NaN, second = NaN] = words.split(/\s+/).map(Number)
  if (verb === 'name') program.name = words
  else if (verb === 'usage') program.usage = { input: first, output: second }
  else if (verb === 'say') step.says.push(words.replaceAll('\\n', '\n'))
  else if (verb === 'listen') step.listens = true
  else if (verb === 'stream') step.stream = { pieces: first || 10, everyMs: second || 50 }
  else if (isAction(verb)) {
    step.action = { verb, words }
    program.steps.push(emptyStep())
  } else step.modifiers.push(modifier(verb, words))
}

const actions: readonly string[] = ['bash', 'write', 'commit', 'mcp', 'tool', 'turn']
const isAction = (verb: string): verb is Action['verb'] => actions.includes(verb)

function modifier(verb: string, words: string): Modifier {
  const said = (name: string): string | undefined => new RegExp(`\\b${name}=([\\d.]+)`).exec(words)?.[1]
  const times = Number(/\bx(\d+)/.exec(words)?.[1] ?? Infinity)
  if (verb === 'wait') return { kind: 'wait', gate: words }
  if (verb === 'sleep') return { kind: 'sleep', ms: Number(words) * 1000 }
  if (verb === 'hang' || verb === 'drop') return { kind: verb, times: /\bx\d|always/.test(words) ? times : 1 }
  if (verb === 'limit') return { kind: 'limit', resetMs: Number(said('reset') ?? 3600) * 1000 }
  if (verb === 'toolong') return { kind: 'toolong', times }
  return { kind: 'status', status: Number(verb), times, retryAfter: said('retry') ?? null }
}
