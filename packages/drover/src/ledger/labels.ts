import { choosingLabels, hasAll, neededOf } from '../domain/labels.ts'
import type { Claim, Part } from '../ports/ledger.ts'
import { all, sql } from './sql.ts'

interface Place {
  name: string
  labels: string[]
}

type Asking = Pick<Claim, 'machine' | 'labels' | 'queueLabels'>

/** Machines that have labels are few, and most projects have none. */
function* labelled(): Part<(Place & { isHere: boolean })[]> {
  const rows = yield* all<{ name: string; labels: string; here: number }>(
    sql`select name, labels, left_at is null as here from machine where labels <> '[]'`,
  )
  return rows.map(({ name, labels, here }) => ({ name, labels: JSON.parse(labels) as string[], isHere: here === 1 }))
}

export function* choosing({ queueLabels = [] }: Asking): Part<string[]> {
  return choosingLabels(yield* labelled(), queueLabels)
}

/** Labels that choose another machine than this one. */
export function* labelsOfOthers(asking: Asking): Part<string[]> {
  const { labels = [] } = asking
  return (yield* choosing(asking)).filter((label) => !labels.includes(label))
}

/** Whether a ready task is for another machine that is here: it begins there in a moment. */
export function* isForAnother(asking: Asking & Pick<Claim, 'epic' | 'now'>): Part<boolean> {
  const others = (yield* labelled()).filter(({ name, isHere }) => isHere && name !== asking.machine)
  if (others.length === 0) return false
  const chosen = yield* choosing(asking)
  const away = JSON.stringify(yield* labelsOfOthers(asking))
  const rows = yield* all<{ labels: string }>(
    sql`select distinct labels from task where status = 'ready' and kind <> 'subtask' and not_before <= ${asking.now}
      and (${asking.epic} is null or epic_id = ${asking.epic})
      and exists (select 1 from json_each(task.labels) as own where own.value in (select away.value from json_each(${away}) as away))`,
  )
  return rows.some(({ labels }) => {
    const needed = neededOf(JSON.parse(labels) as string[], chosen)
    return others.some((other) => hasAll(other.labels, needed))
  })
}
