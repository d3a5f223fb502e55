import type { Client } from 'pg'
import { DroverError } from '../domain/error.ts'
import { migrationInPostgres } from './dialect.ts'
import { words } from './migrate.ts'
import { migrations } from './migrations.ts'

interface Place {
  schema: string
  /** The database, as it may be shown. */
  where: string
  /** Which project is looked for, where one is named. */
  project?: string | undefined
}

/** Brings the schema to its newest form; makes it only where that is wanted. Several processes that do it do it one after another. */
export async function migratePostgres(client: Client, place: Place, create: boolean): Promise<void> {
  if ((await versionOf(client, place.schema)) === migrations.length) return
  await client.query(`begin; select pg_advisory_xact_lock(hashtextextended('${place.schema}', 0))`)
  try {
    const found = await versionOf(client, place.schema)
    if (found === undefined && !create)
      throw new DroverError('no-ledger', { where: place.where, project: place.project })
    if (found !== undefined && found > migrations.length)
      throw new DroverError('newer-ledger', { file: nameOf(place), found, known: migrations.length })
    if (found !== migrations.length) await migrate(client, place.schema, found)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

const nameOf = ({ schema, where }: Place): string => `${where} (schema ${schema})`

async function versionOf(client: Client, schema: string): Promise<number | undefined> {
  const table = `"${schema}".ledger`
  const { rows } = await client.query<{ found: boolean }>(`select to_regclass('${table}') is not null as found`)
  if (!rows[0]?.found) return undefined
  return (await client.query<{ version: number }>(`select version from ${table}`)).rows[0]?.version
}

async function migrate(client: Client, schema: string, found = 0): Promise<void> {
  if (found === 0) await makeSchema(client, schema)
  const wanted = migrations.slice(found).map((migration, i) => migrationInPostgres(migration, found + i))
  // The words are ours, and none holds a quote.
  const filled = Object.entries(words).map(
    ([table, names]) =>
      `insert into ${table} (name) values ${names.map((name) => `('${name}')`).join(', ')} on conflict do nothing`,
  )
  const version = found === 0 ? 'insert into ledger (version) values' : 'update ledger set version ='
  await client.query(
    [`set local search_path to "${schema}"`, ...wanted, ...filled, `${version} (${migrations.length})`].join(';\n'),
  )
}

/** Asked for only where it is missing: making one needs the right to, also when it is there already. */
async function makeSchema(client: Client, schema: string): Promise<void> {
  const { rows } = await client.query(`select 1 from pg_namespace where nspname = '${schema}'`)
  if (rows.length === 0) await client.query(`create schema "${schema}"`)
  await client.query(`create table "${schema}".ledger (version bigint not null)`)
}

/** The schemas of a database that hold a ledger which this user may read, with the project in each. */
export async function projectsIn(client: Client): Promise<{ id: string; schema: string }[]> {
  const { rows } = await client.query<{ schema: string }>(
    `select nspname as schema from pg_namespace where nspname like 'drover\\_%' and has_schema_privilege(nspname, 'usage')
      and to_regclass(quote_ident(nspname) || '.ledger') is not null and to_regclass(quote_ident(nspname) || '.project') is not null order by 1`,
  )
  const found: { id: string; schema: string }[] = []
  for (const { schema } of rows) {
    const [project] = (await client.query<{ id: string }>(`select id from "${schema}".project`)).rows
    if (project) found.push({ id: project.id, schema })
  }
  return found
}
