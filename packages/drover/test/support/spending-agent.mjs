// Speaks the Agent Client Protocol and costs a dollar for every turn. Told to go on, it works until it is interrupted; told to stop, it
// commits what it has; told so in $MARKS/finish, it reports. What it is told stands in $MARKS/told, a JSON text for each turn.
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const marks = process.env.MARKS
const purse = `${marks}/spent-${process.env.DROVER_TASK_ID}`
const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
const sh = (command) => spawnSync('sh', ['-c', command], { stdio: 'ignore' })
const sessionId = `session-${process.env.DROVER_TASK_ID}`
let running

function spend() {
  const amount = (existsSync(purse) ? Number(readFileSync(purse, 'utf8')) : 0) + 1
  writeFileSync(purse, String(amount))
  const update = { sessionUpdate: 'usage_update', used: 10, size: 100, cost: { amount, currency: 'USD' } }
  say({ method: 'session/update', params: { sessionId, update } })
}

function turn(id, text) {
  appendFileSync(`${marks}/told`, `${JSON.stringify(text)}\n`)
  const end = (stopReason) => say({ id, result: { stopReason } })
  if (text.startsWith('Stop here:')) {
    sh('git add -A; git commit -qm "half of it"')
    spend()
    return end('end_turn')
  }
  if (existsSync(`${marks}/finish`)) {
    sh('echo whole > work.txt; drover parcel done --verdict PASS --summary "it is whole"')
    return end('end_turn')
  }
  sh('echo half > work.txt')
  running = () => end('cancelled')
  spend()
}

const answers = {
  initialize: (id) => say({ id, result: { protocolVersion: 1, agentCapabilities: { loadSession: true } } }),
  'session/new': (id) => say({ id, result: { sessionId } }),
  'session/load': (id) => say({ id, result: {} }),
  'session/prompt': (id, { prompt }) => turn(id, prompt[0].text),
  'session/cancel': () => running?.(),
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line)
  if (answers[method]) answers[method](id, params)
  else if (id !== undefined) say({ id, error: { code: -32601, message: 'Method not found' } })
})
