import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { anthropic } from './anthropic.ts'
import { chat } from './chat.ts'
import { type Asked, type Dialect, type Out, record, type Request } from './conversation.ts'
import { type Decision, decide } from './decide.ts'
import { gemini } from './gemini.ts'
import { type Hindrance, type Hindrances } from './hindrances.ts'
import type { Entry, Log } from './log.ts'
import { outTo } from './out.ts'
import { responses } from './responses.ts'

const dialects: readonly Dialect[] = [anthropic, responses, chat, gemini]

export interface Scripted {
  log: Log
  hindrances: Hindrances
}

/** Answers one request as its program says. */
export async function serve(scripted: Scripted, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const out = outTo(response)
  const path = (incoming.url ?? '').split('?')[0]!
  try {
    const raw = await text(incoming)
    const request: Request = { path, headers: incoming.headers, body: record(raw && JSON.parse(raw)) }
    const dialect = dialects.find((one) => incoming.method === 'POST' && one.path.test(path))
    if (dialect) await answer(scripted, dialect, request, response)
    else answerAside(scripted, request, out)
  } catch (problem) {
    process.stderr.write(`the scripted model at ${path}: ${problem instanceof Error ? problem.stack : problem}\n`)
    if (response.headersSent) response.destroy()
    else out.json(500, { error: { message: String(problem) } })
  }
}

async function answer(
  { log, hindrances }: Scripted,
  dialect: Dialect,
  request: Request,
  response: ServerResponse,
): Promise<void> {
  const asked = dialect.asked(request)
  const decision = decide(asked)
  const entry = log.begin(aboutIt(dialect, asked, decision))
  const out = outTo(response)
  const gone = new AbortController()
  response.on('close', () => {
    log.end(entry)
    gone.abort()
  })
  const hindrance = await hindrances.meet(dialect.name, decision, gone.signal)
  if (gone.signal.aborted) return
  log.tell(entry, hindrance ? outcomeOf(hindrance) : 'answered')
  if (hindrance) return hinder(dialect, hindrance, out, response)
  const { says, call, part, usage } = decision
  const stream = part?.stream ?? null
  await dialect.answer(out, { text: says || (stream ? 'streamed' : ''), call, stream, usage }, request)
}

const aboutIt = (dialect: Dialect, asked: Asked, { program, step, call, heard }: Decision) => ({
  dialect: dialect.name,
  session: asked.session,
  name: program?.name ?? null,
  step: program && step,
  steps: program?.steps.length ?? 0,
  call: call && `${call.name} ${JSON.stringify(call.input)}`,
  heard,
  prompts: asked.items.flatMap((item) => (item.kind === 'user' ? [item.text] : [])),
  tools: asked.tools.map(({ name }) => name),
})

const outcomeOf = (hindrance: Hindrance): Entry['outcome'] =>
  hindrance.kind === 'status' ? `${hindrance.status}` : hindrance.kind

function hinder(dialect: Dialect, hindrance: Hindrance, out: Out, response: ServerResponse): void {
  if (hindrance.kind === 'hang') return
  if (hindrance.kind === 'drop') {
    dialect.begin(out)
    response.write(': ', () => response.destroy())
    return
  }
  const { status, headers, body } = dialect.refuse(hindrance)
  const after: Record<string, string> = hindrance.retryAfter ? { 'retry-after': hindrance.retryAfter } : {}
  out.json(status, body, { ...headers, ...after })
}

/** What clients ask beside, and the tests: `GET /log`, `POST /control`. */
function answerAside({ log, hindrances }: Scripted, { path, body }: Request, out: Out): void {
  if (path === '/log') return out.json(200, log.entries)
  if (path === '/control') {
    hindrances.control(body)
    return out.json(200, {})
  }
  if (path.endsWith('/count_tokens')) return out.json(200, { input_tokens: 100 })
  if (path.endsWith(':countTokens')) return out.json(200, { totalTokens: 100 })
  if (path.endsWith('/models')) return out.json(200, { object: 'list', data: [], models: [], has_more: false })
  return out.json(404, { type: 'error', error: { type: 'not_found_error', message: `nothing is at ${path}` } })
}
