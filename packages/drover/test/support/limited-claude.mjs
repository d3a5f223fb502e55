#!/usr/bin/env node
// Stands in for Claude Code where its account matters: its stream, its sessions, its limit and its login. `$MARKS/limit-<account>`
// holds the time until which the account is at its limit, or `logged out`; the account is the name of its configuration folder.
// What it was started for goes to `$MARKS/starts`. A task is done by writing a file.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'

const words = process.argv.slice(2)
const after = (option) => (words.includes(option) ? words[words.indexOf(option) + 1] : undefined)
if (words[0] === '--version') {
  process.stdout.write('9.8.7 (Claude Code)\n')
  process.exit(0)
}

const { MARKS, DROVER_TASK_ID: task, CLAUDE_CONFIG_DIR: folder = 'claude', PLAN = '' } = process.env
const account = basename(folder)
const session = after('--resume') ?? after('--session-id')
const how = words.includes('--resume') ? 'resumed' : 'new'
appendFileSync(join(MARKS, 'starts'), `${task} ${account}${PLAN && `+${PLAN}`} ${how} ${after('--model') ?? ''}\n`)
const out = (message) => process.stdout.write(`${JSON.stringify({ ...message, session_id: session })}\n`)
const result = (end) => out({ type: 'result', num_turns: 1, total_cost_usd: 0, ...end })

function refuse(text, error, more) {
  const message = { model: '<synthetic>', role: 'assistant', content: [{ type: 'text', text }] }
  out({ type: 'assistant', message, error, is_api_error_message: true })
  result({ subtype: 'success', is_error: true, result: text, usage: { input_tokens: 0, output_tokens: 0 }, ...more })
}

function turn() {
  const file = join(MARKS, `limit-${account}`)
  const limit = existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
  out({ type: 'system', subtype: 'init', model: 'claude-test', claude_code_version: '9.8.7' })
  if (limit === 'logged out')
    return refuse('Not logged in · Please run /login', 'authentication_failed', { api_error_status: 401 })
  if (Number(limit) > Date.now()) {
    const resetsAt = Math.ceil(Number(limit) / 1000)
    out({ type: 'rate_limit_event', rate_limit_info: { status: 'rejected', resetsAt, rateLimitType: 'five_hour' } })
    return refuse("You've hit your limit", 'rate_limit', { api_error_status: 429, api_error: 'usage_limit_reached' })
  }
  writeFileSync(`${task}.txt`, 'done\n')
  out({
    type: 'assistant',
    message: { model: 'claude-test', role: 'assistant', content: [{ type: 'text', text: 'Done.' }] },
  })
  return result({ subtype: 'success', is_error: false, result: 'Done.', usage: { input_tokens: 3, output_tokens: 2 } })
}

for await (const line of createInterface({ input: process.stdin })) if (JSON.parse(line).type === 'user') turn()
