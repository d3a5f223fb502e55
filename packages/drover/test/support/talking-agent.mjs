#!/usr/bin/env node
// Stands in for Claude Code where the conversation matters: its stream both ways, its sessions, its hints, its interruption. What it is to do
// stands in its prompt, a step in each pair of brackets: `[[write a.txt words]] [[wait name]] [[end]]`; a hint may bring more. `$MARKS/talk` is
// its memory: a line for each start, prompt, hint, interruption and step done, so that `--resume` goes on behind the last step, wherever it was killed.
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pass } from 'node:timers/promises'

const words = process.argv.slice(2)
const after = (option) => (words.includes(option) ? words[words.indexOf(option) + 1] : undefined)
if (words[0] === '--version') {
  process.stdout.write('9.8.7 (Claude Code)\n')
  process.exit(0)
}

const { MARKS, DROVER_TASK_ID: task, DROVER_ATTEMPT: attempt } = process.env
const memory = join(MARKS, 'talk')
const session = after('--resume') ?? after('--session-id')
const out = (message) => process.stdout.write(`${JSON.stringify({ session_id: session, ...message })}\n`)
const note = (kind, text = '') =>
  appendFileSync(
    memory,
    `${JSON.stringify({ kind, text: text.slice(0, 20_000), task, attempt: Number(attempt), session, pid: process.pid })}\n`,
  )
const remembered = () =>
  (existsSync(memory) ? readFileSync(memory, 'utf8').split('\n').filter(Boolean) : [])
    .map((line) => JSON.parse(line))
    .filter((one) => one.session === session)
const stepsIn = (text) => [...text.matchAll(/\[\[(.+?)\]\]/g)].map((found) => found[1])
const marked = (name) => existsSync(join(MARKS, name))

const known = remembered()
if (after('--resume') && !known.some(({ kind }) => kind === 'prompt')) {
  note('lost')
  out({
    type: 'result',
    subtype: 'error_during_execution',
    is_error: true,
    num_turns: 0,
    errors: [`No conversation found with session ID: ${session}`],
  })
  process.exit(1)
}
if (!after('--resume') && known.some(({ kind }) => kind === 'prompt')) {
  process.stderr.write(`Error: Session ID ${session} is already in use.\n`)
  process.exit(1)
}
note(after('--resume') ? 'resumed' : 'new')
const plan = []
for (const { kind, text } of known) if (kind === 'prompt' || kind === 'hint') learn(stepsIn(text))
let done = known.filter(({ kind }) => kind === 'step').length
const taken = new Set()
const queue = []
const now = { isAtWork: false, isInterrupted: false }
let cost = 0

const assistant = (content) =>
  out({ type: 'assistant', message: { model: 'claude-test', role: 'assistant', content: [content] } })
function result(end) {
  now.isAtWork = false
  out({
    type: 'result',
    subtype: 'success',
    is_error: false,
    num_turns: 1,
    usage: { input_tokens: 3, output_tokens: 2 },
    total_cost_usd: cost,
    ...end,
  })
}
function refuse(text, error, more) {
  out({
    type: 'assistant',
    message: { model: '<synthetic>', role: 'assistant', content: [{ type: 'text', text }] },
    error,
    is_api_error_message: true,
  })
  result({ is_error: true, result: text, ...more })
  return 'over'
}
const busy = (id) => assistant({ type: 'tool_use', id, name: 'Bash', input: { command: 'true' } })
const idle = (id) =>
  out({ type: 'user', message: { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'ok' }] } })
async function until(name) {
  while (!marked(name) && !now.isInterrupted) await pass(10)
  return now.isInterrupted ? 'interrupted' : undefined
}
const shell = (command) => void spawnSync('sh', ['-c', command], { stdio: 'ignore' })

/** What the daemon answers; nothing when none is there to answer. */
function ask(tool, said) {
  const { DROVER_SOCKET, DROVER_RUN_ID, DROVER_TOKEN } = process.env
  const request = { ask: tool, runId: DROVER_RUN_ID, task, token: DROVER_TOKEN, request: randomUUID(), said }
  return new Promise((resolve) => {
    const connection = connect(DROVER_SOCKET, () => connection.end(`${JSON.stringify(request)}\n`))
    let heard = ''
    connection.setTimeout(5000, () => connection.destroy())
    connection.setEncoding('utf8').on('data', (text) => (heard += text))
    connection.on('error', () => undefined)
    connection.on('close', () => resolve(heard.endsWith('\n') ? JSON.parse(heard) : undefined))
  })
}

