import { cancel } from '../../src/flow/operations/cancel.ts'
import { addTask } from '../../src/flow/operations/add.ts'
import { edit } from '../../src/flow/operations/edit.ts'
import { addEpic, closeEpic } from '../../src/flow/operations/epic.ts'
import { hint } from '../../src/flow/operations/hint.ts'
import { importJsonl } from '../../src/flow/operations/import-jsonl.ts'
import { land, landAgain } from '../../src/flow/operations/land.ts'
import { changeNeeds } from '../../src/flow/operations/need.ts'
import { pause } from '../../src/flow/operations/pause.ts'
import { reset, resettable } from '../../src/flow/operations/reset.ts'
import { resolve } from '../../src/flow/operations/resolve.ts'
import { resume } from '../../src/flow/operations/resume.ts'
import { retry } from '../../src/flow/operations/retry.ts'
import type { Task } from '../../src/domain/task.ts'
import * as foresee from './foresee-people.ts'
import { add, type Foreseen, settleNeeds, waitsFor } from './forecast.ts'
import { agree, byPerson, type Dice, type Hall, newId, pick, realTask, wordOf } from './hall.ts'

type Act = (hall: Hall, dice: Dice) => Promise<void>

export const scopes: string[][] = [[], [], [], ['src/a'], ['src/a/b.ts'], ['src/b'], ['**']]
const defaults = { labels: [], maxAttempts: 3 }
const anyTask = (hall: Hall, n: number): Foreseen | undefined => pick([...hall.forecast.tasks.values()], n)

/** Something that a person does with one task, foreseen and done. */
const withTask =
  (
    name: string,
    foreseen: (hall: Hall, task: Foreseen, dice: Dice) => foresee.Word,
    real: (hall: Hall, task: Task, dice: Dice) => Promise<unknown>,
  ): Act =>
  async (hall, dice) => {
    const task = anyTask(hall, dice.a)
    if (!task) return
    const before = await realTask(hall, task.id)
    const word = foreseen(hall, task, dice)
    agree(hall, `${name} ${task.id} ${dice.b} ${dice.c}`, word, await wordOf(() => real(hall, before, dice)))
  }

const other = (hall: Hall, { b }: Dice): Foreseen => anyTask(hall, b)!
const odd = ({ b }: Dice): boolean => b % 2 === 1
const editing = ({ b, c }: Dice): { priority?: number; max?: number; scope?: string[] } =>
  [{ priority: c % 11 }, { max: 1 + (c % 3) }, { scope: pick(scopes, c)! }][b % 3]!

async function addOne(hall: Hall, { a, b, c }: Dice): Promise<void> {
  const { forecast } = hall
  const id = newId(hall)
  const open = [...forecast.tasks.values()]
  const needs = new Set(
    [b % 3 > 0 ? pick(open, b) : undefined, b % 5 > 2 ? pick(open, c) : undefined].map((one) => one?.id),
  )
  needs.delete(undefined)
  const about = {
    id,
    priority: a % 11,
    max: 1 + (c % 3),
    scope: pick(scopes, a + b)!,
    epic: c % 4 === 0 ? (pick([...forecast.epics.keys()], b) ?? null) : null,
    isCommand: a % 3 > 0,
    byHand: c % 5 === 4,
    needs: new Set([...needs] as string[]),
  }
  add(forecast, about)
  settleNeeds(forecast)
  const words = { ...wordsOf(about), epicId: about.epic }
  const addition = { title: `the task ${id}`, words, id, parent: undefined, needs: [...about.needs], defaults }
  agree(
    hall,
    `add ${id} needs ${[...about.needs].join(' ')}`,
    'done',
    await wordOf(() => addTask(hall, addition, byPerson(hall))),
  )
}

const wordsOf = ({
  priority,
  max,
  scope,
  isCommand,
  byHand,
}: Pick<Foreseen, 'priority' | 'max' | 'scope' | 'isCommand' | 'byHand'>) => ({
  priority,
  maxAttempts: max,
  scope,
  run: isCommand ? 'true' : null,
  land: byHand ? ('manual' as const) : null,
})

