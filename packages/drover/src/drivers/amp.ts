import { join } from 'node:path'
import type { Driver, Intent, Spec, Talk, ToolServer } from '../ports/driver.ts'
import { logins } from './logins.ts'
import type { Words } from './words.ts'
import { endingWithoutResult } from './claude-ending.ts'
import { claudeReader } from './claude-stream.ts'

/** Amp, which speaks Claude Code's lines. Its threads are kept by its server, so one can be continued from anywhere. */
export function ampDriver(words: Words): Driver {
  return {
    name: 'amp',
    abilities: {
      continues: true,
      resumes: true,
      adoptable: true,
      hint: 'queue',
      interrupt: 'signal',
      tools: true,
      cost: 'tokens',
      limits: 'none',
      remembersBroken: true,
      recalls: false,
    },
    program: {
      name: words.path,
      version: ['--version'],
      login: 'amp login',
      whoIsIn: logins.amp,
      install: 'npm install -g @ampcode/cli',
    },
    spawn: (spec) => ({
      file: words.path,
      args: [...threadOf(spec), ...protocol, ...settingsOf(spec), ...modeOf(spec), ...toolsOf(spec), ...words.args],
      env: { ...words.env },
      stdin: 'fifo',
      files: filesOf(spec),
    }),
    talk,
    configured: (folder) => ({ XDG_DATA_HOME: folder }),
  }
}

const protocol = ['--execute', '--stream-json', '--stream-json-input', '--no-archive-after-execute', '--no-ide']

const threadOf = ({ session }: Spec): string[] => (session === null ? [] : ['threads', 'continue', session])

/** What is called a model elsewhere is a mode here: it chooses the model. */
const modeOf = ({ model }: Spec): string[] => (model === null ? [] : ['--mode', model])

const settingsFile = 'amp-settings.json'
const toolsFile = 'amp-mcp.json'

const settingsOf = ({ folder }: Spec): string[] => ['--settings-file', join(folder, settingsFile)]
const toolsOf = ({ tools, folder }: Spec): string[] => (tools ? ['--mcp-config', join(folder, toolsFile)] : [])

const filesOf = (spec: Spec): Record<string, string> => ({
  [settingsFile]: JSON.stringify({
    'amp.updates.mode': 'disabled',
    'amp.notifications.enabled': false,
    ...permissionOf(spec),
  }),
  ...(spec.tools ? { [toolsFile]: JSON.stringify({ drover: server(spec.tools) }) } : {}),
})

const changing = ['edit_file', 'create_file', 'apply_patch', 'undo_edit']

/** Rules are tried in order; without any it may do everything but what it asks for, and nobody is there to answer. */
function permissionOf({ permission, readOnly }: Spec): Record<string, unknown> {
  const refused = changing.map((tool) => ({ tool, action: 'reject' }))
  if (readOnly) return { 'amp.permissions': [...refused, { tool: '*', action: 'allow' }] }
  return permission === 'full' ? { 'amp.dangerouslyAllowAll': true } : {}
}

function talk({ prompt }: Spec): Talk {
  return {
    open: () => [lineOf(prompt)],
    read: claudeReader({ hintOf: () => undefined, usageIn: 'message', endTurn: true }),
    say,
    ended: endingWithoutResult,
  }
}

/** Nothing in its stream tells whether a message was heard, so a hint waits for the end of the turn, where it is the prompt. */
function say(intent: Intent): string[] | undefined {
  return intent.kind === 'prompt' ? [lineOf(intent.text)] : undefined
}

const lineOf = (text: string): string =>
  JSON.stringify({ type: 'user', message: { role: 'user', content: [{ type: 'text', text }] } })

const server = ({ command, args, env }: ToolServer): object => ({ command, args, env })
