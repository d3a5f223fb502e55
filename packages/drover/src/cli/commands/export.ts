import { existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Project } from '../../app/open-project.ts'
import { repositoryName } from '../../app/repository-name.ts'
import { DroverError } from '../../domain/error.ts'
import type { Snapshot } from '../../ports/workspace.ts'
import { command, type Context } from '../command.ts'
import { escaped } from '../escape.ts'
import { sessionText } from '../session-text.ts'

const formats = ['session', 'json']

export const exportSession = command({
  name: 'export [file]',
  summary: 'Write the whole session into a file',
  about:
    'Epics, tasks, needs, events, attempts, hints, completed commits, and unfinished work as packs of commits. drover import takes it over: ' +
    'into another clone, or into a ledger of another kind. "-" is stdout; without a name the file is called after the day. ' +
    'No password, environment or setting is in it; what agents were told and said of their work is.',
  options: {
    output: { type: 'string', short: 'o', arg: 'file', about: 'The same as the file' },
    format: { type: 'string', arg: 'word', about: 'session, or json: the same' },
    force: { type: 'boolean', about: 'Replace a file that is there' },
    'no-work': { type: 'boolean', about: 'Leave unfinished work out' },
  },
  examples: ['drover export', 'drover export handover.drover', 'drover export - --no-work | jq .tasks'],
  async run(context, { output, format = 'session', force = false, 'no-work': noWork = false }, [word]) {
    if (!formats.includes(format))
      throw new DroverError('bad-value', { name: 'the format', value: format, expected: formats.join(', ') })
    const project = await context.project()
    const named = output ?? word
    const standing = { repository: repositoryName(project.places), ...(await workOf(project, !noWork)) }
    if (named === '-') {
      for await (const piece of sessionText(project, standing)) context.terminal.stdout.write(piece)
      return
    }
    const file = placeOf(context, project, named, force)
    await write(file, sessionText(project, standing))
    const tasks = (await project.reading.tasks({})).length
    const unfinished = standing.snapshots.length
    context.print.done(
      { file, tasks, events: await project.reading.lastSeq(), unfinished },
      `Exported ${tasks} ${tasks === 1 ? 'task' : 'tasks'}${unfinished > 0 ? `, ${unfinished} with unfinished work,` : ''} into ${escaped(file)}`,
      `drover import ${escaped(named ?? file)} --dry-run`,
    )
  },
})

function placeOf(
  { terminal, globals }: Context,
  { clock }: Project,
  named: string | undefined,
  force: boolean,
): string {
  const at = (name: string): string => resolve(terminal.cwd, globals.directory ?? '.', name)
  const day = new Date(clock.now()).toISOString().slice(0, 10)
  if (named === undefined)
    for (let n = 1; ; n++) {
      const file = at(`session-${day}${n === 1 ? '' : `-${n}`}.drover`)
      if (!existsSync(file)) return file
    }
  if (!force && existsSync(at(named))) throw new DroverError('file-exists', { file: named })
  return at(named)
}

/** Whole or not at all. It tells what was said in confidence: nobody else may read it. */
async function write(file: string, pieces: AsyncIterable<string>): Promise<void> {
  const draft = `${file}.${process.pid}.new`
  try {
    const handle = await open(draft, 'wx', 0o600).catch((error: unknown) => {
      throw new DroverError('bad-file', { file, problem: 'it cannot be written' }, error)
    })
    try {
      for await (const piece of pieces) await handle.write(piece)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, file)
  } finally {
    await rm(draft, { force: true })
  }
}

/** What is begun and not on the target: as it was kept, or as it stands in a worktree at this moment. */
async function workOf(project: Project, isWanted: boolean): Promise<{ baseCommit: string; snapshots: Snapshot[] }> {
  const { openWorkspaceFor } = await import('../../app/open-workspace.ts')
  const workspace = await openWorkspaceFor(project)
  const baseCommit = await workspace.tip(project.target)
  const snapshots: Snapshot[] = []
  if (isWanted)
    for (const { id, attempt, status, kind } of await project.reading.tasks({})) {
      if (kind === 'subtask' || attempt === 0 || status === 'completed') continue
      const work = await workspace.snapshot(id, attempt, baseCommit)
      if (work) snapshots.push(work)
    }
  return { baseCommit, snapshots }
}
