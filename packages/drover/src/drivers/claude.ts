import { join } from 'node:path'
import type { AgentEvent, Driver, Intent, Launch, Spec, Talk, ToolServer } from '../ports/driver.ts'
import { logins } from './logins.ts'
import type { Words } from './words.ts'
import { endingWithoutResult } from './claude-ending.ts'
import { claudeReader } from './claude-stream.ts'
import { lackingIn, lookingBack, looksBack } from './look-back.ts'

/** Claude Code, spoken to in lines of JSON both ways. It works on while it is spoken to, and lives on after a turn. */
export function claudeDriver(words: Words): Driver {
  return {
    name: 'claude',
    abilities: {
      continues: true,
      resumes: true,
      adoptable: true,
      hint: 'steer',
      interrupt: 'protocol',
      tools: true,
      cost: 'money',
      limits: 'time',
      remembersBroken: true,
      recalls: true,
    },
    program: {
      name: words.path,
      version: ['--version'],
      login: 'claude auth login',
      whoIsIn: logins.claude,
      install: 'npm install -g @anthropic-ai/claude-code',
    },
    spawn: (spec) => lookingBack(spec, launchOf(spec, words), sessionFile),
    talk,
    configured: (folder) => ({ CLAUDE_CONFIG_DIR: folder }),
  }
}

const sessionFile = '"${CLAUDE_CONFIG_DIR:-$HOME/.claude}"/projects/*/"$0".jsonl'

const launchOf = (spec: Spec, words: Words): Launch => ({
  file: words.path,
  args: [
    ...protocol,
    ...sessionOf(spec),
    ...modelOf(spec),
    ...budgetOf(spec),
    ...toolsOf(spec, words),
    ...permissionOf(spec),
    ...words.args,
  ],
  env: { ...surroundings, ...(spec.permission === 'full' ? asRoot : {}), ...words.env },
  stdin: 'fifo',
  files: spec.tools ? { [toolsFile]: JSON.stringify({ mcpServers: { drover: serverOf(spec.tools) } }) } : {},
})

const protocol = '-p --input-format stream-json --output-format stream-json --verbose --replay-user-messages'.split(' ')

/** Drover's tools are always in view, and the program stays the one it was while it works. */
const surroundings = { ENABLE_TOOL_SEARCH: 'false', DISABLE_AUTOUPDATER: '1' }

/** It refuses to work unasked as root, as in most containers, unless it is told that this is a sandbox. */
const asRoot: Record<string, string> = process.getuid?.() === 0 ? { IS_SANDBOX: '1' } : {}

/** It waits for its servers before its first turn: a daemon answers at once, a process must start first. */
const serverOf = ({ web, command, args, env }: ToolServer): object =>
  web ? { type: 'http', ...web } : { type: 'stdio', command, args, env }

/** The tools' environment holds the attempt's token, which is nothing for a list of processes. */
const toolsFile = 'mcp.json'

const sessionOf = ({ session, newSession }: Spec): string[] =>
  session === null ? ['--session-id', newSession] : ['--resume', session]

const modelOf = ({ model }: Spec): string[] => (model === null ? [] : ['--model', model])

const budgetOf = ({ budgetUsd }: Spec): string[] =>
  budgetUsd === null ? [] : ['--max-budget-usd', budgetUsd.toFixed(2)]

/** Other servers of the person's are left out unless they are wished for: it waits for all of them before its first turn, each time it starts. */
const toolsOf = ({ tools, folder }: Spec, { ownServers = false }: Words): string[] => [
  ...(tools ? ['--mcp-config', join(folder, toolsFile)] : []),
  ...(ownServers ? [] : ['--strict-mcp-config']),
]

const looking = ['Read', 'Glob', 'Grep', 'WebFetch', 'WebSearch', 'Task']
const changing = ['Edit', 'Write', 'NotebookEdit']
const ours = 'mcp__drover'

/** Nobody is there to be asked: what is not allowed is denied. Of a shell's commands it then runs only those it knows to change nothing. */
function permissionOf({ permission, readOnly, tools }: Spec): string[] {
  const allowed = [...(readOnly ? looking : []), ...(tools ? [ours] : [])]
  const allowing = allowed.length > 0 ? ['--allowedTools', allowed.join(',')] : []
  if (readOnly) return ['--permission-mode', 'dontAsk', ...allowing, '--disallowedTools', changing.join(',')]
  return permission === 'full' ? ['--dangerously-skip-permissions'] : ['--permission-mode', permission, ...allowing]
}

function talk(spec: Spec): Talk {
  const read = claudeReader({ hintOf, usageIn: 'result', endTurn: false })
  return {
    open: () => (looksBack(spec) ? [] : say({ kind: 'prompt', text: spec.prompt })),
    read: (line, now) => [...beginning(spec, line), ...read(line, now)],
    say,
    ended: endingWithoutResult,
  }
}

/** What its session lacks is known when it starts; a daemon that takes over may say the same once more, which is one message to it. */
function beginning(spec: Spec, line: string): AgentEvent[] {
  const lacking = looksBack(spec) ? lackingIn(line, spec) : undefined
  if (lacking === undefined) return []
  const message = messageOf([...lacking, spec.prompt].join('\n\n'))
  return [{ kind: 'reply', lines: [JSON.stringify({ ...message, uuid: `words-${spec.newSession}` })] }]
}

/**
 * A hint carries its id as the message's uuid: it comes back with the message when the agent has it, and the same uuid twice is one
 * message to the same process. A prompt has none: in a resumed session it may be the same words once more, and meant.
 */
const hintOf = (uuid: string): string | undefined => (uuid.startsWith(mark) ? uuid.slice(mark.length) : undefined)
const mark = 'drover-'

function say(intent: Intent): string[] {
  if (intent.kind === 'interrupt')
    return [JSON.stringify({ type: 'control_request', request_id: 'interrupt', request: { subtype: 'interrupt' } })]
  const message = messageOf(intent.text)
  return [JSON.stringify(intent.kind === 'hint' ? { ...message, uuid: mark + intent.id } : message)]
}

const messageOf = (text: string) => ({ type: 'user', message: { role: 'user', content: asWords(text) } })

/** Words that begin with a slash would be a command to the program: `/clear` forgets the whole session. */
const asWords = (text: string): string => (/^\s*\//.test(text) ? `These are words, no command: ${text}` : text)
