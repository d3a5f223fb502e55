import { isParked } from '../../domain/account.ts'
import type { Speaker } from '../../ports/ledger.ts'
import { releasesOf } from '../accounts.ts'
import { type Ports, say } from './say.ts'

/** Somebody knows better than the limit: accounts that rest are tried now. Answers with their names. */
export async function releaseAccounts({ ledger, reading, clock }: Ports, by: Speaker): Promise<string[]> {
  const parked = (await reading.accounts()).filter((account) => isParked(account, clock.now()))
  if (parked.length > 0)
    await say(
      ledger,
      releasesOf(parked, 'now', () => true),
      by,
      'resume',
    )
  return parked.map(({ name }) => name)
}
