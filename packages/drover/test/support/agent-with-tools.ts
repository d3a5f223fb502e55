// An agent that does what `$MARKS/<task>.mjs` (or `$MARKS/agent.mjs`) says, with drover's tools over a real MCP client.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'

const { MARKS = '', DROVER_TASK_ID = '', DROVER_ATTEMPT = '', DROVER_FOLDER = '' } = process.env

const client = new Client({ name: 'a test', version: '1' })
const env = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
)
await client.connect(new StdioClientTransport({ command: 'drover', args: ['mcp'], env, stderr: 'inherit' }))

const own = `${MARKS}/${DROVER_TASK_ID}.mjs`
const { work } = (await import(pathToFileURL(existsSync(own) ? own : `${MARKS}/agent.mjs`).href)) as {
  work: (about: object) => Promise<void>
}
await work({
  client,
  task: DROVER_TASK_ID,
  attempt: Number(DROVER_ATTEMPT),
  prompt: readFileSync(`${DROVER_FOLDER}/prompt.md`, 'utf8'),
  /** Uses a tool and leaves what it answered in a mark. */
  async use(name: string, said: Record<string, unknown> = {}) {
    const answer = await client.callTool({ name, arguments: said })
    const [first] = answer.content as { text: string }[]
    const told = {
      task: DROVER_TASK_ID,
      attempt: Number(DROVER_ATTEMPT),
      name,
      text: first?.text ?? '',
      isError: answer.isError === true,
    }
    appendFileSync(`${MARKS}/used`, `${JSON.stringify({ ...told, fields: answer.structuredContent ?? null })}\n`)
    return { ...told, fields: (answer.structuredContent ?? {}) as Record<string, unknown> }
  },
  mark: (name: string, line: string) => appendFileSync(`${MARKS}/${name}`, `${line}\n`),
})
await client.close()
