import pkg from '../../../package.json' with { type: 'json' }
import { command } from '../command.ts'

export const mcp = command({
  name: 'mcp',
  summary: 'For agents: drover’s tools, as an MCP server on stdin and stdout',
  about:
    'Started by the agent of an attempt, in the environment that drover gave it. Its tools: report, progress, create_subtask, check_subtask_status, ' +
    'signal_decomposition, record_finding, ask_human.',
  options: {},
  examples: ['drover mcp < requests.jsonl'],
  async run({ terminal: { stdin, stdout } }) {
    const { serveTools } = await import('../../app/mcp-server.ts')
    await serveTools({ stdin, stdout, version: pkg.version })
  },
})
