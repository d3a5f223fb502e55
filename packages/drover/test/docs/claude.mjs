#!/usr/bin/env node
// Stands in for Claude Code in the examples of the documents. It speaks the lines of its stream-json both ways, knows its sessions again,
// and does a little of what a task says: a file, a step, a report. A fence is painted when a person has said the color.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const words = process.argv.slice(2)
const after = (option) => (words.includes(option) ? words[words.indexOf(option) + 1] : undefined)
if (words[0] === '--version') {
  process.stdout.write('2.1.329 (Claude Code)\n')
  process.exit(0)
}

const session = after('--resume') ?? after('--session-id')
const model = after('--model') ?? 'claude-opus-5-5'
const { DROVER_TASK_ID: task = '', DROVER_ATTEMPT: attempt = '', HOME = '.', CLAUDE_CONFIG_DIR } = process.env
const memory = join(CLAUDE_CONFIG_DIR ?? join(HOME, '.claude'), 'projects', `${session}.json`)

const out = (message) => process.stdout.write(`${JSON.stringify({ ...message, session_id: session })}\n`)
const assistant = (block) => out({ type: 'assistant', message: { model, role: 'assistant', content: [block] } })
const text = (said) => assistant({ type: 'text', text: said })
const drover = (...said) => execFileSync('drover', ['parcel', ...said], { stdio: 'ignore' })
/** Its last words say the same. */
function report(verdict, summary) {
  drover('done', '--verdict', verdict, '--summary', summary)
  return summary
}

let uses = 0
let costUsd = 0
/** A result tells what was used since the last one, and the money of the whole session. */
function result(end) {
  costUsd += 0.02
  const used = { inputTokens: 1200, outputTokens: 80, costUSD: 0.02 }
  out({ type: 'result', total_cost_usd: costUsd, model_usage_since_last_result: { [model]: used }, ...end })
}

/** A tool that is used, as it is shown. */
function write(file, content) {
  const id = `toolu_${++uses}`
  assistant({ type: 'tool_use', id, name: 'Write', input: { file_path: file, content } })
  writeFileSync(file, content)
  const done = { type: 'tool_result', tool_use_id: id, content: 'File created' }
  out({ type: 'user', message: { role: 'user', content: [done] } })
}

if (words.includes('--resume') && !existsSync(memory)) {
  const error = `No conversation found with session ID: ${session}`
  out({ type: 'result', subtype: 'error_during_execution', is_error: true, errors: [error] })
  process.exit(1)
}
/** What its session remembers: the title, and what people said. */
const known = existsSync(memory) ? JSON.parse(readFileSync(memory, 'utf8')) : { title: '', hints: [] }
function remember() {
  mkdirSync(join(memory, '..'), { recursive: true })
  writeFileSync(memory, JSON.stringify(known))
}

const colorIn = (said) => /\b(?:red|green|blue)\b/.exec(said)?.[0]
let waits = false

/** Its last words, or nothing while a person is to say the color. */
function work() {
  const { title, hints } = known
  if (task === 'prices' && attempt === '1') return report('BLOCK', 'Prices in cents, or as decimals?')
  if (task.startsWith('fence')) {
    const color = hints.map(colorIn).find(Boolean)
    waits = color === undefined
    if (waits) return undefined
    text(`It is to be ${color}.`)
    write('fence.txt', `${color}\n`)
  } else if (task === 'api') {
    write('api.ts', 'export const serve = () => {}\n')
    if (attempt !== '1') write('api.md', 'GET /items\n')
  } else write(`${task}.ts`, `${title}\n`)
  drover('progress', 'the code is written')
  return report('PASS', `${title}: done`)
}

function goOn() {
  const last = work()
  if (last === undefined) return
  text(last)
  result({ subtype: 'success', is_error: false, terminal_reason: 'completed', result: last })
}

function hear({ message: { content }, uuid }) {
  if (!waits) out({ type: 'system', subtype: 'init', model, claude_code_version: '2.1.329', mcp_servers: [] })
  out({ type: 'user', message: { role: 'user', content }, uuid, isReplay: true })
  known.title ||= /^# (.+)$/m.exec(content)?.[1] ?? task
  const isHint = uuid?.startsWith('drover-')
  if (isHint) known.hints.push(content)
  else
    for (const [, hint] of content.matchAll(/^## Hints from the operator\n\n((?:- .+\n?)+)/gm)) known.hints.push(hint)
  remember()
  if (!isHint) text(`${words.includes('--resume') ? 'Going on with' : 'Reading'} the task: ${known.title}`)
  goOn()
}

function interrupt({ request_id }) {
  out({ type: 'control_response', response: { subtype: 'success', request_id, response: { still_queued: [] } } })
  if (waits) result({ subtype: 'error_during_execution', is_error: true, terminal_reason: 'aborted_streaming' })
  waits = false
}

for await (const line of createInterface({ input: process.stdin })) {
  const said = JSON.parse(line)
  if (said.type === 'user') hear(said)
  else if (said.type === 'control_request') interrupt(said)
}
