import { test } from 'node:test'
import type { AgentName } from '../support/agent-cli.ts'
import { line } from '../support/scripted-model/log.ts'
import { type AgentWorld, makeAgentWorld, type Wanted } from './world.ts'

/** What is true with a real agent, as a sentence, and how it is seen. */
export interface Story {
  title: string
  wanted?: Wanted
  tell(world: AgentWorld): Promise<void>
}

/** Each story with this agent, in a world of its own. */
export function tell(name: AgentName, stories: readonly Story[]): void {
  for (const { title, wanted, tell: play } of stories)
    test(`with ${name}, ${title}`, async (t) => {
      const made = await makeAgentWorld(t, name, wanted)
      if (made === undefined) return
      const begun = performance.now()
      await play(made).catch((error: unknown) => {
        for (const entry of made.model.log()) t.diagnostic(line(entry))
        throw error
      })
      t.diagnostic(`${Math.round(performance.now() - begun)} ms`)
    })
}
