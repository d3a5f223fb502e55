import { randomBytes } from 'node:crypto'
import { openPostgres } from '../../src/ledger/open-postgres.ts'
import { onPostgres } from '../support/postgres.ts'
import { checked } from './checked.ts'
import { live, story } from './story.ts'

await onPostgres(({ url }) => {
  checked(
    'on PostgreSQL too every task stands as the documents say, and its tables are what SQLite makes of its events',
    [story],
    (told) =>
      live({ ...told, isRebuilt: true }, (options) =>
        openPostgres({ ...options, url, create: { ...options.create, project: `p${randomBytes(6).toString('hex')}` } }),
      ),
    { runs: 8 },
  )
})
