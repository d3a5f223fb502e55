import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDrivers } from '../../src/drivers/drivers.ts'
import type { Abilities } from '../../src/ports/driver.ts'
import { type AgentName, agentPrograms } from '../support/agent-cli.ts'
import { line } from '../support/scripted-model/log.ts'
import { type AgentWorld, makeAgentWorld, type Wanted } from './world.ts'

/** What has to be shown with every agent, and the abilities without which it cannot be. */
const kinds = {
  parallel: {},
  hint: {},
  pause: {},
  pauseInTool: {},
  daemonDies: {},
  agentDies: {},
  toldOnce: { recalls: true },
  transient: {},
  unauthorized: {},
  silent: {},
  limit: {},
  cost: {},
  budget: { cost: 'money' },
  child: { tools: true },
  question: { tools: true },
} satisfies Record<string, Partial<Abilities>>

type Kind = keyof typeof kinds

/** What is true with a real agent, as a sentence, and how it is seen. */
export interface Story {
  title: string
  shows?: Kind
  /** It is only true of an agent of which drover declares this. */
  able?: Partial<Abilities>
  wanted?: Wanted
  tell(world: AgentWorld): Promise<void>
}

/** Each story with this agent, in a world of its own; and what the agent cannot do, in words. */
export function tell(name: AgentName, stories: readonly Story[], cannot: Partial<Record<Kind, string>> = {}): void {
  test(`with ${name}, ${inWords(name, cannot)}`, () => complete(name, stories, cannot))
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

function inWords(name: AgentName, cannot: Partial<Record<Kind, string>>): string {
  const lacks = Object.entries(cannot).map(
    ([kind, why]) => `no ${kind}, because ${why} (${agentPrograms[name].version})`,
  )
  return ['every story is told, and shows what drover declares of it', ...lacks].join('; ')
}

/** Nothing is left out but what an ability that is declared to lack takes away. */
function complete(name: AgentName, stories: readonly Story[], cannot: Partial<Record<Kind, string>>): void {
  const { abilities } = openDrivers({}, ['drover']).driverFor(name)!
  const able = (wanted: Partial<Abilities>): boolean =>
    Object.entries(wanted).every(([ability, value]) => abilities[ability as keyof Abilities] === value)
  for (const [kind, wanted] of Object.entries(kinds)) {
    const isTold = stories.some(({ shows }) => shows === kind)
    assert.equal(isTold, able(wanted), `${kind} is ${isTold ? '' : 'not '}told`)
    assert.equal(Object.hasOwn(cannot, kind), !isTold, `${kind} in words`)
  }
  for (const story of stories) assert.ok(able(story.able ?? {}), `drover declares other abilities: ${story.title}`)
}
