import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { mcpTools } from './mcp-tools.ts'
import { agentAsks, type AgentAsk, type Answer, type ToolAnswer } from './socket-words.ts'

/** Who speaks, by what its request shows. */
export interface Shown {
  runId: string
  task: string
  token: string
}

export type Use = (ask: AgentAsk, said: unknown, by: Shown & { request: string }) => Promise<Answer>

interface Message {
  id?: string | number | null
  method?: string
  params?: { name?: string; arguments?: unknown; protocolVersion?: string }
}

const longest = 4 * 1024 * 1024
const newest = '2025-06-18'

/**
 * The same tools for agents that speak MCP over HTTP: answered by the daemon itself, each request for itself. An agent waits for its servers before
 * its first turn, and a process of its own is 0.15 to 0.3 s of that; the SDK in here would be 45 MB and 0.24 s of the daemon's.
 */
export async function openToolsWeb(
  port: number,
  use: Use,
): Promise<{ url: string; port: number; close(): Promise<void> }> {
  const server = createServer(
    (request, response) => void answer(request, response, use).catch(() => response.destroy()),
  )
  const bound = await listen(server, port)
  return {
    port: bound,
    url: `http://127.0.0.1:${bound}/mcp`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** The port it had before, so that agents which outlived a daemon find the next one; any other where that is taken. */
async function listen(server: Server, port: number): Promise<number> {
  const on = (wanted: number): Promise<number> =>
    new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(wanted, '127.0.0.1', () => {
        server.off('error', reject)
        const address = server.address()
        resolve(typeof address === 'object' && address ? address.port : wanted)
      })
    })
  return port === 0 ? on(0) : on(port).catch(() => on(0))
}

async function answer(request: IncomingMessage, response: ServerResponse, use: Use): Promise<void> {
  const shown = whoIs(request)
  if (request.method !== 'POST') return end(response, 405)
  if (!shown) return end(response, 401)
  const message = readMessage(await bodyOf(request))
  if (!message) return end(response, 400)
  if (message.id === undefined) return end(response, 202)
  const said = await reply(message, shown, use)
  end(response, 200, { jsonrpc: '2.0', id: message.id, ...said })
}

function whoIs({ headers }: IncomingMessage): Shown | undefined {
  const token = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1]
  const [runId, task] = [headers['x-drover-run'], headers['x-drover-task']]
  return token !== undefined && typeof runId === 'string' && typeof task === 'string'
    ? { runId, task, token }
    : undefined
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  request.setEncoding('utf8')
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > longest) throw new Error('too long')
  }
  return text
}

function readMessage(text: string): Message | undefined {
  try {
    const said: unknown = JSON.parse(text)
    return typeof said === 'object' && said !== null && !Array.isArray(said) ? said : undefined
  } catch {
    return undefined
  }
}

function end(response: ServerResponse, status: number, about?: object): void {
  response.writeHead(status, about ? { 'content-type': 'application/json' } : {}).end(about && JSON.stringify(about))
}

async function reply({ method, params = {} }: Message, shown: Shown, use: Use): Promise<object> {
  if (method === 'initialize')
    return {
      result: {
        protocolVersion: params.protocolVersion ?? newest,
        capabilities: { tools: {} },
        serverInfo: { name: 'drover', version: '1' },
      },
    }
  if (method === 'ping') return { result: {} }
  if (method === 'tools/list') return { result: { tools: mcpTools } }
  if (method !== 'tools/call') return { error: { code: -32601, message: `there is no method "${method}"` } }
  const ask = agentAsks.find((one) => one === params.name)
  if (!ask) return { result: failed(`there is no tool "${params.name}": ${agentAsks.join(', ')}`) }
  const answered = await use(ask, params.arguments ?? {}, { ...shown, request: randomUUID() })
  return { result: answered.ok ? succeeded(answered.about as ToolAnswer) : failed(answered.problem) }
}

const succeeded = ({ text, fields }: ToolAnswer) => ({ content: [{ type: 'text', text }], structuredContent: fields })
const failed = (text: string) => ({ content: [{ type: 'text', text }], isError: true })
