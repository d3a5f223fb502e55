import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqlite } from '../../src/ledger/open.ts'
import { accountsSuite } from '../conformance/accounts.ts'
import { ledgerSuite, type LedgerWorld } from '../conformance/ledger.ts'

async function open(): Promise<LedgerWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'drover-ledger-'))
  const file = join(folder, 'drover.db')
  const world = async (isFirst: boolean): Promise<LedgerWorld> => {
    const opened = await openSqlite({
      file,
      machine: 'm',
      now: Date.now,
      ...(isFirst ? { create: { project: 'p', target: 'main' } } : {}),
    })
    return {
      ...opened,
      another: () => world(false),
      async [Symbol.asyncDispose]() {
        await opened.ledger.close()
        if (isFirst) rmSync(folder, { recursive: true })
      },
    }
  }
  return world(true)
}

ledgerSuite('sqlite', open)
accountsSuite('sqlite', open)
