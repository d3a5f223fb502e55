import { untilTime } from '../app/local-time.ts'
import type { Event, NewTask } from '../domain/event.ts'
import { escaped } from './escape.ts'
import { clockTime, lasting } from './time.ts'

/** An event as a sentence; nothing for those that only programs follow. */
export function tell(event: Event): string | undefined {
  const words = sentence(event)
  return words === undefined ? undefined : `${clockTime(event.at)} ${subject(event)} ${escaped(words)}`
}

/** An account is parked by a task's attempt, but rests for all. */
const subject = (event: Event): string =>
  event.type === 'account.parked' || event.type === 'account.released'
    ? event.data.account
    : (event.task ?? event.epic ?? 'drover')

function sentence(event: Event): string | undefined {
  const worker = event.machine === null || event.slot === null ? '' : ` on ${event.machine}/${event.slot}`
  switch (event.type) {
    case 'task.created':
      return `was added${origin(event.data)}: ${event.data.words.title}`
    case 'task.claimed':
      return `attempt ${event.data.attempt} begins${worker}${event.data.agent ? ` with ${event.data.agent}` : ''}`
    case 'task.progress':
      return `${event.data.phase && event.data.phase !== 'running' ? `(${event.data.phase}) ` : ''}${event.data.label}`
    case 'task.asked':
      return `asks: ${event.data.text}`
    case 'task.answered':
      return `has an answer: ${event.data.text}`
    case 'task.found':
      return `found: ${event.data.finding.summary}`
    case 'task.proposed':
      return `should be ${event.data.parts.length} tasks${because(event.data.reason)}`
    case 'task.passed':
      return `passed: ${event.data.verdict.summary}`
    case 'task.retried':
      return `goes back to be tried again (${event.data.reason})${because(event.data.error)}`
    case 'task.blocked':
      return event.data.reason === 'needs'
        ? 'waits for what it needs'
        : `waits (${event.data.reason}): ${event.data.note}`
    case 'task.unblocked':
      return event.data.how === 'needs'
        ? 'has all it needs'
        : `waits no longer (${event.data.how})${because(event.data.note)}`
    case 'task.paused':
      return `was paused${because(event.data.reason)}`
    case 'task.resumed':
      return 'was resumed'
    case 'task.hinted':
      return `has a hint: ${event.data.text}`
    case 'task.cancelled':
      return `was cancelled${because(event.data.reason)}`
    case 'task.reopened':
      return 'was reopened'
    case 'task.decomposed':
      return `was split into ${event.data.into.join(', ')}`
    case 'task.completed':
      return event.data.commit ? `is done: ${event.data.commit.slice(0, 10)}` : 'is done, with nothing to land'
    case 'task.failed':
      return `failed (${event.data.reason})${because(event.data.error)}`
    case 'landing.gated':
      return `gate ${event.data.passed ? 'passed' : 'failed'} in ${lasting(event.data.durationMs)}`
    case 'landing.refused': // every other reason has an event of its task's own
      return event.data.reason === 'moved' ? 'is merged anew: the target moved meanwhile' : undefined
    case 'run.waiting':
      return event.data.until === null
        ? `waits: ${event.data.why}`
        : `waits until ${untilTime(event.data.until, event.at)}: ${event.data.why}`
    case 'account.parked':
      return event.data.until === null
        ? `rests until somebody has logged in${because(event.data.text)}`
        : `rests until ${untilTime(event.data.until, event.at)}${because(event.data.text)}`
    case 'account.released':
      return event.data.room === null ? 'may be used by all again' : `may be tried ${releasedWords(event.data)}`
    default:
      return undefined
  }
}

const origin = ({ kind, parentId }: NewTask): string =>
  kind === 'spawned' ? ` by ${parentId}` : kind === 'split' ? ` from ${parentId}` : ''

const releasedWords = ({ how, room }: { how: string; room: number | null }): string =>
  how === 'works' ? `by ${room} at once: it works` : `again${how === 'now' ? ', as somebody wished' : ''}`

const because = (words: string): string => (words === '' ? '' : `: ${words}`)
