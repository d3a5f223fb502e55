// Stands in for a Codex that knows no app-server yet. Its starts go to $MARKS/codex; it works until $MARKS/go is there.
import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pass } from 'node:timers/promises'

const words = process.argv.slice(2)
const { MARKS } = process.env
if (words[0] === '--version') {
  process.stdout.write('codex-cli 0.1.0\n')
  process.exit(0)
}
const thread = words.includes('resume') ? words.at(-2) : 'thread-1'
appendFileSync(join(MARKS, 'codex'), `${words[0]} ${words.includes('resume') ? `resume ${thread}` : ''}\n`)
if (words[0] !== 'exec') {
  process.stderr.write("error: unrecognized subcommand 'app-server'\n")
  process.exit(2)
}
const out = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)
out({ type: 'thread.started', thread_id: thread })
out({ type: 'item.completed', item: { id: 'item_0', type: 'agent_message', text: 'I work.' } })
while (!existsSync(join(MARKS, 'go'))) await pass(10)
writeFileSync(words.includes('resume') ? 'second.txt' : 'first.txt', 'done\n')
out({ type: 'turn.completed', usage: { input_tokens: 3, output_tokens: 2 } })
