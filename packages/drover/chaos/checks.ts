import assert from 'node:assert/strict'
import {
  assertAlwaysGreen,
  assertAttempts,
  assertFold,
  assertNeedsHeld,
  assertWorktrees,
} from '../test/support/invariants.ts'
import { assertBeats, assertTalked } from './checks-agents.ts'
import { assertFound, assertHinted, assertMade, assertQuestions, assertUsage } from './checks-tools.ts'
import {
  assertNoCanary,
  assertRestored,
  assertSmall,
  assertUsersCommits,
  assertWhole,
  configurationOf,
  isGreen,
} from './checks-files.ts'
import { assertAcknowledged, assertImports, assertJobs, assertLastEvents } from './checks-ledger.ts'
import { assertLanded } from './checks-landed.ts'
import type { Diary } from './diary.ts'
import { takeBack } from './user-git.ts'
import { holds } from './violation.ts'
import type { ChaosWorld } from './world.ts'

/** What must be true at every moment, so also of what a death leaves. Cheap. */
export async function checkRemains(world: ChaosWorld, diary: Diary): Promise<void> {
  await holds('I1 no task is lost', () => assertAcknowledged(world, diary))
  await holds('an import is whole, or not at all', () => assertImports(world, diary))
  await holds('I5 who works has one living job', () => assertJobs(world))
  await holds('I11 a task is as its last event left it', () => assertLastEvents(world))
  await holds('agents are never two at once', () => assert.deepEqual(world.marked('twice'), []))
  await holds('I4 a base holds what its task needs', () => assert.deepEqual(world.marked('missing'), []))
  await holds('I3 the target is green', () =>
    assert.ok(isGreen(world)('main'), 'the gate would refuse what is on main'),
  )
  await holds('nothing breaks but by a git that was ended', () => assertUnbroken(world))
}

/** A git that is ended, or finds a lock of one, breaks a job, which is begun again. Nothing else may. */
function assertUnbroken(world: ChaosWorld): void {
  const broken = world
    .log()
    .split('\n')
    .filter((line) => line.includes('broke and is begun again'))
  assert.deepEqual(
    broken.filter((line) => !/DroverError: git |the shell that starts programs/.test(line)),
    [],
  )
}

/** What must be true when drover has ended by itself. */
export async function checkRest(world: ChaosWorld, diary: Diary): Promise<void> {
  await checkRemains(world, diary)
  const tasks = await (await world.ledger()).reading.tasks({})
  await holds('I2 work lands once', () => assertLanded(world, tasks))
  await holds('I5 nobody works when drover rests', () => {
    const atWork = tasks.filter(
      ({ status, kind }) => kind !== 'subtask' && /^(?:claimed|in_progress|landing)$/.test(status),
    )
    assert.deepEqual(
      atWork.map(({ id, status }) => `${id} ${status}`),
      [],
    )
  })
  await holds('I8 no process is left', async () => assert.deepEqual(await world.processes(), []))
  await holds('I9 no lock is left', () => assert.deepEqual(world.locks(), []))
  await holds("the user's commits stay on the target", () => assertUsersCommits(world, diary))
  await holds('an agent that is talked to does each step of its session once', () => assertTalked(world))
  await holds('what was restored is what was kept', () => assertRestored(world, diary))
  takeBack(world, diary)
  await holds("I13 the user's checkout is theirs, and follows the target", () => diary.assertCheckout())
  const failures = (await world.all('task.retried')).filter(({ data }) => data.error.startsWith('it needs'))
  await holds('I4 a base holds what its task needs', () => assert.deepEqual(failures, []))
}

/** Everything, once a campaign is over. */
export async function checkEverything(world: ChaosWorld, diary: Diary): Promise<void> {
  await checkRest(world, diary)
  const tasks = await (await world.ledger()).reading.tasks({})
  await holds('I3 every tip of the target was green', () => assertAlwaysGreen(world, isGreen(world)))
  await holds('I4 needs hold on the branch', () => assertNeedsHeld(world, tasks))
  await holds('I6 attempts are counted', () => assertAttempts(world, tasks))
  await holds('I7 worktrees are what git knows', () => assertWorktrees(world))
  await holds('I10 ledger and repository are whole', () => assertWhole(world))
  await holds('I11 the events give the tables', () => assertFold(world))
  await holds('I14 disk use is bounded', () => assertSmall(world))
  await holds('I15 no secret is written down', () => assertNoCanary(world))
  await holds('I16 configuration and hooks are untouched', () =>
    assert.equal(configurationOf(world), diary.configuration),
  )
  await holds('work of a completed task is on the target', () => diary.assertWork(tasks))
  await holds('a question is answered once, and its agent has the answer', () => assertQuestions(world, tasks))
  await holds('what an agent asks for is made once', () => assertMade(world, tasks))
  await holds('what was found is there once', () => assertFound(world))
  await holds('a hint is delivered once', () => assertHinted(world))
  await holds('usage is counted once', () => assertUsage(world))
  await holds('work is kept and judged when its processes are gone', () => assertBeats(world))
  await holds('nothing is left at work', () => world.assertQuiet())
}
