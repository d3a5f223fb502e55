import type { Project } from '../app/open-project.ts'
import { tooLateFor, type Task } from '../domain/task.ts'
import type { Finding } from '../domain/event.ts'
import type { Attempt, LandingRow, Question } from '../domain/rows.ts'
import type { Report, Verdict } from '../domain/verdict.ts'
import { findingWords } from '../flow/child.ts'
import { around } from './around.ts'
import { spentWords } from './cost-words.ts'
import { escaped, escapedLines } from './escape.ts'
import { glyphOf, statusWords, styleOf } from './glyph.ts'
import { type Around, attemptJson, landingJson, questionJson, taskJson } from './json.ts'
import type { Print } from './print.ts'
import { lasting, when } from './time.ts'
import { remedy } from './view.ts'
import { padded } from './width.ts'

interface Whole {
  task: Task
  beside: Around
  attempts: readonly Attempt[]
  landings: readonly LandingRow[]
  subtasks: readonly Task[]
  neededBy: readonly { id: string }[]
  hints: readonly { text: string }[]
  made: readonly Task[]
  questions: readonly Question[]
}

export async function wholeTask(project: Project, task: Task): Promise<Whole & { json: object }> {
  const { reading } = project
  const [beside, attempts, landings, children, neededBy, hints, questions] = await Promise.all([
    around(project, task),
    reading.attempts(task.id),
    reading.landings(task.id),
    reading.tasks({ parent: task.id }),
    reading.neededBy(task.id),
    reading.pendingHints(task.id),
    reading.questions({ task: task.id }),
  ])
  const subtasks = children.filter(({ kind }) => kind === 'subtask').toSorted(bySequence)
  const isLate = tooLateFor(task) !== undefined
  const made = children.filter(({ kind }) => kind !== 'subtask')
  const json = {
    task: taskJson(task, beside),
    attempts: attempts.map(attemptJson),
    landings: landings.map(landingJson),
    subtasks: subtasks.map(({ id, title, status, sequence }) => ({ id, title, status, sequence })),
    neededBy: neededBy.map(({ id }) => id),
    hints: isLate ? [] : hints.map(({ text }) => text),
    missedHints: isLate ? hints.map(({ text }) => text) : [],
    spawned: made.map(({ id, title, status, kind }) => ({ id, title, status, kind })),
    questions: questions.map(questionJson),
    research: researchJson(task, beside.findings),
  }
  return { task, beside, attempts, landings, subtasks, neededBy, hints, made, questions, json }
}

/** One task as a page for people. */
export function taskPage(whole: Whole, print: Print, now: number): string[] {
  const { task, hints } = whole
  const { paint, ascii } = print
  const rows = facts(whole, print, now).filter(([, value]) => value !== '')
  return [
    `${glyphOf(task, ascii)} ${task.id}: ${paint('bold', escaped(task.title))}`,
    ...rows.map(([name, value]) => `  ${padded(name, 11)} ${name === 'status' ? paint(styleOf(task), value) : value}`),
    ...block(
      'Description',
      escapedLines(task.description).filter((line, i) => i > 0 || line !== ''),
      print,
    ),
    ...block('Done when', [...task.acceptance, ...task.checks.map((check) => `$ ${check}`)].map(escaped), print),
    ...block('Evidence', evidence(task.verdict), print),
    ...block(
      'Sub-tasks',
      whole.subtasks.map((one) => `${glyphOf(one, ascii)} ${one.id}: ${escaped(one.title)}`),
      print,
    ),
    ...block(
      task.status === 'decomposed' ? 'Split into' : 'Made from it',
      whole.made.map((one) => `${glyphOf(one, ascii)} ${one.id}: ${escaped(one.title)} (${one.kind})`),
      print,
    ),
    ...block('Questions', whole.questions.flatMap(questionLines), print),
    ...block('Findings', whole.beside.findings.map(findingWords).flatMap(escapedLines), print),
    ...block(
      hintsTitle(task),
      hints.map(({ text }) => escaped(text)),
      print,
    ),
    ...block(
      'Attempts',
      whole.attempts.map((attempt) => attemptLine(attempt, print, now)),
      print,
    ),
    ...block(
      'Landings',
      whole.landings.map((landing) => landingLine(landing, print, now)),
      print,
    ),
  ]
}

/** What nobody told it while it could still hear, nobody will. */
function hintsTitle(task: Task): string {
  const why = tooLateFor(task)
  return why === undefined ? 'Hints that wait' : `Hints that were not delivered: ${why}`
}

