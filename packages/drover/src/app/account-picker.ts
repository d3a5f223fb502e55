import { accountNameIn } from '../domain/account.ts'
import type { Hand } from '../domain/hand.ts'
import type { Surroundings } from '../flow/crew.ts'
import type { Clock } from '../ports/clock.ts'
import type { System } from '../ports/system.ts'
import { agentEnv } from './agent-env.ts'
import { environment, type Config } from './load-config.ts'
import type { Places } from './places.ts'

interface Means {
  /** The `account_command` of an agent, or nothing. */
  commandFor(agent: string): string
  config: Config
  system: Pick<System, 'run'>
  here: Pick<Surroundings, 'project' | 'log'>
  clock: Clock
  places: Places
}

const timeoutMs = 5_000
const askAgainMs = 5_000

/**
 * The hands, each with the account that its `account_command` names now. The command is asked now and then, in the
 * background but for the first time, so that a slow one holds nobody up.
 */
export function openPicker(hands: readonly Hand[], means: Means): () => Promise<readonly Hand[]> {
  const known = hands.map((hand) => {
    const command = means.commandFor(hand.agent)
    return command !== '' && hand.accounts.length > 1 ? asker(hand, command, means) : async () => hand
  })
  return () => Promise.all(known.map((look) => look()))
}

function asker(hand: Hand, command: string, means: Means): () => Promise<Hand> {
  let told: Hand = hand
  let asked: { at: number; answer: Promise<void> } | undefined
  return async () => {
    const isFirst = asked === undefined
    if (!asked || means.clock.ticks() - asked.at >= askAgainMs + timeoutMs) {
      const answer = ask(hand, command, means).then((picked) => void (told = { ...hand, picked }))
      asked = { at: means.clock.ticks(), answer }
    }
    if (isFirst) await asked.answer
    return told
  }
}

/** The last word it prints; nothing where that is no account of this agent. */
async function ask({ agent, accounts }: Hand, command: string, means: Means): Promise<string | null> {
  const { config, system, here, places } = means
  const ended = await system
    .run(
      {
        command,
        cwd: places.root,
        env: agentEnv(environment, config.settings.env_pass, { DROVER_AGENT: agent }),
        timeoutMs,
        logFile: null,
        mark: `${here.project}:account-of-${agent}`,
      },
      new AbortController().signal,
    )
    .catch((error: unknown) => ({ exitCode: null, timedOut: false, tail: String(error) }))
  const word = ended.tail.trimEnd().split('\n').at(-1)?.trim() ?? ''
  const picked = accounts.find((id) => id === word || accountNameIn(id) === word)
  if (ended.exitCode === 0 && picked !== undefined) return picked
  const problem = ended.timedOut ? 'it took too long' : `it says "${word}" (exit code ${ended.exitCode})`
  here.log('warn', `account_command of ${agent} names no account that can be used: ${problem}`)
  return null
}
