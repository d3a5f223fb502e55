import type { NewEvent } from '../domain/event.ts'
import { addUsage, noUsage, type Usage } from '../domain/task.ts'
import type { AgentEvent } from '../ports/driver.ts'
import { showsItWorks } from './accounts.ts'
import { noteAnswer } from './session/answered.ts'
import { overBudget } from './budget.ts'
import { everyHint } from './hints.ts'
import { accountOf } from './launch.ts'
import type { Talking } from './talking.ts'
import { noteSaid, noteTurnEnd } from './session/unanswered.ts'

type Deeds = {
  [K in AgentEvent['kind']]: (talking: Talking, event: Extract<AgentEvent, { kind: K }>) => Promise<void> | void
}

/** What each thing that an agent says makes drover do. Saying it twice, to a daemon that took over, does it once. */
const deeds: Deeds = {
  session: noteSession,
  text({ heard }, { text }) {
    heard.words = text
    return undefined
  },
  tool({ heard }, { phase, id }) {
    if (phase === 'begins') heard.busy.add(id)
    else heard.busy.delete(id)
  },
  alive: () => undefined,
  retrying: () => undefined,
  usage: noteUsage,
  limit({ heard, crew }, { reached, until, text }) {
    // What goes on by itself after all has no limit.
    heard.limit = reached ? (heard.limit ?? { until, text, at: crew.clock.ticks() }) : null
  },
  async heard(talking, { hint }) {
    begins(talking)
    await noteHint(talking, hint)
    await delivered(talking, [hint])
  },
  begins,
  async reply({ crew, folder }, { lines }) {
    await crew.system.say(folder, lines)
  },
  async turn(talking, { end }) {
    const { heard } = talking
    heard.turn = end
    heard.turns += 1
    heard.busy.clear()
    if (end.reason === 'done') await noteTurnEnd(talking)
  },
}

/** What seemed to be the end of its turn is followed by another: its model answers to that in its own time. */
function begins({ heard }: Talking): void {
  heard.turn = null
}

/** It has heard it, and may not have written it down. */
async function noteHint({ crew, work, folder, heard }: Talking, hint: string): Promise<void> {
  const found = (await everyHint(crew.reading, work.task)).find((one) => one.hint === hint)
  const at = { program: crew.system.earlier(folder), turns: heard.turns }
  if (found) await noteSaid(crew, work, { text: found.text, hints: [hint], ...at })
}

const answers: ReadonlySet<AgentEvent['kind']> = new Set(['text', 'tool', 'usage'])

export async function act(talking: Talking, event: AgentEvent): Promise<void> {
  const { heard } = talking
  if (answers.has(event.kind)) {
    if (event.kind !== 'usage' && !heard.answered) await itWorks(talking)
    // It works on: what seemed to be the end of its turn was followed by another.
    if (event.kind !== 'usage') heard.turn = null
    if (!heard.answered) await noteAnswer(talking)
  }
  await (deeds[event.kind] as (talking: Talking, event: AgentEvent) => Promise<void> | void)(talking, event)
}

const itWorks = ({ crew, chosen, durable, work }: Talking): Promise<void> =>
  showsItWorks(crew, { agent: chosen.agent, account: accountOf(chosen), key: `${durable.job}/${work.task}/works` })

/** A job's telling: it moves nothing, so it may come when a person has moved the task on. */
export async function tell(
  { crew, durable, work }: Talking,
  key: string,
  events: readonly NewEvent[],
): Promise<boolean> {
  const said = await crew.ledger.append(events, {
    kind: 'job',
    key: `${durable.job}/${work.task}/${key}`,
    task: work.owner,
    attempt: work.attempt,
    holder: durable.holder,
  })
  return said.outcome === 'appended'
}

async function noteSession(talking: Talking, event: Extract<AgentEvent, { kind: 'session' }>): Promise<void> {
  const { heard, chosen, work } = talking
  if (heard.session === event.session) return
  heard.session = event.session
  const { session, model, version } = event
  const data = { session, agent: chosen.agent, account: accountOf(chosen), model, version }
  await tell(talking, `session/${session}`, [{ type: 'agent.session', task: work.task, attempt: work.attempt, data }])
}

/** Counts what came to be: what the agent adds itself, and how much a session's own total has grown since it was last written down. */
async function noteUsage(talking: Talking, told: Extract<AgentEvent, { kind: 'usage' }>): Promise<void> {
  const { crew, work, heard, folder } = talking
  const key = `usage/${crew.system.earlier(folder)}/${++heard.usages}`
  const { session } = heard
  const before = session === null ? {} : await crew.reading.sessionTotal(session)
  const usage = grown({ ...told, before })
  const total = told.recorded ? addUsage({ ...noUsage, ...before }, usage) : { ...before, ...told.total }
  const data = { usage, session, total }
  await tell(talking, key, [{ type: 'agent.usage', task: work.task, attempt: work.attempt, data }])
  talking.overBudget ??= (await overBudget(crew, work)) ?? null
}

const parts = Object.keys(noUsage) as (keyof Usage)[]

interface Growth {
  added: Partial<Usage>
  total: Partial<Usage>
  recorded?: Partial<Usage>
  before: Partial<Usage>
}

/** A total that has shrunk belongs to a count that began anew; a record that is shorter than what was counted says nothing new. */
export function grown(about: Growth): Usage {
  const one = (part: keyof Usage): number => {
    const [total, before] = [about.total[part], about.before[part] ?? 0]
    const since = total === undefined ? 0 : total < before ? total : total - before
    return (about.added[part] ?? 0) + since + Math.max(0, (about.recorded?.[part] ?? 0) - before)
  }
  return Object.fromEntries(parts.map((part) => [part, one(part)])) as unknown as Usage
}

/** Those that still wait: one may have been told with the words that this program began with. */
export async function delivered(talking: Talking, hints: readonly string[]): Promise<void> {
  const { crew, work } = talking
  if (hints.length === 0) return
  const waiting = new Set((await crew.reading.pendingHints(work.task)).map(({ id }) => id))
  for (const hint of hints.filter((one) => waiting.has(one)))
    await tell(talking, `hint/${hint}`, [
      { type: 'task.hint_delivered', task: work.task, attempt: work.attempt, data: { hint, how: 'delivered' } },
    ])
}