function facts({ task, beside, neededBy }: Whole, { isTerminal }: Print, now: number): [string, string][] {
  const { verdict, usage } = { verdict: task.verdict, usage: beside.usageTotal }
  const waits = beside.needs.map(({ id, status }) => (status === 'completed' ? `${id} (done)` : `${id} (${status})`))
  const note =
    task.blockedNote || (task.status === 'failed' || task.status === 'cancelled' ? (task.lastError ?? '') : '')
  const stuck = ['blocked', 'paused', 'failed', 'cancelled'].includes(task.status)
  return [
    ['status', `${statusWords(task)}${note ? `: ${escaped(note)}` : ''}`],
    ['next', stuck ? remedy(task) : ''],
    [
      'type',
      `${task.type}, priority ${task.priority}, attempt ${task.attempt} (${task.attempts} of ${task.maxAttempts} count)`,
    ],
    ['epic', task.epicId ?? ''],
    ['parent', task.parentId === null ? '' : `${task.parentId}${origins[task.kind] ?? ''}`],
    ['labels', escaped(task.labels.join(', '))],
    ['needs', waits.join(', ')],
    ['needed by', neededBy.map(({ id }) => id).join(', ')],
    ['run', escaped(task.run ?? '')],
    ['agent', escaped(task.agent ?? '')],
    ['model', escaped(task.model ?? '')],
    ['scope', escaped(task.scope.join(', '))],
    ['may read', escaped(task.repos.join(', '))],
    ['claim', claimWords(verdict, beside.report)],
    ['verdict', verdict ? escaped(`${verdict.verdict} by ${verdict.by}: ${verdict.summary}`) : ''],
    ['last error', task.status === 'completed' || note === task.lastError ? '' : escaped(task.lastError ?? '')],
    ['landed', task.landedCommit ?? ''],
    ['worktree', beside.worktree ?? ''],
    ['cost', spentWords(usage)],
    ['created', `${when(task.createdAt, now, isTerminal)} by ${escaped(task.createdBy.replace(/^person:/, ''))}`],
    ['finished', task.finishedAt === null ? '' : when(task.finishedAt, now, isTerminal)],
  ]
}

const origins: Partial<Record<Task['kind'], string>> = { spawned: ' (spawned by it)', split: ' (split off it)' }
const bySequence = (a: Task, b: Task): number => (a.sequence ?? 0) - (b.sequence ?? 0)

function questionLines({ text, options, deadline, answer }: Question): string[] {
  const until = deadline === null || answer !== null ? '' : ` (until ${new Date(deadline).toISOString()})`
  return [
    `${escaped(text)}${until}`,
    ...(answer === null ? options.map((option, i) => `  ${i + 1}. ${escaped(option)}`) : [`  → ${escaped(answer)}`]),
  ]
}

/** What research came to, as one thing. */
const researchJson = ({ type, title }: Task, findings: readonly Finding[]) =>
  type !== 'research' && findings.length === 0
    ? null
    : {
        query: findings.find(({ query }) => query !== '')?.query ?? title,
        findings: findings.map(({ summary, relevance, sourceRef }) => ({ summary, relevance, sourceRef })),
        sources: [...new Set(findings.map(({ sourceRef }) => sourceRef).filter(Boolean))],
      }

const block = (title: string, lines: readonly string[], { paint }: Print): string[] =>
  lines.length > 0 ? ['', paint('bold', title), ...lines.map((line) => `  ${line}`)] : []

/** What the agent says, apart from what was found. */
function claimWords(verdict: Verdict | null, report: Report | null | undefined): string {
  const said = report ?? verdict?.claim
  if (!said) return ''
  const { testsPassed, testsFailed, filesChanged } = { ...noNumbers, ...report }
  const numbers = [
    testsPassed === null ? '' : `${testsPassed} tests passed`,
    testsFailed === null ? '' : `${testsFailed} failed`,
    filesChanged === null ? '' : `${filesChanged} files changed`,
  ].filter(Boolean)
  return escaped(`${said.verdict}: ${said.summary}${numbers.length > 0 ? ` (${numbers.join(', ')})` : ''}`)
}

const noNumbers = { testsPassed: null, testsFailed: null, filesChanged: null }

/** What drover saw for itself: each check with how it ended, the last lines of a red one, and what was changed. */
function evidence(verdict: Verdict | null): string[] {
  const checks = (verdict?.checks ?? []).flatMap(({ command, passed, exitCode, durationMs, tail }) => [
    `$ ${escaped(command)}: ${passed ? 'passed' : `ended with ${exitCode}`} in ${lasting(durationMs)}`,
    ...(passed || tail.trim() === ''
      ? []
      : escapedLines(tail.trimEnd())
          .slice(-10)
          .map((line) => `    ${line}`)),
  ])
  const { count = 0, files = [] } = verdict?.changed ?? {}
  const named = files.slice(0, 10).map(escaped).join(', ')
  const more = count > 10 ? ` and ${count - 10} more` : ''
  return count === 0 ? checks : [...checks, `${count} ${count === 1 ? 'file' : 'files'} changed: ${named}${more}`]
}

function attemptLine(attempt: Attempt, { isTerminal }: Print, now: number): string {
  const { claimedAt, finishedAt, outcome, error, usage } = attempt
  const took = finishedAt === null ? `for ${lasting(now - claimedAt)}` : `took ${lasting(finishedAt - claimedAt)}`
  const ended = outcome === null ? 'at work' : outcome.replace(/^task\./, '')
  return `${attempt.attempt}  ${ended} on ${attempt.machine}/${attempt.slot}, ${when(claimedAt, now, isTerminal)}, ${took}${spentWords(usage) && `, ${spentWords(usage)}`}${error ? `: ${escaped(error)}` : ''}`
}

export function landingLine(
  { attempt, n, outcome, reason, detail, commit, at }: LandingRow,
  { isTerminal }: Print,
  now: number,
): string {
  const words =
    outcome === 'refused'
      ? `refused (${reason})${detail ? `: ${escaped(detail)}` : ''}`
      : `${outcome}${commit ? ` ${commit.slice(0, 10)}` : ''}`
  return `${attempt}.${n}  ${words}, ${when(at, now, isTerminal)}`
}
