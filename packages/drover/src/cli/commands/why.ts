import { lastRunIsSpent } from '../../flow/budget.ts'
import { resolveTask } from '../../flow/operations/resolve-task.ts'
import type { Project } from '../../app/open-project.ts'
import { remoteAway } from '../../app/remote-words.ts'
import { choose, handFor, type Hand, restOf } from '../../domain/hand.ts'
import type { Account } from '../../domain/rows.ts'
import { isAtWork, type Task } from '../../domain/task.ts'
import { command } from '../command.ts'
import { escaped } from '../escape.ts'
import { missingMachine } from '../missing-machine.ts'
import { reasons, type Reasons } from '../reasons.ts'
import { restWords } from '../rest.ts'

export const why = command({
  name: 'why <task>',
  summary: 'Why a task does not run, and what would change that',
  about: 'For a task that runs: what it is doing.',
  options: {},
  examples: ['drover why task-a1b2'],
  async run({ project, print }, _, [word = '']) {
    const opened = await project()
    const { reading, clock } = opened
    const task = await resolveTask(reading, word)
    const held =
      (await missingDrover(opened, task)) ??
      (await missingMachine(opened, task)) ??
      (await missingAgent(opened, task)) ??
      (await restingAccounts(opened, task)) ??
      (await missingRoom(opened, task)) ??
      (await missingMoney(opened, task))
    const { words, next } = alsoAway(opened, task, held ?? (await reasons(reading, task, clock.now())))
    const answer = { task: task.id, status: task.status, blockedReason: task.blockedReason, reasons: words, next }
    const arrow = print.ascii ? '->' : '→'
    print.result(answer, () => [...words.map(escaped), ...next.map((line) => `${arrow} ${line}`)])
  },
})

/** Work that cannot get where it must be waits for the remote, whatever else it does. */
function alsoAway(project: Project, task: Task, told: Reasons): Reasons {
  const away = isAtWork(task) || task.status === 'landing' ? remoteAway(project) : undefined
  return away === undefined ? told : { words: [...told.words, away], next: [...told.next, 'drover doctor'] }
}

/** What a newer drover has begun waits for one, when none is here. */
async function missingDrover(project: Project, task: Task): Promise<Reasons | undefined> {
  if (!isAtWork(task) && task.status !== 'landing') return undefined
  const { waitsForNewer } = await import('../../app/doctor-jobs.ts')
  const lacks = await waitsForNewer(project, task.id)
  return lacks === undefined
    ? undefined
    : {
        words: [`${task.id} was begun by a newer drover, and waits for ${lacks}`],
        next: ['npm install -g drover@latest'],
      }
}

/** A ready task whose agent is not on this machine starts never, whatever else is true. */
async function missingAgent(
  { config, places }: Project,
  task: Task,
): Promise<{ words: string[]; next: string[] } | undefined> {
  if (task.status !== 'ready' || task.run !== null) return undefined
  const { openAgents } = await import('../../app/open-agents.ts')
  const agent = task.agent ?? config.settings.agent
  if (openAgents(config, places).usable().includes(agent)) return undefined
  return { words: [`it is ready, but its agent "${agent}" cannot work here`], next: ['drover doctor'] }
}

/** Which account it waits for, until when, and what would change that. */
async function restingAccounts(
  { config, places, reading, clock }: Project,
  task: Task,
): Promise<{ words: string[]; next: string[] } | undefined> {
  if (task.status !== 'ready' || task.run !== null || task.kind === 'subtask') return undefined
  const { openAgents } = await import('../../app/open-agents.ts')
  const agents = openAgents(config, places)
  const choosing = { hands: agents.hands(), defaultAgent: config.settings.agent, now: clock.now() }
  const hand = handFor(task, choosing)
  const accounts = await reading.accountsNow(choosing.hands)
  if (!hand || choose(task, choosing, accounts)) return undefined
  return whyResting({ task, hand, resting: restOf(hand, choosing, accounts).resting, now: choosing.now }, agents.login)
}

function whyResting(
  { task, hand, resting, now }: { task: Task; hand: Hand; resting: readonly Account[]; now: number },
  login: (agent: string, account: string) => string | undefined,
): { words: string[]; next: string[] } {
  const told = resting.map((account) => `${restWords(account, now, true)}${account.text && `: ${account.text}`}`)
  const other = hand.fallback && [hand.fallback.agent, hand.fallback.model].filter(Boolean).join(':')
  const logins = resting
    .filter((account) => account.why === 'auth')
    .map(({ agent, name }) => login(agent, name) ?? 'drover doctor')
  return {
    words: [
      told.length === 0
        ? `${task.id} is ready, but ${hand.agent} is being tried again, and others are at work with it.`
        : `${task.id} is ready, but its agent ${hand.agent} rests:`,
      ...told.map((line) => `  ${line}`),
      ...(other && task.session !== null && !hand.anytime
        ? [`${other} does not stand in, because a session has begun work (fallback_anytime = false).`]
        : []),
      ...(told.length > 0 && logins.length < told.length ? ['It goes on by itself then.'] : []),
    ],
    next: [...new Set(logins), ...(told.length === 0 ? [] : ['drover resume --now   (does not wait)'])],
  }
}

/** Nothing new begins on a disk that is nearly full. */
async function missingRoom(project: Project, task: Task): Promise<{ words: string[]; next: string[] } | undefined> {
  if (task.status !== 'ready') return undefined
  const { shortOfRoom } = await import('../../app/ground.ts')
  const lacks = shortOfRoom(project)
  return lacks === undefined ? undefined : { words: [`${task.id} is ready, but ${lacks}`], next: [roomHint] }
}

/** Nothing new begins in a run that has cost what it may. */
async function missingMoney(
  { reading }: Project,
  task: Task,
): Promise<{ words: string[]; next: string[] } | undefined> {
  const spent = task.status === 'ready' ? await lastRunIsSpent(reading) : undefined
  return spent === undefined ? undefined : { words: [`${task.id} is ready, but ${spent}`], next: [moneyHint] }
}

const moneyHint = 'drover run --budget 20usd   (when this one has ended)'
const roomHint = 'drover worktree prune   (or free some room elsewhere; it goes on by itself)'
