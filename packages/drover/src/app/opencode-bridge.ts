import { promptBeyond } from '../domain/beyond.ts'
import { type Answer, openHttp } from './opencode-http.ts'
import { type Fields, fieldsIn, isFields, passed } from './opencode-events.ts'
import { startServer } from './opencode-server.ts'

/**
 * OpenCode's good interface is HTTP with server-sent events; drover speaks to agents in lines. This program runs as the agent, with
 * `opencode serve` behind it, and ends when that ends.
 *
 * It is started with a file, the opening:
 *   { command, session, prompt, perhaps, model, agent, config, rules, answer }
 * and then reads a JSON object in each line of its stdin:
 *   { "do": "prompt", "text" }          the next turn
 *   { "do": "hint", "id", "text" }      words for the running turn; refused when there is none
 *   { "do": "interrupt" }               ends the running turn
 * and says in each line of its stdout one of:
 *   { "bridge": "ready", "version" }    the server answers
 *   { "bridge": "session", "session" }  it is open, and the opening's prompt is being said
 *   { "bridge": "event", "event" }      the server's own event, in short (opencode-events.ts)
 *   { "bridge": "interrupting" }        the next end is an interrupted turn's
 *   { "bridge": "alive" }               something that means no more than that
 *   { "bridge": "refused", "what", "id", "status", "text" }
 *   { "bridge": "over", "exitCode", "signal", "text" }   the server ended by itself; this program's last line
 * Permissions and questions are answered here, so nothing waits for a daemon that is being restarted.
 */
export interface Opening {
  command: string[]
  session: string | null
  prompt: string
  /** What comes before the prompt where the session does not hold it. */
  perhaps?: string[]
  model: { providerID: string; modelID: string } | null
  agent: string | null
  /** What drover adds to OpenCode's configuration. */
  config: Fields
  /** Permissions of the session itself: they come after those of every file. */
  rules: Fields[] | null
  /** The answer to whoever asks all the same. Drover's own tools are always allowed. */
  answer: 'once' | 'reject'
}

interface Around {
  stdin: AsyncIterable<unknown> & { destroy?(): unknown }
  print(line: Fields): void
  stop: AbortSignal
}

/** Returns the exit code. */
export async function bridgeOpencode(opening: Opening, { stdin, print, stop }: Around): Promise<number> {
  const server = startServer(opening.command, opening.config)
  const over = new AbortController()
  stop.addEventListener('abort', () => server.stop())
  let isDone = false
  const finish = (): void => {
    isDone = true
    server.stop()
  }
  const speak = async (): Promise<void> => {
    const isThere = startingSlowly(print)
    const http = openHttp(await server.url, server.password)
    print({ bridge: 'ready', version: await http.health(over.signal) })
    const talk = openSession(opening, http, print)
    const isOpen = await talk.open(over.signal)
    isThere()
    if (isOpen) for await (const intent of objectsIn(stdin)) await talk.hear(intent)
    finish() // nobody can say anything any more
  }
  speak().catch((error: Error) => {
    if (over.signal.aborted) return
    print({ bridge: 'refused', what: 'session', id: opening.session, status: 0, text: error.message })
    finish()
  })
  const how = await server.ended
  over.abort()
  stdin.destroy?.() // else its reader would keep this process alive
  if (stop.aborted || isDone) return 0
  print({ bridge: 'over', ...how })
  return 1
}

const startMs = 60_000

/** On a busy machine a start takes a while: for a minute that is no silence. */
function startingSlowly(print: Around['print']): () => void {
  const begun = Date.now()
  const signs = setInterval(() => {
    if (Date.now() - begun < startMs) print({ bridge: 'alive' })
  }, 1_000).unref()
  return () => clearInterval(signs)
}

