import { setImmediate as pass } from 'node:timers/promises'
import { Readable, Writable } from 'node:stream'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { CallToolRequestSchema, type CallToolResult, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { readReport } from '../flow/report-file.ts'
import { askAsAgent, attemptPlace, leaveReport, type AttemptPlace } from './agent-side.ts'
import { mcpTools } from './mcp-tools.ts'
import { agentAsks, type AgentAsk, type ToolAnswer } from './socket-words.ts'

/** While a daemon is started anew, nobody needs to notice. */
const patience: Partial<Record<AgentAsk, readonly number[]>> = { report: [200], progress: [] }
const longest = [200, 400, 800, 1600]

interface Streams {
  stdin: AsyncIterable<unknown>
  stdout: { write(text: string | Uint8Array): unknown }
  version: string
}

/** Drover's tools for the agent of one attempt, over these streams, until the agent closes them. */
export async function serveTools({ stdin, stdout, version }: Streams): Promise<void> {
  const place = attemptPlace()
  const input = Readable.from(stdin)
  const output = new Writable({
    write(chunk: Uint8Array, _, done) {
      stdout.write(chunk)
      done()
    },
  })
  const server = new Server({ name: 'drover', version }, { capabilities: { tools: {} } })
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [...mcpTools] }))
  const open = new Set<Promise<unknown>>()
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
    const answer = use(place, params.name, params.arguments ?? {})
    open.add(answer)
    return answer.finally(() => open.delete(answer))
  })
  const { promise: closed, resolve: close } = Promise.withResolvers<void>()
  input.once('end', close).once('close', close)
  await server.connect(new StdioServerTransport(input, output))
  await closed
  // Whoever closes its side at once wants its answers all the same.
  while (open.size > 0) await Promise.allSettled(open)
  await pass()
  await server.close()
}

async function use(place: AttemptPlace, name: string, said: Record<string, unknown>): Promise<CallToolResult> {
  const ask = agentAsks.find((one) => one === name)
  if (!ask) return failed(`there is no tool "${name}": ${agentAsks.join(', ')}`)
  const answer = await askAsAgent(place, ask, said, patience[ask] ?? longest)
  if (!answer || (!answer.ok && answer.code === 'internal')) return alone(place, ask, said)
  return answer.ok ? succeeded(answer.about as ToolAnswer) : failed(answer.problem)
}

/** A report reaches the daemon when it is back; nothing else can wait for that. */
async function alone(place: AttemptPlace, ask: AgentAsk, said: Record<string, unknown>): Promise<CallToolResult> {
  if (ask === 'progress') return succeeded({ text: 'Nobody watches at the moment. Go on.', fields: {} })
  if (ask !== 'report')
    return failed(
      `Drover cannot be reached at the moment, so ${ask} was not done. Go on with what does not need it, and try again in a minute; report PASS, BLOCK or FAIL works all the same.`,
    )
  if (!readReport(said)) return failed('this is no report: it needs a verdict of PASS, PASS_WITH_WARNINGS, BLOCK, FAIL')
  await leaveReport(place, said)
  return succeeded({ text: 'Drover reads your report when it is back. You are done: end your turn.', fields: {} })
}

const succeeded = ({ text, fields }: ToolAnswer): CallToolResult => ({
  content: [{ type: 'text', text }],
  structuredContent: fields,
})

const failed = (text: string): CallToolResult => ({ content: [{ type: 'text', text }], isError: true })
