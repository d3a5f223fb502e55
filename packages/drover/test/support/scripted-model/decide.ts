import { idle, isIdle, isSearch, toolCall } from './actions.ts'
import type { Answer, Asked, Item, ToolCall } from './conversation.ts'
import { type Program, programIn, type Step } from './program.ts'

export interface Decision {
  program: Program | null
  /** Which answer of the program this is, from 0. */
  step: number
  says: string
  call: ToolCall | null
  part: Step | null
  usage: Answer['usage']
  /** What people said since the program began, that is no program. */
  heard: string[]
}

/** What to answer follows from the conversation alone, so a session goes on in any process, where it stood. */
export function decide({ items, tools }: Asked): Decision {
  const begun = programOf(items)
  // A request without tools asks for a title, a summary, a routing: nobody's work.
  if (begun === undefined || tools.length === 0) return aside(tools.length === 0 ? 'ok' : 'DONE')
  const { program, since } = begun
  const step = stepReached(program, since)
  const part = program.steps[step]!
  const call = part.action && toolCall(part.action, tools, since)
  const heard = since.flatMap((item) =>
    item.kind === 'user' && !programIn(item.text) && !isNoise(item.text) ? [item.text] : [],
  )
  const usage = program.usage ?? { input: 100, output: 10 }
  if (part.listens && heard.length === 0 && since.length < patience)
    return { program, step, call: idle(tools), part, usage, heard, says: '' }
  if (part.action?.verb === 'turn') return { program, step, call, part, usage, heard, says: part.action.words }
  if (part.action && !call) return { program, step, call, part, usage, heard, says: lacking(part.action.words, tools) }
  const last = part.action ? '' : 'DONE'
  const says =
    (part.says.join('\n') || last) + (call ? '' : heard.map((text) => ` (hint: ${inOneLine(text)})`).join(''))
  return { program, step, says, call, part, usage, heard }
}

/** As long a conversation as it listens in. */
const patience = 300

const aside = (says: string): Decision => ({
  program: null,
  step: 0,
  says,
  call: null,
  part: null,
  usage: { input: 0, output: 0 },
  heard: [],
})

/** The last program, and all that came after it first did: said once more it goes on, it does not begin again. */
function programOf(items: readonly Item[]): { program: Program; since: Item[] } | undefined {
  let begun: { program: Program; since: Item[] } | undefined
  for (const item of items) {
    const program = item.kind === 'user' ? programIn(item.text) : undefined
    if (program && program.key !== begun?.program.key) begun = { program, since: [] }
    else begun?.since.push(item)
  }
  return begun
}

/** A call is behind it when its result is there, a turn when its words were said. */
function stepReached({ steps }: Program, items: readonly Item[]): number {
  const calls = new Set<string>()
  let step = 0
  for (const item of items) {
    const action = steps[step]!.action
    if (item.kind === 'call' && !isSearch(item.name) && !isIdle(item.input)) calls.add(item.id)
    if (action?.verb === 'turn' ? isSaid(item, action.words) : item.kind === 'result' && calls.delete(item.of))
      step += 1
    if (step === steps.length - 1) return step
  }
  return step
}

const isSaid = (item: Item, words: string): boolean => item.kind === 'assistant' && item.text.includes(words)

const noise = /^(\[Request interrupted|<turn_aborted>|<environment_context>|<user_instructions>|Tool loaded\.$)/
const isNoise = (text: string): boolean => noise.test(text.trim())

const inOneLine = (text: string): string => text.trim().replace(/\s+/g, ' ').slice(0, 200)

const lacking = (words: string, tools: Asked['tools']): string =>
  `NO TOOL for ${words}: there are ${tools.map(({ name }) => name).join(' ')}`
