// Stands in for `opencode serve`: the part of its HTTP and its events that the bridge uses. What the prompt says is done:
// `ask` asks for a permission, `question` asks a person, `cut` breaks the stream off and ends the turn meanwhile, `wait` stays at work,
// `die` ends the server.
import { createServer } from 'node:http'
import { writeFileSync } from 'node:fs'

const password = `Basic ${Buffer.from(`opencode:${process.env.OPENCODE_SERVER_PASSWORD}`).toString('base64')}`
const streams = new Set()
let busy = false
let count = 0

if (process.env.FAKE_BROKEN) {
  console.error('no such command: serve')
  process.exit(3)
}
if (process.env.FAKE_SEEN)
  writeFileSync(
    process.env.FAKE_SEEN,
    JSON.stringify({ pid: process.pid, config: process.env.OPENCODE_CONFIG_CONTENT }),
  )

const say = (type, properties) => {
  for (const stream of streams) stream.write(`data: ${JSON.stringify({ id: `evt_${++count}`, type, properties })}\n\n`)
}
const status = (type) => {
  busy = type !== 'idle'
  say('session.status', { sessionID: 'ses_1', status: { type } })
  if (!busy) say('session.idle', { sessionID: 'ses_1' })
}
const part = (fields) => say('message.part.updated', { part: { id: `prt_${++count}`, sessionID: 'ses_1', ...fields } })
const answer = (text) => {
  say('message.updated', {
    info: { id: 'msg_a', sessionID: 'ses_1', role: 'assistant', modelID: 'm', providerID: 'p' },
  })
  part({ type: 'text', messageID: 'msg_a', text: 'half', time: { start: 1 } })
  part({ type: 'text', messageID: 'msg_a', text, time: { start: 1, end: 2 } })
  status('idle')
}

const deeds = {
  ask: () => say('permission.asked', { id: 'per_1', sessionID: 'ses_1', permission: 'bash', patterns: [] }),
  tool: () => say('permission.asked', { id: 'per_2', sessionID: 'ses_1', permission: 'drover_report', patterns: [] }),
  question: () => say('question.asked', { id: 'que_1', sessionID: 'ses_1', questions: [] }),
  cut: () => {
    for (const stream of streams) stream.destroy()
    streams.clear()
    busy = false
  },
  wait: () => undefined,
  die: () => process.exit(9),
}

function prompted({ parts: [{ text, metadata }] }) {
  const wasBusy = busy
  say('message.updated', { info: { id: `msg_${++count}`, sessionID: 'ses_1', role: 'user' } })
  part({ type: 'text', messageID: `msg_${count}`, text, metadata })
  status('busy')
  const deed = Object.hasOwn(deeds, text) ? deeds[text] : undefined
  if (deed) return void deed()
  if (!wasBusy) return void answer(`did: ${text}`)
  part({ type: 'tool', messageID: 'msg_a', tool: 'bash', state: { status: 'completed', output: text, input: {} } })
}

const answerTo = (response) => (code, value) =>
  response.writeHead(code).end(value === undefined ? '' : JSON.stringify(value))

const server = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk) => (body += chunk))
  request.on('end', () => {
    const [, one, id, verb] = request.url.split('/')
    const send = answerTo(response)
    if (request.headers.authorization !== password) return send(401)
    if (request.url === '/event') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      return void streams.add(response)
    }
    if (one === 'global') return send(200, { healthy: true, version: '1.2.3' })
    if (request.url === '/session/status') return send(200, busy ? { ses_1: { type: 'busy' } } : {})
    if (one === 'session' && verb === undefined) {
      if (id !== undefined && id !== 'ses_1') return send(404, { name: 'NotFoundError' })
      return send(200, { id: 'ses_1' })
    }
    if (verb === 'abort') {
      send(200, true)
      return status('idle')
    }
    if (verb === 'prompt_async') {
      send(204)
      return prompted(JSON.parse(body))
    }
    send(200, true)
    answer(`${one} ${id} ${verb} ${body}`)
  })
})
server.listen(0, '127.0.0.1', () =>
  console.log(`opencode server listening on http://127.0.0.1:${server.address().port}`),
)
