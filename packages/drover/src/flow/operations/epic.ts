import { DroverError } from '../../domain/error.ts'
import { checkTitle } from '../../domain/draft.ts'
import { checkId, makeId } from '../../domain/id.ts'
import type { Speaker } from '../../ports/ledger.ts'
import type { Epic } from '../../domain/rows.ts'
import type { Reading } from '../../ports/reading.ts'
import { type Ports, say } from './say.ts'

/** A named group of tasks. */
export async function addEpic(
  ports: Ports,
  wish: { title: string; description: string; priority: number; labels: string[]; id: string | undefined },
  by: Speaker,
): Promise<Epic> {
  const title = checkTitle(wish.title)
  const id = wish.id === undefined ? await freshId(ports, 'epic') : await freeId(ports.reading, wish.id)
  const { description, priority, labels } = wish
  const data = { title, description, priority, labels, imported: false }
  await say(ports.ledger, [{ type: 'epic.created', epic: id, data }], by, 'epic add')
  return { id, title, description, priority, labels, status: 'open', createdAt: ports.clock.now() }
}

export async function closeEpic(
  { ledger }: Ports,
  wish: { epic: Epic; reason: string },
  by: Speaker,
): Promise<boolean> {
  if (wish.epic.status === 'closed') return false
  await say(ledger, [{ type: 'epic.closed', epic: wish.epic.id, data: { reason: wish.reason } }], by, 'epic close')
  return true
}

/** Short while that is free, longer after a few misses. */
export async function freshId(
  { reading, clock }: Pick<Ports, 'reading' | 'clock'>,
  kind: 'task' | 'epic',
): Promise<string> {
  for (let length = 4; ; length += 0.5) {
    const id = makeId(kind, clock.bytes(Math.floor(length)))
    if (!(await isTaken(reading, id))) return id
  }
}

export async function freeId(reading: Reading, id: string): Promise<string> {
  if (await isTaken(reading, checkId(id))) throw new DroverError('id-taken', { id })
  return id
}

/** Ids name folders and refs, which some file systems compare without case. */
async function isTaken(reading: Reading, id: string): Promise<boolean> {
  if ((await reading.task(id)) ?? (await reading.epic(id))) return true
  return (await reading.idsLike(id)).some((other) => other.toLowerCase() === id.toLowerCase())
}