/** The session and what is known of it: whether it is at work. */
function openSession(opening: Opening, http: ReturnType<typeof openHttp>, print: Around['print']) {
  let session = ''
  let isBusy = false
  const short = passed()

  const refused = (what: string, id: unknown, { status, text }: Answer): void =>
    print({ bridge: 'refused', what, id: id ?? null, status, text: text.slice(0, 4000) })

  const hearEvent = (event: Fields): void => {
    const about = isFields(event['properties']) ? event['properties'] : {}
    const status = isFields(about['status']) ? about['status']['type'] : undefined
    if (about['sessionID'] === session) {
      if (status !== undefined) isBusy = status !== 'idle'
      if (event['type'] === 'session.idle') isBusy = false
    }
    if (event['type'] === 'permission.asked') void permit(about)
    if (event['type'] === 'question.asked') void http.post(`/question/${String(about['id'])}/reject`, {})
    const line = short(event)
    if (line) print(line)
  }

  /** The stream was cut and is there again: what is missed most is the end of a turn, and perhaps its beginning. */
  const catchUp = async (): Promise<void> => {
    const { body } = await http.get('/session/status')
    if (!isBusy || !isFields(body) || isFields(body[session])) return
    for (const type of ['busy', 'idle'])
      hearEvent({ type: 'session.status', properties: { sessionID: session, status: { type } } })
  }

  const permit = async ({ id, permission }: Fields): Promise<void> => {
    const reply = String(permission).startsWith('drover_') ? 'once' : opening.answer
    await http.post(`/permission/${String(id)}/reply`, { reply })
  }

  const say = async (text: string, metadata: Fields = {}): Promise<Answer> => {
    const parts = [{ type: 'text', text, metadata: { drover: metadata } }]
    const { model, agent } = opening
    isBusy = true
    return http.post(`/session/${session}/prompt_async`, { parts, ...(model && { model }), ...(agent && { agent }) })
  }

  const firstWords = async (): Promise<string> => {
    const { prompt, perhaps = [], session: isThere } = opening
    if (!isThere || perhaps.length === 0) return prompt
    return promptBeyond(saidIn((await http.get(`/session/${session}/message`)).body), { prompt, perhaps })
  }

  return {
    async open(stop: AbortSignal): Promise<boolean> {
      const answer = opening.session
        ? await http.get(`/session/${opening.session}`)
        : await http.post('/session', opening.rules ? { permission: opening.rules } : {})
      if (!isFields(answer.body) || typeof answer.body['id'] !== 'string') {
        refused('session', opening.session, answer)
        return false
      }
      session = answer.body['id']
      await http.follow('/event', hearEvent, () => void catchUp(), stop)
      print({ bridge: 'session', session })
      const said = await say(await firstWords())
      if (said.status >= 300) refused('prompt', null, said)
      return true
    },
    async hear(intent: Fields): Promise<void> {
      const { do: what, id, text } = intent
      if (what === 'interrupt' && isBusy) {
        print({ bridge: 'interrupting' }) // of a turn that waits for the model the server only says that it is over
        await http.post(`/session/${session}/abort`, {})
      }
      if (what !== 'prompt' && what !== 'hint') return
      const tooLate = { status: 409, text: 'the turn is over', body: undefined }
      const answer = what === 'hint' && !isBusy ? tooLate : await say(String(text), what === 'hint' ? { hint: id } : {})
      if (answer.status >= 300) refused(what, id, answer)
    },
  }
}

/** All that people said, of a session's messages. */
function saidIn(messages: unknown): string {
  const told = (Array.isArray(messages) ? messages : []).map(fieldsIn)
  const parts = told.flatMap(({ info, parts: all }) =>
    fieldsIn(info)['role'] === 'user' && Array.isArray(all) ? all.map(fieldsIn) : [],
  )
  return parts.map(({ text }) => (typeof text === 'string' ? text : '')).join('\n')
}

async function* objectsIn(input: AsyncIterable<unknown>): AsyncGenerator<Fields> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of input) {
    rest += chunk instanceof Uint8Array ? decoder.decode(chunk, { stream: true }) : String(chunk)
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const object = readObject(line)
      if (object) yield object
    }
  }
}

function readObject(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isFields(value) ? value : undefined
  } catch {
    return undefined // half a line of a daemon that died: its successor says it again
  }
}
