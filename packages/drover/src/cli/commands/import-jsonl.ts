import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { DroverError } from '../../domain/error.ts'
import { type Import, importJsonl, type Imported } from '../../flow/operations/import-jsonl.ts'
import { changing } from '../changing.ts'
import { command, type Context } from '../command.ts'
import { openProgress } from '../progress.ts'
import { readAll } from '../terminal.ts'

export const importLines = command({
  name: 'import-jsonl <file>',
  summary: 'Take over epics, stories and tasks from JSON lines',
  about:
    'One JSON object a line; "-" is stdin. type is epic, story or task; a story is a task, a task with story_id its sub-task. Also: id, title, description, ' +
    'priority, epic_id, blocked_by, labels, run, checks, scope, agent, model, acceptance_criteria, max_attempts, task_type, story_points, estimated_hours.\n' +
    'All or nothing. What is here already is brought up to date.',
  options: {
    'dry-run': { type: 'boolean', about: 'Only check, and say what would be done' },
    'skip-validation': { type: 'boolean', about: 'Accepted; wrong lines are refused all the same' },
  },
  examples: ['drover import-jsonl tasks.jsonl', 'drover import-jsonl tasks.jsonl --dry-run'],
  run: async (context, values, [file = '']) =>
    importLinesFrom(context, { file, text: await readText(context, file), dryRun: values['dry-run'] === true }),
})

export async function importLinesFrom(
  context: Context,
  { file, text, dryRun }: { file: string; text: string; dryRun: boolean },
): Promise<void> {
  const imported = await watched(context, text, (hear) =>
    changing(context, (project) => {
      const { default_labels: labels, max_attempts: maxAttempts } = project.config.settings
      return importJsonl(project, { text, defaults: { labels, maxAttempts }, dryRun, hear }, project.person())
    }),
  )
  for (const warning of imported.warnings) context.print.warn(warning)
  context.print.done(
    { ...imported, dryRun },
    `${dryRun ? 'Would import' : 'Imported'} ${words(imported)}`,
    dryRun ? `drover import-jsonl ${file}` : 'drover run',
  )
}

/** Ten thousand lines take less than a second. */
const much = 2_000_000

/** Nobody waits for more than a second without seeing that it goes on. */
async function watched<T>(
  { terminal, print }: Context,
  text: string,
  work: (hear: NonNullable<Import['hear']>) => Promise<T>,
): Promise<T> {
  if (text.length <= much) return work(() => undefined)
  const progress = openProgress(terminal.stderr, print)
  progress.tell('read', 0, 1)
  try {
    return await work((written, all) => progress.tell('written', written, all))
  } finally {
    progress.close()
  }
}

export async function readText({ terminal, globals }: Context, file: string): Promise<string> {
  if (file === '-') return readAll(terminal.stdin)
  try {
    return readFileSync(resolve(terminal.cwd, globals.directory ?? '.', file), 'utf8')
  } catch (error) {
    throw new DroverError(
      'bad-file',
      { file, problem: error instanceof Error ? error.message.replace(/,.*/, '') : 'cannot be read' },
      error,
    )
  }
}

function words({ epics, tasks, updated, unchanged }: Imported): string {
  const changed =
    updated.length + unchanged > 0 ? `; ${updated.length} brought up to date, ${unchanged} as they were` : ''
  return `${epics.length} ${epics.length === 1 ? 'epic' : 'epics'} and ${tasks.length} ${tasks.length === 1 ? 'task' : 'tasks'}${changed}`
}