async function addPart(hall: Hall, { a }: Dice): Promise<void> {
  const { forecast } = hall
  const parent = anyTask(hall, a)
  if (!parent) return
  const word = foresee.addPart(forecast, parent)
  const siblings = [...forecast.tasks.values()].filter(({ kind, parent: p }) => kind === 'subtask' && p === parent.id)
  const about = {
    id: `${parent.id}.${siblings.length + 1}`,
    priority: parent.priority,
    max: 3,
    scope: [],
    epic: parent.epic,
  }
  if (word === 'done') add(forecast, { ...about, kind: 'subtask', parent: parent.id, isCommand: true, byHand: false })
  const words = { run: 'true', maxAttempts: 3 }
  const addition = { title: 'a part of it', words, id: undefined, parent: parent.id, needs: [], defaults }
  agree(hall, `add part to ${parent.id}`, word, await wordOf(() => addTask(hall, addition, byPerson(hall))))
}

async function resetAll(hall: Hall): Promise<void> {
  const { forecast } = hall
  const rest = [...forecast.tasks.values()].filter(
    (task) =>
      task.kind !== 'subtask' &&
      ['ready', 'blocked', 'paused', 'failed', 'cancelled'].includes(task.status) &&
      ((task.status !== 'ready' && task.reason !== 'needs') || task.attempts > 0),
  )
  const words = rest.map((task) => foresee.reset(forecast, task))
  const word = words.every((one) => one === 'nothing') ? 'nothing' : 'done'
  agree(hall, 'reset', word, await wordOf(async () => reset(hall, await resettable(hall.reading, []), byPerson(hall))))
}

/** Two lines: each a task that is here already, or a new one; what they need is anything, circles too. */
async function importTwo(hall: Hall, { a, b, c }: Dice): Promise<void> {
  const { forecast } = hall
  const known = [...forecast.tasks.values()].filter(({ kind }) => kind !== 'subtask')
  const fresh = [newId(hall), newId(hall)]
  const ids = [a % 2 && known.length > 0 ? pick(known, a >> 1)!.id : fresh[0]!, fresh[1]!]
  const choices = [...new Set([...forecast.tasks.keys(), ...ids])]
  const needs = ids.map((_, n) => (n === 0 ? [pick(choices, b)!] : c % 2 ? [pick(choices, c >> 1)!] : []))
  const lines = ids.map((id, n) => ({ type: 'story', id, title: `the task ${id}`, run: 'true', blocked_by: needs[n]! }))
  const text = lines.map((line) => JSON.stringify(line)).join('\n')
  const word = foreseeImport(hall, ids, needs)
  const wish = { text, defaults, dryRun: false }
  agree(hall, `import ${text}`, word, await wordOf(() => importJsonl(hall, wish, byPerson(hall))))
}

function foreseeImport({ forecast }: Hall, ids: string[], needs: string[][]): foresee.Word {
  const { tasks } = forecast
  const after = structuredClone(forecast)
  for (const [n, id] of ids.entries()) {
    if (!after.tasks.has(id)) add(after, { ...plain(id), needs: new Set() })
    after.tasks.get(id)!.needs = new Set(needs[n])
  }
  const circle = [...after.tasks.values()].some((task) =>
    [...task.needs].some((need) => waitsFor(after, need, task.id)),
  )
  if (circle) return 'bad-import'
  for (const [n, id] of ids.entries()) {
    const task = tasks.get(id)
    if (!task) add(forecast, { ...plain(id), needs: new Set(needs[n]) })
    else if (!['claimed', 'in_progress', 'landing'].includes(task.status)) {
      task.needs = new Set(needs[n])
      task.isCommand = true
    }
  }
  settleNeeds(forecast)
  return 'done'
}

const plain = (id: string) => ({ id, priority: 5, max: 3, scope: [], epic: null, isCommand: true, byHand: false })