const deeds = {
  write([file, ...text]) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${text.join(' ')}\n`)
  },
  append([file, ...text]) {
    mkdirSync(dirname(file), { recursive: true })
    appendFileSync(file, `${text.join(' ')}\n`)
  },
  say: (text) => assistant({ type: 'text', text: text.join(' ') }),
  sh: (text) => shell(text.join(' ')),
  /** One of drover's tools, until drover answers: one that is dead is begun again. `<<step>>` in it is a step for another agent. */
  async use([tool, ...said]) {
    for (;;) {
      const answer = await ask(tool, JSON.parse(said.join(' ').replaceAll('<<', '[[').replaceAll('>>', ']]')))
      if (answer !== undefined)
        return void appendFileSync(join(MARKS, 'used'), `${JSON.stringify({ task, tool, answer })}\n`)
      if (now.isInterrupted) return 'interrupted'
      await pass(50)
    }
  },
  report: ([verdict]) => shell(`drover parcel done --verdict ${verdict} --summary "as it was reported"`),
  /** A tool is said to be at work until the mark is there. */
  async wait([name]) {
    busy(`wait-${done}`)
    const how = await until(name)
    idle(`wait-${done}`)
    return how
  },
  /** Says nothing until the mark is there. */
  think: ([name]) => until(name),
  /** The turn ends while a tool is said to be busy. */
  leave: () => busy(`left-${done}`),
  end: () => 'end',
  cost: ([amount]) => void (cost += Number(amount)),
  overloaded: () =>
    refuse('API Error: 529 Overloaded.', 'overloaded', { api_error_status: 529, terminal_reason: 'api_error' }),
  /** Its context is full, in its first session. */
  full() {
    if (marked(`full-${task}`)) return undefined
    writeFileSync(join(MARKS, `full-${task}`), '')
    return refuse('Prompt is too long', 'invalid_request', {
      api_error_status: 400,
      terminal_reason: 'prompt_too_long',
    })
  },
  /** Its account is at its limit, for a second. */
  limit() {
    const resetsAt = Math.ceil(Date.now() / 1000) + 1
    out({ type: 'rate_limit_event', rate_limit_info: { status: 'rejected', resetsAt, rateLimitType: 'five_hour' } })
    return refuse("You've hit your limit", 'rate_limit', { api_error_status: 429, api_error: 'usage_limit_reached' })
  },
  auth: () =>
    refuse('Not logged in · Please run /login', 'authentication_failed', {
      api_error_status: 401,
      terminal_reason: 'api_error',
    }),
  spent: () => (
    result({
      is_error: true,
      subtype: 'error_max_budget_usd',
      terminal_reason: 'budget_exhausted',
      errors: ['Reached maximum budget'],
    }),
    'over'
  ),
  exit: ([code]) => process.exit(Number(code)),
  shot: () => process.kill(process.pid, 'SIGKILL'),
  /** So many MiB in one line. */
  print: ([size]) => assistant({ type: 'text', text: 'x'.repeat(Number(size) * 1024 * 1024) }),
  garbage: () => void process.stdout.write('\u0000{"type":"result"\nnull\n[]\n{"type":7}\n\n"\ud800"\n'),
  torn: () => (process.stdout.write('{"type":"assistant","message":{"model"'), process.exit(1)),
  /** Reads nothing any more. */
  deaf: () => void input.pause(),
  hear: () => void input.resume(),
}

/** The same once more is no more to do. */
function learn(steps) {
  if (steps.join() !== plan.slice(0, steps.length).join()) plan.push(...steps)
}

/** Its session's file, as the program keeps it; as long as this mark is there, its words are lost. */
function writeDown(message) {
  const folder = join(process.env.CLAUDE_CONFIG_DIR ?? join(process.env.HOME, '.claude'), 'projects/-w')
  mkdirSync(folder, { recursive: true })
  if (!marked('unkept'))
    appendFileSync(join(folder, `${session}.jsonl`), `${JSON.stringify({ type: 'user', message })}\n`)
}

/** What was said to it is taken up: from now on it remembers it. */
function take(messages) {
  for (const { uuid, text } of messages) {
    if (uuid) out({ type: 'command_lifecycle', command_uuid: uuid, state: 'started' })
    const message = { role: 'user', content: text.slice(0, 20_000) }
    out({ type: 'user', message, uuid: uuid ?? `prompt-${known.length}`, isReplay: true })
    note(uuid?.startsWith('drover-') ? 'hint' : 'prompt', text)
    writeDown(message)
    learn(stepsIn(text))
  }
}

const stays = new Set(['wait', 'think', 'use'])
/** Of these it says itself that it does them. */
const works = new Set(['write', 'append', 'sh', 'report', 'use'])

/** One step. What may be cut short counts when it is done, anything else when it begins. */
async function act(step) {
  // Words for another agent are taken as they are: that one knows who it is.
  const [name, ...args] = (step.startsWith('use ') ? step : step.replaceAll('@task', task)).split(' ')
  const count = () => (done++, note('step', step))
  if (!stays.has(name)) count()
  if (works.has(name)) assistant({ type: 'text', text: step })
  const how = await deeds[name](args)
  if (stays.has(name) && how === undefined) count()
  return how
}

const cutShort = () =>
  result({
    is_error: true,
    subtype: 'error_during_execution',
    terminal_reason: 'aborted_tools',
    errors: ['interrupted'],
  })

async function turn() {
  now.isAtWork = true
  now.isInterrupted = false
  out({ type: 'system', subtype: 'init', model: 'claude-test', claude_code_version: '9.8.7' })
  // As long as this mark is there, its session is named and nothing of it is written down.
  while (marked('unwritten')) await pass(10)
  take(queue.splice(0))
  for (;;) {
    // Its model takes a while to answer, as long as this mark is there.
    while (marked('slow') && !now.isInterrupted) await pass(10)
    take(queue.splice(0))
    if (now.isInterrupted) return cutShort()
    if (done >= plan.length) break
    const how = await act(plan[done])
    if (how === 'over') return
    if (how === 'end') break
    if (how === 'interrupted') return cutShort()
    await pass(2)
  }
  assistant({ type: 'text', text: 'Done.' })
  result({ result: 'Done.' })
}

async function work() {
  if (now.isAtWork) return
  while (queue.length > 0) await turn()
}

function hear(line) {
  const said = JSON.parse(line)
  if (said.type === 'control_request') {
    note('interrupt')
    // It does not mind, as long as this mark is there.
    if (marked('numb')) return
    now.isInterrupted = now.isAtWork
    return out({ type: 'control_response', response: { subtype: 'success', request_id: said.request_id } })
  }
  const { uuid } = said
  // The same message twice is one message.
  if (uuid && taken.has(uuid)) return
  taken.add(uuid)
  if (uuid && now.isAtWork) out({ type: 'command_lifecycle', command_uuid: uuid, state: 'queued' })
  queue.push({ uuid, text: said.message.content })
  void work()
}

const input = createInterface({ input: process.stdin })
input.on('line', hear)
