import { DroverError } from '../../domain/error.ts'
import { eventTypes, type EventType } from '../../domain/event.ts'
import { nearest } from '../../domain/nearest.ts'
import { readDuration } from '../../domain/settings.ts'
import { resolveEpic, resolveTask } from '../../flow/operations/resolve-task.ts'
import type { EventFilter, Reading } from '../../ports/reading.ts'
import { command } from '../command.ts'
import { epicsOf } from '../epics-of.ts'
import { follow } from '../follow.ts'
import { eventJson } from '../json.ts'
import { readCount } from '../task-options.ts'
import { stoppedBy } from '../terminal.ts'

export const stream = command({
  name: 'stream',
  summary: 'Events as JSON lines, in order, without gaps',
  about:
    'Starts with what happens next and stays. --since begins earlier: at a time (2026-01-31T12:00:00Z), so long ago (10m), or behind a seq. ' +
    'Whoever keeps the last seq can go on there and misses nothing.',
  options: {
    type: {
      type: 'string',
      multiple: true,
      arg: 'types',
      about: 'Only these, separated by commas; completed is task.completed',
    },
    epic: { type: 'string', short: 'e', arg: 'epic', about: 'Only of this epic' },
    task: { type: 'string', arg: 'id', about: 'Only of this task' },
    since: { type: 'string', arg: 'when', about: 'Begin there: a time, a duration, or a seq' },
    until: { type: 'string', arg: 'when', about: 'End there: a time' },
    limit: { type: 'string', short: 'n', arg: 'n', about: 'End after so many' },
    follow: { type: 'boolean', short: 'f', about: 'Stay, as it does anyway' },
    'no-follow': { type: 'boolean', about: 'End when all that happened so far is printed' },
  },
  examples: [
    'drover stream',
    'drover stream --since 10m --type completed,failed',
    'drover stream --since 4711 --no-follow',
  ],
  async run({ project, print, terminal }, values) {
    const opened = await project()
    const { reading, clock } = opened
    const since = values.since === undefined ? undefined : readWhen('--since', values.since, clock.now())
    const until = values.until === undefined ? Infinity : readTime('--until', values.until, clock.now())
    const filter = {
      ...(await filterOf(reading, values)),
      ...(since?.from === undefined ? {} : { from: since.from }),
      ...(until < Infinity ? { to: until } : {}),
    }
    const limit = values.limit === undefined ? Infinity : readCount('--limit', values.limit)
    const isFinite = values['no-follow'] === true || until <= clock.now()
    const after = since?.after ?? (isFinite || since ? 0 : await reading.lastSeq())
    const epicOf = epicsOf(reading)
    const { stop } = terminal.signals()
    if (print.verbose) print.note(`Following from seq ${after}.`)
    let printed = 0
    for await (const events of follow(
      opened,
      { after, filter, everyMs: Math.max(1, Math.min(1000, until - clock.now())) },
      stop,
    )) {
      for (const event of events.slice(0, limit - printed)) print.jsonLine(eventJson(event, await epicOf(event)))
      printed += events.length
      if (printed >= limit || (events.length === 0 && (isFinite || clock.now() > until))) return 0
    }
    return stoppedBy(stop)
  },
})

interface Chosen {
  type?: string[] | undefined
  epic?: string | undefined
  task?: string | undefined
}

async function filterOf(reading: Reading, { type, epic, task }: Chosen): Promise<EventFilter> {
  return {
    ...(type === undefined ? {} : { types: type.flatMap((words) => words.split(',')).map(readType) }),
    ...(epic === undefined ? {} : { epic: (await resolveEpic(reading, epic)).id }),
    ...(task === undefined ? {} : { task: (await resolveTask(reading, task)).id }),
  }
}

/** `completed` is `task.completed`; a whole name is itself. */
function readType(word: string): EventType {
  const name = word.trim()
  const found = eventTypes.find((type) => type === name || type === `task.${name}`)
  if (found) return found
  const near = nearest(name.includes('.') ? name : `task.${name}`, eventTypes)
  throw new DroverError('bad-value', {
    name: '--type',
    value: word,
    expected: near.length > 0 ? `did you mean ${near.join(', ')}?` : `one of ${eventTypes.join(', ')}`,
  })
}

function readWhen(name: string, value: string, now: number): { after?: number; from?: number } {
  return /^\d{1,12}$/.test(value) ? { after: Number(value) } : { from: readTime(name, value, now) }
}

function readTime(name: string, value: string, now: number): number {
  const ago = /^\d+$/.test(value) ? undefined : readDuration(value)
  const at = ago === undefined ? Date.parse(value) : now - ago
  if (Number.isNaN(at))
    throw new DroverError('bad-value', {
      name,
      value,
      expected: 'a time like 2026-01-31T12:00:00Z, or a duration like 10m',
    })
  return at
}
