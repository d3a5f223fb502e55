import { randomUUID } from 'node:crypto'
import type { Client } from 'pg'
import { DroverError } from '../domain/error.ts'
import { openLedger } from './ledger.ts'
import { type Creation, found, type OpenLedger } from './open.ts'
import { connectPostgres, patiently } from './postgres-connection.ts'
import { connectTo } from './postgres-line.ts'
import { migratePostgres, projectsIn } from './postgres-migrate.ts'
import { schemaOf, shownUrl } from './postgres-url.ts'
import { openReading } from './reading.ts'
import { openRecords } from './records.ts'

interface Options {
  url: string
  /** Without it, the only one that the database holds. */
  project?: string
  machine: string
  now: () => number
  /** Only `init` makes a ledger; a command that reads never does. */
  create?: Creation
  patienceMs?: number
}

export async function openPostgres(options: Options): Promise<OpenLedger> {
  const { url, machine, now, create, project = create?.project, patienceMs = 10_000 } = options
  const where = shownUrl(url)
  const { client, schema } = await patiently(() => prepared(options), { where, patience: () => patienceMs })
  const connection = connectPostgres({ url, schema, writer: randomUUID(), patienceMs, client })
  const ledger = openLedger(connection, { machine, now })
  const reading = openReading(connection)
  if (create) await ledger.transact(() => found(create, now()))
  if (project !== undefined && (await reading.project()).id !== project) {
    // Two ids may look the same as names of schemas.
    await ledger.close()
    throw new DroverError('no-ledger', { where, project })
  }
  return { ledger, reading, records: openRecords(connection) }
}

/** A client of a database whose schema is there, and is as this drover knows it. */
async function prepared({ url, project, create }: Options): Promise<{ client: Client; schema: string }> {
  const client = await connectTo(url)
  try {
    const id = project ?? create?.project
    const schema = id === undefined ? await onlySchema(client, shownUrl(url)) : schemaOf(id)
    await migratePostgres(client, { schema, where: shownUrl(url), project: id }, create !== undefined)
    return { client, schema }
  } catch (error) {
    await client.end().catch(() => undefined)
    throw error
  }
}

async function onlySchema(client: Client, where: string): Promise<string> {
  const [first, ...more] = await projectsIn(client)
  if (!first) throw new DroverError('no-ledger', { where, project: undefined })
  if (more.length > 0) throw new DroverError('which-project', { where, projects: [first, ...more].map(({ id }) => id) })
  return first.schema
}
