import { randomBytes } from 'node:crypto'
import { asked, ownServer } from '../test/support/postgres.ts'

/** A server for a whole run of the harness, and a database of its own for each campaign. */
export interface Databases extends AsyncDisposable {
  another(): Promise<{ url: string; drop(): Promise<void> }>
}

export async function openDatabases(): Promise<Databases> {
  const server = await ownServer()
  return {
    async another() {
      const name = `chaos_${randomBytes(6).toString('hex')}`
      await asked(server.url, `create database "${name}"`)
      const url = new URL(server.url)
      url.pathname = `/${name}`
      return {
        url: url.href,
        drop: async () => void (await asked(server.url, `drop database if exists "${name}" with (force)`)),
      }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
