import type { Item, Tool, ToolCall } from './conversation.ts'
import type { Action } from './program.ts'

/** The call that does it, with the tools that this client offers. */
export function toolCall({ verb, words }: Action, tools: readonly Tool[], since: readonly Item[]): ToolCall | null {
  if (verb === 'turn') return null
  if (verb === 'bash') return shell(words, tools)
  if (verb === 'commit') return shell(`git add -A && git commit -q -m ${quoted(words || 'work')}`, tools)
  const [, first = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(words) ?? []
  if (verb === 'write') return shell(writing(first, rest), tools)
  const tool = tools.find(({ name }) => name === first || (verb === 'mcp' && isCalled(name, first)))
  if (tool) return { ...tool, input: inputOf(rest, since) }
  return verb === 'mcp' ? search(first, tools, since) : null
}

/** `mcp__drover__report`, `drover_report`, `drover-report`. */
const isCalled = (name: string, short: string): boolean => name.endsWith(`_${short}`) || name.endsWith(`-${short}`)

/** Some clients show an MCP server's tools only to those who look for them. */
function search(name: string, tools: readonly Tool[], since: readonly Item[]): ToolCall | null {
  const searched = since.some((item) => item.kind === 'call' && isSearch(item.name) && item.input.includes(name))
  const tool = tools.find((one) => one.name === 'ToolSearch' || one.name === 'tool_search')
  if (!tool || searched) return null
  const input = tool.name === 'ToolSearch' ? { query: `+${name}`, max_results: 5 } : { query: name, limit: 5 }
  return { name: tool.name, input, isSearch: tool.name === 'tool_search' }
}

export const isSearch = (tool: string): boolean => tool === 'ToolSearch' || tool === 'tool_search_call'

/** A call that only shows whether anybody has said something meanwhile. */
export const idle = (tools: readonly Tool[]): ToolCall | null => shell(`sleep 0.1 ${idleMark}`, tools)
export const isIdle = (input: string): boolean => input.includes(idleMark)
const idleMark = '# listening'

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

function writing(path: string, text: string): string {
  const folder = path.includes('/') ? `mkdir -p ${quoted(path.replace(/\/[^/]*$/, ''))} && ` : ''
  return `${folder}printf %s ${quoted(`${text.replaceAll('\\n', '\n')}\n`)} > ${quoted(path)}`
}

/** Each client's tool that runs a command, and how it is given one. */
const shells: Record<string, (command: string) => object> = {
  Bash: (command) => ({ command, description: 'scripted command' }),
  bash: (command) => ({ command, description: 'scripted command' }),
  run_shell_command: (command) => ({ command }),
  exec_command: (cmd) => ({ cmd, yield_time_ms: 30_000 }),
  shell_command: (command) => ({ command }),
  shell: (command) => ({ command: ['bash', '-lc', command] }),
}

function shell(command: string, tools: readonly Tool[]): ToolCall | null {
  const tool = tools.find(({ name }) => Object.hasOwn(shells, name))
  return tool ? { ...tool, input: shells[tool.name]!(command) } : null
}

function inputOf(json: string, since: readonly Item[]): object {
  const results = since.flatMap((item) => (item.kind === 'result' ? [item.text.replaceAll('\\"', '"')] : []))
  const filled = json.replace(/\{\{(\w+)\}\}/g, (whole, key: string) => {
    const values = results.join('\n').matchAll(new RegExp(`"${key}"\\s*:\\s*"([^"]*)"`, 'g'))
    return [...values].at(-1)?.[1] ?? whole
  })
  const value: unknown = JSON.parse(filled.replaceAll('<<', '[[').replaceAll('>>', ']]') || '{}')
  if (typeof value !== 'object' || value === null) throw new Error(`not an object: ${json}`)
  return value
}
