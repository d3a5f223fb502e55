import { join } from 'node:path'
import type { AgentEvent, Driver, Spec, Talk, TurnEnd } from '../ports/driver.ts'
import { endedBy } from './error-words.ts'
import { type Fields, fieldsIn, objectsIn, textIn } from './json.ts'
import { agentOf, configFor, mayAll } from './opencode-config.ts'
import { endOf } from './opencode-ends.ts'
import { toolOf, usageOf } from './opencode-parts.ts'
import { logins } from './logins.ts'
import type { Words } from './words.ts'

const configFile = 'opencode-run.json'

/** Two variables name a configuration of one's own: what the user gave in either stays. */
const withConfig = `
if [ -z "$OPENCODE_CONFIG" ]; then export OPENCODE_CONFIG="$1"
elif [ -z "$OPENCODE_CONFIG_CONTENT" ]; then OPENCODE_CONFIG_CONTENT=$(cat "$1"); export OPENCODE_CONFIG_CONTENT
fi
shift
exec "$@"`

/** `opencode run`: one prompt, on stdin (as an argument its quotes would be escaped), and no way to speak to it. It says nothing of a limit that it waits for. */
export const opencodeRunDriver = (words: Words): Driver => ({
  name: 'opencode',
  abilities: {
    continues: true,
    resumes: true,
    adoptable: true,
    hint: 'none',
    interrupt: 'signal',
    tools: true,
    cost: 'money',
    limits: 'none',
    remembersBroken: true,
    recalls: false,
  },
  program: {
    name: words.path,
    version: ['--version'],
    login: 'opencode auth login',
    whoIsIn: logins.opencode,
    install: 'npm install -g opencode-ai',
  },
  spawn: (spec) => ({
    file: 'sh',
    args: ['-c', withConfig, 'sh', join(spec.folder, configFile), words.path, ...argsFor(spec), ...words.args],
    env: { OPENCODE_DISABLE_AUTOUPDATE: '1', ...words.env },
    stdin: 'prompt',
    files: { [configFile]: JSON.stringify(configFor(spec)) },
  }),
  talk: openRunTalk,
  configured: (folder) => ({
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_DATA_HOME: join(folder, 'data'),
    XDG_STATE_HOME: join(folder, 'state'),
  }),
})

function argsFor(spec: Spec): string[] {
  const agent = agentOf(spec)
  return [
    'run',
    '--format',
    'json',
    ...(mayAll(spec) ? ['--auto'] : []),
    ...(spec.model === null ? [] : ['--model', spec.model]),
    ...(agent === null ? [] : ['--agent', agent]),
    ...(spec.session === null ? [] : ['--session', spec.session]),
  ]
}

function openRunTalk(spec: Spec): Talk {
  let session = ''
  let last = ''
  let stopped = false
  let failure: TurnEnd | undefined

  const meaning = (said: Fields, now: number): AgentEvent[] => {
    const part = fieldsIn(said['part'])
    if (said['type'] === 'error') {
      failure = endOf(fieldsIn(said['error']), now)
      return [{ kind: 'alive' }]
    }
    if (said['type'] === 'text' && part['synthetic'] !== true) {
      last = textIn(part['text'])
      return last === '' ? [] : [{ kind: 'text', text: last }]
    }
    if (said['type'] === 'tool_use') {
      const ends = toolOf(part)
      return [
        { ...ends, phase: 'begins' },
        { ...ends, phase: 'ends' },
      ] // told when it is over
    }
    if (said['type'] !== 'step_finish') return [{ kind: 'alive' }]
    failure = undefined
    stopped = part['reason'] === 'stop'
    return [usageOf(part)]
  }

  return {
    open: () => [],
    read: (line, now) =>
      objectsIn(line).flatMap((said) => {
        const found = textIn(said['sessionID'])
        if (found === '') return []
        const isNew = found !== session
        session = found
        const opened: AgentEvent = { kind: 'session', session, model: spec.model, version: null }
        return [...(isNew ? [opened] : []), ...meaning(said, now)]
      }),
    say: () => undefined,
    ended({ exitCode, signal, errors }) {
      if (failure) return failure
      // 1 also where it went on after a compaction.
      if (stopped || exitCode === 0) return { reason: 'done', text: last, until: null }
      if (signal === 'SIGINT' || exitCode === 130) return { reason: 'interrupted', text: last, until: null }
      const how = endedBy({ code: null, text: errors.trim() }, 0)
      return how.reason === 'auth' ? how : undefined
    },
  }
}
