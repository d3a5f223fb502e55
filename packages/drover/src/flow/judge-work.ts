import type { Check, Report, Verdict } from '../domain/verdict.ts'
import { passed, verdictOf } from '../domain/verdict.ts'
import type { Crew } from './crew.ts'
import { passedParts } from './parts.ts'
import { readReportFile } from './report-file.ts'
import { markOf, type Keeping, type Ran, type Work } from './work.ts'

const tailBytes = 16 * 1024
const mostFiles = 100

/** What there is to judge by. */
interface Judging {
  work: Work
  ran: Ran
  kept: Keeping
}

/** What the agent says, what it left and what the checks show, in one verdict. Its processes are gone, its work is kept. */
export async function judgeWork(crew: Crew, { work, ran, kept }: Judging, signal: AbortSignal): Promise<Verdict> {
  const task = (await crew.reading.task(work.task))!
  const found = await worktreeOf(crew, work, kept)
  if ('problem' in found) return verdictOf('fail', 'drover', found.problem)
  const worktree = found.path
  const folder = crew.here.folderOf(work.task, work.attempt)
  const report = await lastReport(crew, work)
  const changed = { count: kept.files.length, files: kept.files.slice(0, mostFiles) }
  // A protocol's lines tell a person nothing.
  const outputTail = ran.said ?? (await crew.system.tail(folder, tailBytes))
  const evidence = {
    task,
    attempt: work.attempt,
    worktree,
    base: kept.base,
    changed: kept.files,
    claims: kept.claims,
    report,
    exitCode: ran.exitCode,
    signal: ran.signal,
    outputTail,
    said: ran.said ?? null,
  }
  const said =
    (await crew.judgeFor(task.judge).judge(evidence, signal)) ??
    verdictOf('unknown', 'nobody', 'no judge could tell how it went')
  const verdict = { ...said, changed }
  if (!passed(verdict)) return verdict
  const written = task.type === 'research' ? await writtenBy(crew, work, kept) : []
  if (written.length > 0) return overruled(verdict, wrote(written))
  if (kept.problem !== null) return overruled(verdict, kept.problem)
  if (kept.leftovers && !crew.settings['land.auto_commit']) return overruled(verdict, uncommitted)
  if (!task.verify || task.checks.length === 0) return verdict
  const checking = { checks: task.checks, worktree, base: kept.base }
  const checks = await check(crew, work, checking, signal)
  const red = checks.find((one) => !one.passed)
  return red ? { ...overruled(verdict, contradiction(verdict, report, red)), checks } : { ...verdict, checks }
}

/** Claim and evidence stay apart: what was said is kept beside what is so. */
const overruled = (verdict: Verdict, summary: string): Verdict => ({
  ...verdict,
  verdict: 'fail',
  summary,
  claim: { verdict: verdict.verdict, summary: verdict.summary },
})

/** Names both: what was claimed, with its numbers, and the check that shows otherwise. */
function contradiction({ verdict, summary }: Verdict, report: Report | null, red: Check): string {
  const tests = [
    ...(report?.testsPassed == null ? [] : [`${report.testsPassed} tests passed`]),
    ...(report?.testsFailed == null ? [] : [`${report.testsFailed} failed`]),
  ].join(', ')
  const words = summary === '' ? '' : ` ("${summary}")`
  const numbers = tests === '' ? '' : `, with ${tests}`
  return `it said ${verdict}${words}${numbers}, but the check \`${red.command}\` ended with ${red.exitCode}`
}

/** Where it was worked; or what was kept, when the agent removed all of it. */
const worktreeOf = async ({ workspace }: Crew, { owner, attempt }: Work, { base, commit }: Keeping) =>
  (await workspace.find(owner)) ?? (await workspace.at({ task: owner, attempt, base, fresh: false, from: commit }))

/**
 * What research changed. As a sub-task it comes behind those that passed: what stands on top of their work is its own, also from
 * an earlier try. Only when its parent has worked before it can nobody tell whose a change is.
 */
async function writtenBy(crew: Crew, work: Work, kept: Keeping): Promise<string[]> {
  const { owner, task, attempt } = work
  if (task === owner) return kept.files
  for (let n = 1; n <= attempt; n++)
    if ((await crew.system.look(crew.here.folderOf(owner, n), markOf(crew, { owner, attempt: n }))).state !== 'absent')
      return []
  const before = (await passedParts(crew.reading, owner)).findLast(({ commit }) => commit !== null)?.commit ?? kept.base
  return kept.commit === null ? [] : filesIn(await crew.workspace.patch(before, kept.commit))
}

/** Of each file that a patch changes, the name that it has now. */
const filesIn = (patch: string): string[] =>
  [...patch.matchAll(/^diff --git a\/.* b\/(.*)$/gm)].map(([, name]) => name!)

const wrote = (files: readonly string[]): string =>
  `research changes nothing, but it left ${files.slice(0, 10).join(', ')}${files.length > 10 ? ` and ${files.length - 10} more` : ''}: the answer belongs into findings and the report`

const uncommitted = 'it passed with uncommitted files, and land.auto_commit is off: commit what should land'

interface Checking {
  checks: readonly string[]
  worktree: string
  base: string
}

/** The checks are run by drover on the attempt's commit, whose files stand in the worktree. */
async function check(
  crew: Crew,
  work: Work,
  { checks, worktree, base }: Checking,
  signal: AbortSignal,
): Promise<Check[]> {
  const { here, system, settings } = crew
  const env = here.envOf({
    task: work.task,
    parent: work.owner,
    attempt: work.attempt,
    worktree,
    base,
    slot: work.slot,
    extra: {},
  })
  const done: Check[] = []
  for (const [i, command] of checks.entries()) {
    const logFile = `${here.folderOf(work.task, work.attempt)}/check-${i + 1}.log`
    const ran = await system.run(
      { command, cwd: worktree, env, timeoutMs: settings.task_timeout, logFile, mark: markOf(crew, work) },
      signal,
    )
    done.push({
      command,
      passed: ran.exitCode === 0,
      exitCode: ran.exitCode ?? -1,
      durationMs: Math.round(ran.durationMs),
      tail: ran.tail,
    })
  }
  return done
}

/** The newest report of this attempt: through the daemon, or left in a file while no daemon answered. */
export async function lastReport(crew: Crew, work: Work): Promise<Report | null> {
  const said = await crew.reading.events(0, { task: work.task, types: ['task.reported'] }, 500)
  const ofThisAttempt = said.filter((event) => event.attempt === work.attempt).at(-1)
  if (ofThisAttempt?.type === 'task.reported') return ofThisAttempt.data.report
  const file = `${crew.here.folderOf(work.task, work.attempt)}/report.json`
  const report = readReportFile(await crew.system.readFile(file), (token) =>
    crew.here.isTokenOf(token, work.task, work.attempt),
  )
  if (report) await tellReport(crew, work, report)
  return report
}

/** What was claimed while no daemon answered belongs into the ledger too. */
async function tellReport({ ledger }: Crew, { task, attempt }: Work, report: Report): Promise<void> {
  const speaker = { kind: 'agent', task, attempt, request: 'report file' } as const
  await ledger.append([{ type: 'task.reported', task, attempt, data: { report } }], speaker)
}
