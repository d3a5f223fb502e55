import { shortOfRoom } from '../app/ground.ts'
import type { Project } from '../app/open-project.ts'
import { remoteWords } from '../app/remote-words.ts'
import { etaSeconds, progress, type Standing } from '../domain/summary.ts'
import { lastRunIsSpent, spentInRun } from '../flow/budget.ts'
import { personReasons, waitsForPerson, type Task, type Usage } from '../domain/task.ts'
import type { Account, Attempt, Machine } from '../domain/rows.ts'
import { usageJson } from './cost-words.ts'
import { machineJson, workerJson } from './json.ts'
import { accountJson, notable } from './rest.ts'

/** How far everything is, at one moment. */
export interface Moment {
  now: number
  standing: Standing
  etaSeconds: number | null
  workers: readonly { attempt: Attempt; task: Task | undefined }[]
  machines: readonly Machine[]
  landing: readonly Task[]
  waiting: readonly Task[]
  /** Why nothing new may begin on this machine now. */
  lacks?: string | undefined
  /** What is to be known of the remote that work travels by. */
  remote?: readonly string[]
  /** What the last run has used, and what it may cost; 0: as much as it takes. */
  spent?: { usage: Usage; limitUsd: number; isOver: boolean } | undefined
  /** Accounts that rest, or are being tried again. */
  accounts: readonly Account[]
}

export async function look(
  project: Pick<Project, 'reading' | 'clock' | 'config' | 'places' | 'ledgerAt'>,
  epic?: string,
): Promise<Moment> {
  const { reading, clock, config } = project
  const within = epic === undefined ? {} : { epic }
  const [standing, open, durations, landing, waiting, spent, isSpent, accounts, machines] = await Promise.all([
    reading.standing(epic),
    reading.openAttempts(),
    reading.durations(20),
    reading.tasks({ statuses: ['landing'], ...within }),
    reading.tasks({ statuses: ['blocked', 'paused', 'failed'], reasons: personReasons, ...within }),
    spending(reading),
    lastRunIsSpent(reading),
    reading.accounts(),
    reading.machines(),
  ])
  const tasks = await Promise.all(open.map(({ task }) => reading.task(task)))
  return {
    now: clock.now(),
    lacks: shortOfRoom(project) ?? isSpent,
    remote: remoteWords(project),
    spent,
    accounts: notable(accounts),
    machines,
    standing,
    etaSeconds: etaSeconds(standing, durations, Math.max(open.length, config.settings.workers)),
    workers: open.map((attempt, i) => ({ attempt, task: tasks[i] })),
    landing: landing.filter(({ kind }) => kind !== 'subtask'),
    waiting: waiting.filter((task) => task.kind !== 'subtask' && (task.status === 'failed' || waitsForPerson(task))),
  }
}

async function spending(reading: Project['reading']): Promise<Moment['spent']> {
  const run = await reading.lastRun()
  return run && { usage: await spentInRun(reading), limitUsd: run.budgetUsd, isOver: run.isOver }
}

export const momentJson = ({
  now,
  standing,
  etaSeconds: eta,
  workers,
  lacks,
  remote = [],
  spent,
  accounts,
  machines,
}: Moment) => ({
  counts: standing.counts,
  blockedFor: standing.blockedFor,
  total: standing.total,
  progress: progress(standing),
  etaSeconds: eta,
  ...(lacks === undefined ? {} : { lacks }),
  ...(remote.length === 0 ? {} : { remote }),
  spent: spent === undefined ? null : { ...usageJson(spent.usage), limitUsd: spent.limitUsd || null },
  accounts: accounts.map((account) => accountJson(account, now)),
  machines: machines.map((machine) => machineJson(machine, workers)),
  workers: workers.map(({ attempt, task }) =>
    workerJson(attempt, task?.attempt === attempt.attempt ? task.status : undefined),
  ),
})
