import { DroverError } from '../../domain/error.ts'
import type { Project } from '../../app/open-project.ts'
import type { Session } from '../../flow/handoff/document.ts'
import { readSession } from '../../flow/handoff/read.ts'
import { commandsIn, takeOver, type TakenOver } from '../../flow/handoff/take-over.ts'
import { changing } from '../changing.ts'
import { command, type Context } from '../command.ts'
import { confirmed } from '../confirm.ts'
import { escaped } from '../escape.ts'
import { importLinesFrom, readText } from './import-jsonl.ts'
import { startRun } from './run.ts'

const kinds = ['auto', 'session', 'jsonl']

export const importFile = command({
  name: 'import <file>',
  summary: 'Take over tasks from a file: a session, or JSON lines',
  about:
    'What a file is, its content says. All or nothing; what is here already is not doubled. A session comes with its history, and its unfinished ' +
    'work is kept as if it had been done here; what was at work is ready. Nothing of it is executed by importing it: commands of its tasks are shown, and need a yes.',
  options: {
    from: { type: 'string', arg: 'word', about: 'auto, session or jsonl' },
    continue: { type: 'boolean', about: 'Go on at once, in the sessions that agents had' },
    'dry-run': { type: 'boolean', about: 'Only check, and say what would be done' },
  },
  examples: ['drover import session-2026-01-13.drover --continue', 'drover import tasks.jsonl --dry-run'],
  async run(context, { from = 'auto', continue: goesOn = false, 'dry-run': dryRun = false }, [file = '']) {
    if (!kinds.includes(from))
      throw new DroverError('bad-value', { name: '--from', value: from, expected: kinds.join(', ') })
    const text = await readText(context, file)
    const isSession = from === 'session' || (from === 'auto' && looksLikeSession(text))
    if (!isSession) await importLinesFrom(context, { file, text, dryRun })
    else if (!(await importSession(context, { file, text, dryRun, goesOn }))) return 0
    return goesOn && !dryRun ? startRun(context, {}) : 0
  },
})

/** One object, not one a line. */
const looksLikeSession = (text: string): boolean =>
  /^\uFEFF?\s*\{/.test(text) &&
  !isObject(text.slice(0, text.indexOf('\n') + 1 || undefined).trim(), 'type') &&
  isObject(text, 'tasks')

function isObject(text: string, key: string): boolean {
  try {
    return key in (JSON.parse(text.replace(/^\uFEFF/, '')) as object)
  } catch {
    return false
  }
}

interface Wanted {
  file: string
  text: string
  dryRun: boolean
  goesOn: boolean
}

/** False when nothing was taken over. */
async function importSession(context: Context, { file, text, dryRun, goesOn }: Wanted): Promise<boolean> {
  const session = readSession(text, file)
  for (const warning of session.warnings) context.print.warn(escaped(warning))
  const project = await context.project()
  await checkBase(project, session)
  const by = project.person()
  if (by.kind !== 'person') return false
  const wanted = { by, keepsSessions: goesOn }
  const would = await takeOver(project, session, { ...wanted, how: 'rehearsed' })
  const unfinished = session.snapshots.length
  if (dryRun)
    context.print.done(
      { ...would, unfinished, dryRun },
      inWords(would, session, 'Would take over'),
      `drover import ${file}`,
    )
  if (dryRun || !(await agreed(context, session))) return false
  await takeWork(project, session)
  const taken = await changing(context, () => takeOver(project, session, wanted))
  context.print.done({ ...taken, unfinished, dryRun }, inWords(taken, session, 'Took over'), 'drover status')
  return true
}

/** Who runs agents on this agrees to the commands that come with it. */
async function agreed(context: Context, session: Session): Promise<boolean> {
  const commands = commandsIn(session)
  if (commands.length === 0) return true
  for (const { task, command: words } of commands.slice(0, shown)) context.print.note(`  ${task}  ${escaped(words)}`)
  if (commands.length > shown) context.print.note(`  … and ${commands.length - shown} more`)
  return confirmed(context, `A session that brings commands (${commands.length}, as shown)`)
}

const shown = 30

async function checkBase(project: Project, { snapshots, baseCommit, repository }: Session): Promise<void> {
  if (snapshots.length === 0 || baseCommit === null) return
  const { openWorkspaceFor } = await import('../../app/open-workspace.ts')
  if (!(await (await openWorkspaceFor(project)).has(baseCommit)))
    throw new DroverError('no-base', { commit: baseCommit, repository })
}

/** Before the ledger speaks of it: a crash between the two leaves a rescue ref too many, and loses nothing. */
async function takeWork(project: Project, { snapshots }: Session): Promise<void> {
  if (snapshots.length === 0) return
  const [{ openWorkspaceFor }, { makeWish }] = await Promise.all([
    import('../../app/open-workspace.ts'),
    import('../../app/wishes.ts'),
  ])
  const workspace = await openWorkspaceFor(project)
  for (const snapshot of snapshots) {
    await workspace.unpack(snapshot)
    const { task, attempt, commit } = snapshot
    await makeWish(project, 'rescue.adopt', { task, attempt, commit })
  }
}

function inWords({ tasks, epics, events, known }: TakenOver, { snapshots }: Session, verb: string): string {
  const what = `${tasks.length} ${tasks.length === 1 ? 'task' : 'tasks'} and ${epics.length} ${epics.length === 1 ? 'epic' : 'epics'}`
  const work = snapshots.length > 0 ? `, unfinished work of ${snapshots.length}` : ''
  return events === 0
    ? 'All of it was here already'
    : `${verb} ${what}${work}${known > 0 ? `; ${known} events were here already` : ''}`
}