async function changeEpic(hall: Hall, { a, b }: Dice): Promise<void> {
  const { epics } = hall.forecast
  const id = a % 2 ? pick([...epics.keys()], b) : undefined
  if (id === undefined) {
    const wish = { title: 'a group', description: '', priority: b % 11, labels: [], id: `e${epics.size}` }
    epics.set(wish.id, 'open')
    return agree(hall, `epic ${wish.id}`, 'done', await wordOf(() => addEpic(hall, wish, byPerson(hall))))
  }
  const epic = (await hall.reading.epic(id))!
  const real = await closeEpic(hall, { epic, reason: '' }, byPerson(hall))
  agree(hall, `close ${id}`, String(epics.get(id) === 'open'), String(real))
  epics.set(id, 'closed')
}

/** A person wants what is landing at this very moment out of the way. */
async function meddle(hall: Hall, dice: Dice): Promise<void> {
  const a = [...hall.forecast.tasks.values()].findIndex((task) => task.status === 'landing' && task.isIntended)
  if (a >= 0) await people[odd(dice) ? 'pause' : 'cancel']!(hall, { ...dice, a })
}

export const people: Record<string, Act> = {
  add: addOne,
  addPart,
  pause: withTask(
    'pause',
    (_, task) => foresee.pause(task),
    (hall, task) => pause(hall, { task, reason: 'tea' }, byPerson(hall)),
  ),
  resume: withTask(
    'resume',
    ({ forecast }, task) => foresee.resume(forecast, task),
    (hall, task, dice) => resume(hall, { task, hint: odd(dice) ? 'mind the gap' : '' }, byPerson(hall)),
  ),
  cancel: withTask(
    'cancel',
    ({ forecast }, task) => foresee.cancel(forecast, task),
    (hall, task) => cancel(hall, { task, reason: '' }, byPerson(hall)),
  ),
  retry: withTask(
    'retry',
    ({ forecast }, task, dice) => foresee.retry(forecast, task, odd(dice)),
    (hall, task, dice) => retry(hall, { task, force: odd(dice), note: '' }, byPerson(hall)),
  ),
  reset: withTask(
    'reset',
    ({ forecast }, task) => foresee.reset(forecast, task),
    (hall, task) => reset(hall, [task], byPerson(hall)),
  ),
  resetAll,
  resolve: withTask(
    'resolve',
    ({ forecast }, task) => foresee.resolve(forecast, task),
    (hall, task) => resolve(hall, { task, note: 'like so' }, byPerson(hall)),
  ),
  land: withTask(
    'land',
    (_, task) => foresee.land(task, false),
    (hall, task) => land(hall, task, byPerson(hall)),
  ),
  landAgain: withTask(
    'land retry',
    (_, task) => foresee.land(task, true),
    (hall, task) => landAgain(hall, task, byPerson(hall)),
  ),
  edit: withTask(
    'edit',
    (_, task, dice) => foresee.edit(task, editing(dice)),
    (hall, task, dice) => {
      const { max, ...words } = editing(dice)
      return edit(
        hall,
        { task, words: max === undefined ? words : { maxAttempts: max }, needs: undefined },
        byPerson(hall),
      )
    },
  ),
  need: withTask(
    'need',
    (hall, task, dice) => foresee.need(hall.forecast, task, other(hall, dice)),
    (hall, task, dice) => changeNeeds(hall, { task, add: [other(hall, dice).id], remove: [] }, byPerson(hall)),
  ),
  needNoMore: withTask(
    'need no more',
    (hall, task, dice) => foresee.needNoMore(hall.forecast, task, other(hall, dice)),
    (hall, task, dice) => changeNeeds(hall, { task, add: [], remove: [other(hall, dice).id] }, byPerson(hall)),
  ),
  hint: withTask(
    'hint',
    (_, { status }) => (status === 'completed' || status === 'decomposed' ? 'impossible-move' : 'done'),
    (hall, task) => hint(hall, { task, text: 'look again' }, byPerson(hall)),
  ),
  meddle,
  import: importTwo,
  epic: changeEpic,
}
