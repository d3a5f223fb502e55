import assert from 'node:assert/strict'
import type { Story } from '../tell.ts'
import type { AgentWorld } from '../world.ts'
import { stop } from './steering.ts'

const words = 'Use tabs, not spaces.'

/** How a hint comes to an agent that then says nothing, because its model thinks. */
interface Window {
  title: string
  program: string
  /** Until the model was asked with the hint, and thinks. */
  give(agents: AgentWorld): Promise<void>
}

const inFirstPrompt: Window = {
  title: 'in its first prompt',
  program: '[[wait go]] [[write d.txt it is written]] [[say Ready.]]',
  async give(agents) {
    await agents.reached('held', 0)
    await agents.remembers(words, words)
  },
}

const onResuming: Window = {
  title: 'when it was resumed',
  program: '[[bash echo one]] [[wait go]] [[write d.txt it is written]] [[say Ready.]]',
  async give(agents) {
    const { world } = agents
    await agents.reached('held', 1)
    await agents.remembers('echo one')
    await world.ok('pause', 'held')
    await world.until(
      'the attempt is over',
      async (reading) => (await reading.openAttempts()).length === 0 || undefined,
    )
    await world.ok('resume', 'held', '--hint', words)
    await heard(agents)
  },
}

const whileItWorks: Window = {
  title: 'while it worked',
  program: '[[bash echo one]] [[wait end]] [[bash echo two]] [[wait go]] [[write d.txt it is written]] [[say Ready.]]',
  give: hinted,
}

const behindItsTurn: Window = {
  title: 'behind its turn',
  program:
    '[[bash echo one]] [[wait end]] [[turn That is all.]] [[wait go]] [[write d.txt it is written]] [[say Ready.]]',
  give: hinted,
}

async function hinted(agents: AgentWorld): Promise<void> {
  await agents.reached('held', 1)
  await agents.remembers('echo one')
  await agents.world.ok('hint', 'held', words)
  agents.open('end')
  await agents.reached('held', 2)
}

/** It may have been asked for something else since. */
const heard = ({ model }: AgentWorld) =>
  model.until('the model hears it and thinks', (log) =>
    log.find(({ prompts, outcome }) => outcome === 'open' && prompts.join('\n').includes(words)),
  )

/** Who can be spoken to by another daemon lives on, unless it died as well. */
type Dies = 'daemon' | 'both'

function toldOnce({ title, program, give }: Window, dies: Dies, livesOn: boolean): Story {
  const who = dies === 'both' ? 'drover and the agent' : 'drover'
  return {
    shows: 'toldOnce',
    able: { adoptable: livesOn, recalls: true },
    title: `a hint that it was told ${title} is there once when ${who} died before the model answered`,
    async tell(agents) {
      const { world, model } = agents
      await agents.ask('held', program)
      if (title === inFirstPrompt.title) await world.ok('hint', 'held', words)
      const first = await world.daemon()
      await give(agents)
      await first.kill()
      const attempts = await attemptsOf(agents)
      if (dies === 'both') agents.killAgent('held', attempts)
      const asked = model.log().length
      const second = await world.daemon()
      if (dies === 'both' || !livesOn)
        await model.until('it is asked again', (log) => log.slice(asked).find(({ outcome }) => outcome === 'open'))
      agents.open('go')
      await world.untilStatus('held', 'completed')
      assert.equal(world.read('d.txt'), 'it is written\n')
      assert.ok((await attemptsOf(agents)) <= attempts + (dies === 'both' ? 1 : 0), 'it has cost an attempt')
      isToldOnce(agents)
      assert.equal((await world.all('task.hint_delivered', 'held')).length, 1)
      await stop(second)
    },
  }
}

const attemptsOf = async ({ world }: AgentWorld): Promise<number> => (await world.all('task.claimed', 'held')).length

function isToldOnce(agents: AgentWorld): void {
  const told = agents.asked('held').at(-1)!.prompts.join('\n')
  assert.equal(agents.sessions('held').length, 1, 'it is another session')
  assert.equal(told.split(words).length - 1, 1, `the model was told: ${told}`)
}

/** However it came to the agent, and whoever died then. */
const inAllWays = (windows: readonly Window[], livesOn: boolean): Story[] =>
  windows.flatMap((window) => [toldOnce(window, 'daemon', livesOn), toldOnce(window, 'both', livesOn)])

export const toldOnceThatLivesOn = inAllWays([inFirstPrompt, onResuming, whileItWorks], true)
export const toldOnceThatResumes = inAllWays([inFirstPrompt, onResuming, whileItWorks], false)
export const toldOnceBehindItsTurn = inAllWays([inFirstPrompt, onResuming, behindItsTurn], false)
