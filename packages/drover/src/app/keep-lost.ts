import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DroverError } from '../domain/error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Ledger, Part } from '../ports/ledger.ts'
import type { Places } from './places.ts'

const start = 'drover-ledger-'

/** A ledger whose file was deleted is whole as long as it is open: a copy goes to the repository's git folder. */
export async function keepLost(
  { places, ledger, clock }: { places: Places; ledger: Ledger; clock: Clock },
  trouble: unknown,
): Promise<unknown> {
  if (!(trouble instanceof DroverError) || trouble.code !== 'ledger-gone') return trouble
  const { file } = trouble.about as { file: string }
  const kept = join(places.gitDir, `${start}${new Date(clock.now()).toISOString().replace(/\W/g, '')}.db`)
  const copy = function* (): Part {
    yield { texts: ['vacuum into ', ''], values: [kept] }
  }
  return ledger.ask(copy).then(
    () => new DroverError('ledger-gone', { file, kept }, trouble),
    () => trouble, // no room for it either
  )
}

/** The newest copy of a ledger that was lost. */
export function lastKept({ gitDir }: Places): string | null {
  const name = readdirSync(gitDir)
    .filter((one) => one.startsWith(start) && one.endsWith('.db'))
    .toSorted()
    .at(-1)
  return name === undefined ? null : join(gitDir, name)
}
