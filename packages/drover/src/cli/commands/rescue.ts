import { DroverError } from '../../domain/error.ts'
import type { Workspace } from '../../ports/workspace.ts'
import { columns } from '../columns.ts'
import { command, type Context } from '../command.ts'
import { escaped } from '../escape.ts'
import { when } from '../time.ts'

type Kept = Awaited<ReturnType<Workspace['rescues']>>

export const rescueList = command({
  name: 'rescue list [task]',
  summary: 'The work that is kept',
  about: 'Everything that attempts left behind, also what has landed since: an agent’s own commits are here.',
  options: {},
  examples: ['drover rescue list'],
  async run(context, _, [task]) {
    const kept = await rescues(context, task)
    await table(context, kept)
    if (kept.length === 0 && !context.print.json) context.print.note('Nothing is kept.')
  },
})

export const rescueShow = command({
  name: 'rescue show <task>',
  summary: 'What was kept of a task',
  about: '<task> or <task>/<n>.',
  options: {},
  examples: ['drover rescue show task-a1b2/1'],
  async run(context, _, [name = '']) {
    const [task = '', attempt] = name.split('/')
    const kept = (await rescues(context, task)).filter((one) => attempt === undefined || one.attempt === attempt)
    if (kept.length === 0) throw new DroverError('no-rescue', { name })
    await table(context, kept)
    if (!context.print.json)
      context.print.note('', `drover rescue restore ${kept.at(-1)!.task}/${kept.at(-1)!.attempt}`)
  },
})

export const rescueRestore = command({
  name: 'rescue restore <task>',
  summary: 'Make a branch of kept work',
  about: '<task> is its last attempt, <task>/<n> a certain one. Nothing is checked out and nothing overwritten.',
  options: {},
  examples: ['drover rescue restore task-a1b2/1'],
  async run(context, _, [word = '']) {
    const { project, print } = context
    const last = word.includes('/') ? undefined : (await rescues(context, word)).at(-1)
    const name = last ? `${last.task}/${last.attempt}` : word
    const { makeWish } = await import('../../app/wishes.ts')
    const branch = await makeWish(await project(), 'rescue.restore', { name })
    print.done({ name, branch }, `Restored ${escaped(name)} as ${escaped(branch)}`, `git log ${branch}`)
  },
})

async function rescues({ project }: Context, task: string | undefined): Promise<Kept> {
  const { openWorkspaceFor } = await import('../../app/open-workspace.ts')
  return (await openWorkspaceFor(await project())).rescues(task)
}

async function table({ project, print }: Context, kept: Kept): Promise<void> {
  const now = (await project()).clock.now()
  const rows = kept.map(({ task, attempt, commit, at, subject }) => [
    `${task}/${attempt}`,
    commit.slice(0, 10),
    when(at, now, print.isTerminal),
    escaped(subject),
  ])
  const answer = { rescues: kept.map((one) => ({ ...one, at: new Date(one.at).toISOString() })) }
  print.result(answer, () =>
    columns([{ head: 'KEPT' }, { head: 'COMMIT' }, { head: 'WHEN' }, { head: 'SUBJECT', shrinks: true }], rows, {
      width: print.width,
      heads: print.isTerminal,
    }),
  )
}
