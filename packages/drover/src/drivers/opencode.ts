import { join } from 'node:path'
import type { Driver, Spec } from '../ports/driver.ts'
import { agentOf, configFor, mayAll, modelOf, rulesFor } from './opencode-config.ts'
import { opencodeRunDriver } from './opencode-run.ts'
import { openOpencodeTalk } from './opencode-talk.ts'
import type { Words } from './words.ts'

const openingFile = 'opencode.json'

/**
 * OpenCode by `opencode serve`, through drover's own bridge (app/opencode-bridge.ts, where its lines are described). The bridge lives as long as the
 * agent does, so a new daemon goes on with it.
 */
export function opencodeDriver(words: Words): Driver {
  const fallback = opencodeRunDriver(words)
  const [file, ...self] = words.self ?? []
  if (file === undefined) return fallback
  return {
    ...fallback,
    abilities: { ...fallback.abilities, hint: 'steer', interrupt: 'protocol', limits: 'time', recalls: true },
    fallback,
    spawn: (spec) => ({
      file,
      args: [...self, 'opencode-bridge', join(spec.folder, openingFile)],
      env: { OPENCODE_DISABLE_AUTOUPDATE: '1', ...words.env },
      stdin: 'fifo',
      files: { [openingFile]: JSON.stringify(openingFor(words, spec)) },
    }),
    talk: openOpencodeTalk,
  }
}

const openingFor = ({ path, args }: Words, spec: Spec) => ({
  command: [path, ...args],
  session: spec.session,
  prompt: spec.prompt,
  perhaps: spec.perhaps,
  model: modelOf(spec),
  agent: agentOf(spec),
  config: configFor(spec),
  rules: rulesFor(spec),
  answer: mayAll(spec) ? 'once' : 'reject',
})
