import { DroverError } from '../domain/error.ts'
import { nearest } from '../domain/nearest.ts'
import { isOver, statuses, type BlockedReason, type Task, type TaskStatus } from '../domain/task.ts'

type Chooses = (task: Task) => boolean

const is =
  (...wanted: TaskStatus[]): Chooses =>
  (task) =>
    wanted.includes(task.status)
const blockedFor =
  (...wanted: BlockedReason[]): Chooses =>
  (task) =>
    task.status === 'blocked' && task.blockedReason !== null && wanted.includes(task.blockedReason)
const either =
  (...some: Chooses[]): Chooses =>
  (task) =>
    some.some((chooses) => chooses(task))

/** Words for `--status`: our own, and those of rookery. */
const words: Record<string, Chooses> = {
  ...Object.fromEntries(statuses.map((status) => [status, is(status)])),
  all: () => true,
  active: (task) => !isOver(task),
  pending: either(is('ready'), blockedFor('needs')),
  running: is('claimed', 'in_progress'),
  done: is('completed'),
  landed: is('completed'),
  'merge-blocked': blockedFor('conflict', 'gate'),
}

/** Reads `ready,failed`. No word chooses nothing. */
export function readStatuses(value: string): Chooses {
  const chosen = value.split(',').flatMap((word) => {
    const name = word
      .trim()
      .toLowerCase()
      .replace(/^in-progress$/, 'in_progress')
    if (name === '') return []
    const chooses = Object.hasOwn(words, name) ? words[name] : undefined
    if (!chooses) throw unknown(word)
    return [chooses]
  })
  return either(...chosen)
}

function unknown(word: string): DroverError {
  const near = nearest(word, Object.keys(words))
  return new DroverError('bad-value', {
    name: '--status',
    value: word,
    expected: near.length > 0 ? `did you mean ${near.join(', ')}?` : Object.keys(words).join(', '),
  })
}
