import { columns } from '../columns.ts'
import { command, type Context } from '../command.ts'
import { confirmed } from '../confirm.ts'
import { escaped } from '../escape.ts'

export const worktreeList = command({
  name: 'worktree list',
  summary: 'The worktrees and whose they are',
  options: {},
  examples: ['drover worktree list'],
  async run({ project, print }) {
    const { openWorkspaceFor } = await import('../../app/open-workspace.ts')
    const worktrees = await (await openWorkspaceFor(await project())).worktrees()
    const rows = worktrees.map(({ path, task, state, dirty }) => [
      task ?? '-',
      state,
      dirty ? 'changes' : 'clean',
      escaped(path),
    ])
    const shape = [{ head: 'TASK' }, { head: 'STATE' }, { head: 'FILES' }, { head: 'PATH' }]
    print.result({ worktrees }, () => columns(shape, rows, { width: Infinity, heads: print.isTerminal }))
    if (rows.length === 0 && !print.json) print.note('There are no worktrees.')
  },
})

const dry = { 'dry-run': { type: 'boolean', about: 'Only say what would go' } } as const

export const worktreePrune = command({
  name: 'worktree prune',
  summary: 'Remove worktrees nobody uses; their work is kept',
  about:
    'Uncommitted and unmerged work is in drover rescue list before anything goes. --all also removes those of tasks that rest.',
  options: { all: { type: 'boolean', short: 'a', about: 'Also those of tasks that are not at work' }, ...dry },
  examples: ['drover worktree prune', 'drover worktree prune -a --dry-run'],
  run: (context, values) => prune(context, values.all === true, values['dry-run'] === true),
})

export const worktreeCleanup = command({
  name: 'worktree cleanup',
  summary: 'Remove every worktree of tasks that rest',
  about: 'The same as drover worktree prune --all.',
  options: dry,
  examples: ['drover worktree cleanup --yes'],
  run: (context, values) => prune(context, true, values['dry-run'] === true),
})

async function prune(context: Context, all: boolean, dryRun: boolean): Promise<void> {
  const { print } = context
  if (
    all &&
    !dryRun &&
    !(await confirmed(context, 'Worktrees of all tasks that are not at work will be removed (their work is kept)'))
  )
    return
  const { makeWish } = await import('../../app/wishes.ts')
  const { removed, kept } = await makeWish(await context.project(), 'worktree.prune', { all, dryRun })
  print.done(
    { removed, kept, dryRun },
    `${dryRun ? 'Would remove' : 'Removed'} ${removed.length}${removed.length === 0 ? ': no orphaned worktree' : ''}`,
  )
  if (print.json) return
  print.lines(removed.map((path) => `  ${escaped(path)}`))
  for (const { path, why } of kept) print.note(`  kept ${escaped(path)}: ${escaped(why)}`)
}
