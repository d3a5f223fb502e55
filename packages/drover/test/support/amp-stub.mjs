#!/usr/bin/env node
// Stands in for Amp, whose agent only runs with its server: its documented stream, its threads, its settings. The model does what
// markers in the prompt say, one after the other: [[say TEXT]] [[bash COMMAND]] [[write PATH TEXT]] [[commit SUBJECT]]
// [[fail WORDS]] [[hang]]. A message without markers goes on with the thread's program where it stood.
// AMP_STUB_RESULT=end tells the result only when stdin has ended, as the documents allow too.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const words = process.argv.slice(2)
const after = (option) => (words.includes(option) ? words[words.indexOf(option) + 1] : undefined)
const out = (message) => process.stdout.write(`${JSON.stringify({ ...message, session_id: thread.id })}\n`)
const refuse = (why) => {
  process.stderr.write(`Error: ${why}\n`)
  process.exit(1)
}

if (words[0] === '--version') {
  process.stdout.write('0.0.1-stub\n')
  process.exit(0)
}
if (!process.env.AMP_API_KEY) refuse('No API key found. Run `amp login` or set AMP_API_KEY.')
for (const needed of ['--execute', '--stream-json', '--stream-json-input'])
  if (!words.includes(needed)) refuse(`this stub needs ${needed}`)

const settings = JSON.parse(readFileSync(after('--settings-file'), 'utf8'))
const servers = after('--mcp-config') ? Object.keys(JSON.parse(readFileSync(after('--mcp-config'), 'utf8'))) : []
const threads = join(process.env.XDG_DATA_HOME ?? join(homedir(), '.local/share'), 'amp/threads')
mkdirSync(threads, { recursive: true })
const fileOf = (id) => join(threads, `${id}.json`)
const thread = openThread(words[0] === 'threads' && words[1] === 'continue' ? words[2] : undefined)
const keep = () => writeFileSync(fileOf(thread.id), JSON.stringify(thread))

function openThread(id) {
  if (id === undefined) return { id: `T-${randomUUID()}`, steps: [], at: 0, turns: 0 }
  if (!existsSync(fileOf(id))) refuse(`Thread not found: ${id}`)
  return JSON.parse(readFileSync(fileOf(id), 'utf8'))
}

const usage = { input_tokens: 330, cache_creation_input_tokens: 20, cache_read_input_tokens: 300, output_tokens: 4 }
const assistant = (block, stop_reason) => {
  const message = { type: 'message', role: 'assistant', content: [block], stop_reason, usage }
  out({ type: 'assistant', message, parent_tool_use_id: null })
}
const user = (content) => out({ type: 'user', message: { role: 'user', content }, parent_tool_use_id: null })
const result = (end) => out({ type: 'result', duration_ms: 1, num_turns: thread.turns, ...end })

let running
process.on('SIGINT', () => {
  running?.kill('SIGKILL')
  process.exit(130)
})

function run(command) {
  return new Promise((resolve) => {
    let said = ''
    running = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [running.stdout, running.stderr]) stream.on('data', (chunk) => (said += chunk))
    running.on('close', (code) => resolve({ said, failed: code !== 0 }))
  })
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`
const shell = {
  bash: (text) => text,
  write: (text) => {
    const [path, ...rest] = text.split(' ')
    return `printf '%s\\n' ${quoted(rest.join(' '))} > ${quoted(path)}`
  },
  commit: (text) => `git add -A && git commit -q -m ${quoted(text)}`,
}

async function useTool([verb, text]) {
  const id = `toolu_${randomUUID()}`
  assistant({ type: 'tool_use', id, name: 'Bash', input: { cmd: shell[verb](text) } }, 'tool_use')
  const allowed = settings['amp.dangerouslyAllowAll'] === true
  const { said, failed } = allowed ? await run(shell[verb](text)) : { said: 'rejected by the user', failed: true }
  user([{ type: 'tool_result', tool_use_id: id, content: said, is_error: failed }])
}

async function takeTurn(text) {
  user([{ type: 'text', text }])
  const steps = [...text.matchAll(/\[\[(say|bash|write|commit|fail|hang) ?(.*?)\]\]/gs)].map(([, verb, rest]) => [
    verb,
    rest,
  ])
  if (steps.length > 0) Object.assign(thread, { steps, at: 0 })
  let last = 'DONE'
  thread.turns += 1
  while (thread.at < thread.steps.length) {
    const step = thread.steps[thread.at]
    keep()
    if (step[0] === 'hang') await new Promise(() => {})
    if (step[0] === 'fail') return { subtype: 'error_during_execution', is_error: true, error: step[1] }
    if (step[0] === 'say') last = step[1]
    else await useTool(step)
    thread.at += 1
  }
  keep()
  const said = steps.length > 0 ? last : `${last} (${text})`
  assistant({ type: 'text', text: said }, 'end_turn')
  return { subtype: 'success', is_error: false, result: said }
}

let hasBegun = false
let end
for await (const line of createInterface({ input: process.stdin })) {
  if (!hasBegun) {
    const mcp_servers = servers.map((name) => ({ name, status: 'connected' }))
    out({ type: 'system', subtype: 'init', cwd: process.cwd(), tools: ['Bash'], mcp_servers })
  }
  hasBegun = true
  end = await takeTurn(
    JSON.parse(line)
      .message.content.map(({ text }) => text)
      .join('\n'),
  )
  if (end.is_error || process.env.AMP_STUB_RESULT !== 'end') result(end)
  if (end.is_error) process.exit(1)
}
if (process.env.AMP_STUB_RESULT === 'end' && end) result(end)
