import assert from 'node:assert/strict'
import type { Task } from '../src/domain/task.ts'
import { pictureOf } from '../test/support/invariants.ts'
import { configurationOf } from './checks-files.ts'
import type { Plan } from './life.ts'
import type { Planned } from './tasks.ts'
import type { ChaosWorld } from './world.ts'

/** What a campaign knows without asking drover: what was acknowledged, what the user did, how things were at the start. */
export interface Diary {
  /** Ids of tasks whose making was acknowledged. */
  readonly created: Set<string>
  /** What the user committed to the target. */
  readonly commits: string[]
  /** Files of the user's that git refused to commit, and that they have not taken back yet. */
  readonly refused: Set<string>
  /** All that somebody wanted to be done, whether it was acknowledged or not. */
  readonly planned: Planned[]
  /** What was imported, or tried to. */
  readonly files: { file: string; epic: string; tasks: string[] }[]
  /** How many epics were made by hand. */
  epics: number
  /** Kept work of which a branch was to be made, and its commit. */
  readonly restoring: Map<string, string>
  readonly configuration: string
  assertCheckout(): void
  assertWork(tasks: readonly Task[]): void
}

export function openDiary(world: ChaosWorld, plan: Plan): Diary {
  const before = plan.user === 'elsewhere' ? leave(world) : undefined
  if (plan.user === 'editing') world.write({ 'README.md': '# Mine, not committed\n', 'mine.txt': 'not known to git\n' })
  const edited = plan.user === 'editing' ? ' M README.md\n?? mine.txt' : ''
  return {
    created: new Set(),
    commits: [],
    refused: new Set(),
    planned: [...plan.tasks],
    files: [],
    epics: 0,
    restoring: new Map(),
    configuration: configurationOf(world),
    assertCheckout() {
      if (before !== undefined) return assert.equal(pictureOf(world), before)
      assert.equal(world.git('status', '--porcelain').trimEnd(), edited.trimEnd(), 'what the checkout differs in')
      if (plan.user === 'editing') assert.equal(world.read('README.md'), '# Mine, not committed\n')
    },
    assertWork(tasks) {
      const idle = new Set(this.planned.filter(({ kind }) => kind === 'idle').map(({ id }) => id))
      const files = new Set(world.git('ls-tree', '-r', '--name-only', 'main').split('\n'))
      if (!files.has('shared.txt'))
        assert.fail(
          `shared.txt went with ${world.git('log', '--diff-filter=D', '--format=%h %an: %B', '--stat', 'main', '--', 'shared.txt')}`,
        )
      const shared = world.git('show', 'main:shared.txt').split('\n').slice(1)
      for (const { id, status } of tasks)
        if (status === 'completed' && !idle.has(id))
          assert.ok(files.has(`work/${id}`), `${id} is completed without its work`)
      assert.equal(new Set(shared).size, shared.length, `a line of shared.txt is there twice: ${shared.join(' ')}`)
      for (const { id, kind } of this.planned)
        if (kind === 'shared' && tasks.some((one) => one.id === id && one.status === 'completed'))
          assert.ok(shared.includes(id), `the line of ${id} is gone from shared.txt`)
    },
  }
}

/** A checkout with all that a person may leave in it: edits, staged and not, new files, a removed one. */
function leave(world: ChaosWorld): string {
  world.git('checkout', '-q', '-b', 'mine')
  world.write({ 'README.md': '# Mine\n', 'staged.txt': 'two\n', 'work/t00': 'mine\n', 'new.txt': 'mine\n' })
  world.git('add', 'staged.txt')
  world.git('rm', '-q', 'gone.txt')
  world.write({ 'staged.txt': 'three\n' })
  return pictureOf(world)
}
