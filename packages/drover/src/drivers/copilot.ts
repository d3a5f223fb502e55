import { join } from 'node:path'
import type { Driver, ToolServer } from '../ports/driver.ts'
import { acpDriver, inShell } from './acp.ts'
import { commandDriver } from './command.ts'
import { logins } from './logins.ts'
import type { Words } from './words.ts'

const serversFile = 'copilot-mcp.json'

/** Copilot CLI. It takes the servers of a session without a word and never starts them: they are given in a file. */
export const copilotDriver = (words: Words): Driver =>
  acpDriver('copilot', words, {
    program: {
      name: words.path,
      version: ['--version'],
      login: 'copilot login',
      whoIsIn: logins.copilot,
      install: 'npm install -g @github/copilot',
    },
    args: ({ model, permission, readOnly, tools, folder }) => [
      '--acp',
      '--no-auto-update',
      ...(permission === 'full' && !readOnly ? ['--allow-all'] : []),
      ...(model === null ? [] : ['--model', model]),
      ...(tools === null ? [] : ['--additional-mcp-config', `@${join(folder, serversFile)}`, '--allow-tool', 'drover']),
    ],
    files: ({ tools }) =>
      tools === null ? {} : { [serversFile]: JSON.stringify({ mcpServers: { drover: server(tools) } }) },
    ignoresServers: true,
    counting: { countsOn: true },
    aside: (text) => {
      if (/^Info: .*retrying/i.test(text)) return 'retrying'
      return text.startsWith('Error: ') ? 'error' : /^(?:Info|Warning): /.test(text) ? 'note' : undefined
    },
    fallback: commandDriver('copilot', `${inShell(words.path)} --allow-all-tools --no-auto-update`, words.env),
    configured: (folder) => ({ COPILOT_HOME: folder }),
  })

const server = ({ command, args, env }: ToolServer) => ({ type: 'local', command, args, env, tools: ['*'] })
