import { randomBytes } from 'node:crypto'
import { openPostgres } from '../../src/ledger/open-postgres.ts'
import { accountsSuite } from '../conformance/accounts.ts'
import { ledgerSuite, type LedgerWorld } from '../conformance/ledger.ts'
import { onPostgres } from '../support/postgres.ts'

await onPostgres(({ url }) => {
  const open = (): Promise<LedgerWorld> => {
    const project = `p${randomBytes(6).toString('hex')}`
    const world = async (isFirst: boolean): Promise<LedgerWorld> => {
      const create = isFirst ? { create: { project, target: 'main' } } : {}
      const opened = await openPostgres({ url, project, machine: 'm', now: Date.now, ...create })
      return { ...opened, another: () => world(false), [Symbol.asyncDispose]: () => opened.ledger.close() }
    }
    return world(true)
  }
  ledgerSuite('postgres', open)
  accountsSuite('postgres', open)
})
