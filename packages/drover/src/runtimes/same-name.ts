import { DroverError } from '../domain/error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Card } from './executors.ts'

interface Options {
  query(text: string, values: readonly unknown[]): Promise<readonly Record<string, unknown>[]>
  /** The ledger's schema. */
  schemas: { ledger: string }
  card: Card
  leaseMs: number
  clock: Clock
  isGone(card: Card): boolean
  log(level: 'info' | 'warn' | 'error', words: string): void
}

type Other = Card & { beat: number }

/**
 * Slots, worktrees and what became of a machine are known by its name, so two that live must not share one. Of a process on this
 * host it is known at once whether it lives; of one elsewhere, when its beat moves, or has not for a lease.
 */
export async function refuseSameName(options: Options): Promise<void> {
  const { query, card, leaseMs, clock, log } = options
  const began = clock.ticks()
  const first = await othersOf(options)
  for (let left = first; left.length > 0; left = await othersOf(options)) {
    const moved = left.find(({ id, beat }) => first.find((one) => one.id === id)?.beat !== beat)
    if (moved) throw sameName(moved)
    if (left === first) log('info', `whether another ${card.machine} lives is seen within ${leaseMs} ms`)
    if (clock.ticks() - began > leaseMs) return void (await query(...buried(options, left)))
    await clock.sleep(Math.min(leaseMs / 10, 1_000))
  }
}

/** Of two that began at the same moment, neither saw the other before: the later one goes. */
export async function refuseLater(options: Options): Promise<void> {
  const { query, schemas, card } = options
  const [own] = await query(`select joined_at::float8 as at from "${schemas.ledger}".executor where id = $1`, [card.id])
  const isEarlier = (other: Other & { at: number }): boolean =>
    other.at < Number(own?.['at']) || (other.at === Number(own?.['at']) && other.id < card.id)
  const elder = (await othersOf(options)).find(isEarlier)
  if (!elder) return
  await query(...buried(options, [card]))
  throw sameName(elder)
}

/** Who has this name and may live. */
async function othersOf({ query, schemas, card, isGone }: Options): Promise<(Other & { at: number })[]> {
  const rows = await query(
    `select id, machine, host, pid, born, beat::float8 as beat, joined_at::float8 as at
      from "${schemas.ledger}".executor where dead_at is null and machine = $1 and id <> $2`,
    [card.machine, card.id],
  )
  return (rows as unknown as (Other & { at: number })[]).filter((other) => !isGone(other))
}

const buried = ({ schemas }: Options, cards: readonly Pick<Card, 'id'>[]): [string, unknown[]] => [
  `update "${schemas.ledger}".executor set dead_at = (extract(epoch from clock_timestamp()) * 1000)::bigint
    where dead_at is null and id = any ($1)`,
  [cards.map(({ id }) => id)],
]

const sameName = ({ machine, host, pid }: Card): DroverError =>
  new DroverError('same-name', { machine, host: host.split(' ')[0] ?? host, pid })
