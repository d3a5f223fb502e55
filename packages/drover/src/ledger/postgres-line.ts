import { Client, types } from 'pg'
import type { Query } from '../ports/ledger.ts'
import { isLost, Lost, stateOf } from './postgres-failure.ts'
import { statementOf, statementsOf } from './postgres-statement.ts'
import { lineUrl } from './postgres-url.ts'

type Row = Record<string, unknown>

const connectsMs = 10_000
/** Nothing that drover asks takes so long: a server that stands still is as good as gone. */
const answersMs = 30_000
const mostPosted = 250

/** One line to the database. It is opened when it is first used, and again when it broke. */
export class Line {
  private readonly url: string
  private readonly opened: (client: Client) => Promise<void>
  private first: Client | undefined
  private client: Client | undefined
  private connecting: Promise<Client> | undefined
  private isPinned = false
  private posted: Query[] = []

  /** `first` is connected already, and is used before any other. */
  constructor(url: string, opened: (client: Client) => Promise<void>, first?: Client) {
    this.url = url
    this.opened = opened
    this.first = first
  }

  /** The rows of one statement. It is on its way at once: whoever else asks meanwhile is answered behind it. */
  async perform(query: Query): Promise<readonly Row[]> {
    return this.speak(async (client) => (await client.query<Row>(statementOf(query))).rows)
  }

  /** A statement whose rows nobody asks for: it goes with whatever is said next, and what is wrong with it is told there. */
  async post(query: Query): Promise<void> {
    this.posted.push(query)
    if (this.posted.length >= mostPosted) await this.speak(async () => undefined)
  }

  /** What was posted and is not on its way is not said. */
  forget(): void {
    this.posted = []
  }

  /** Several statements without values, in one message. */
  async script(text: string): Promise<void> {
    await this.speak((client) => client.query(text))
  }

  /** Gives the client to somebody else for a while; nobody else speaks meanwhile. Their failures stay theirs while the line holds. */
  async lend(borrow: (client: unknown) => Promise<void>): Promise<void> {
    const failed = await this.speak((client) =>
      borrow(client).then(
        () => undefined,
        (error: unknown) => {
          if (this.client !== client || isLost(error)) throw error
          return { error }
        },
      ),
    )
    if (failed) throw failed.error
  }

  /** Within this the line is not opened again: what was begun on one that broke must not go on on another. */
  async pinned<T>(run: () => Promise<T>): Promise<T> {
    this.isPinned = true
    try {
      return await run()
    } finally {
      this.isPinned = false
    }
  }

  /** Whether it stands, and which process of the server is at its other end. */
  peer(): number | undefined {
    return this.client && 'processID' in this.client ? Number(this.client.processID) : undefined
  }

  /** Whoever was on this line is gone with it; the next use opens another. */
  drop(): void {
    const gone = this.client
    this.client = undefined
    gone?.end().catch(() => undefined)
  }

  async close(): Promise<void> {
    const last = this.client ?? this.first
    this.client = this.first = undefined
    await last?.end().catch(() => undefined)
  }

  /** What was posted goes first. Nobody waits for anybody else's answer: the server takes one after another. */
  private async speak<T>(speak: (client: Client) => Promise<T>): Promise<T> {
    let client: Client | undefined
    try {
      const on = (client = this.client ?? (await this.opening()))
      const posted = statementsOf(this.posted.splice(0)).map((statement) => on.query(statement))
      const own = speak(on)
      if (posted.length > 0) throwFirst(await Promise.allSettled([...posted, own]))
      return await own
    } catch (error) {
      if (stateOf(error) !== undefined && !isLost(error)) throw error
      // Whoever failed on it too may have opened another by now.
      if (client === this.client) this.drop()
      throw error instanceof Lost ? error : new Lost(error)
    }
  }

  private async opening(): Promise<Client> {
    this.connecting ??= this.connect().finally(() => (this.connecting = undefined))
    return (this.client = await this.connecting)
  }

  private async connect(): Promise<Client> {
    if (this.isPinned) throw new Lost('the connection broke')
    const client = this.first ?? (await connectTo(this.url))
    this.first = undefined
    client.on('end', () => {
      if (this.client === client) this.client = undefined
    })
    try {
      await this.opened(client)
    } catch (error) {
      client.end().catch(() => undefined)
      throw error
    }
    return client
  }
}

export async function connectTo(url: string): Promise<Client> {
  const client = new Client({
    connectionString: lineUrl(url),
    application_name: 'drover',
    connectionTimeoutMillis: connectsMs,
    query_timeout: answersMs,
    keepAlive: true,
    types: { getTypeParser },
    // What was posted is not waited for one by one.
    pipeline: true,
  })
  // A line that breaks while nobody speaks is no error yet; whoever speaks next is told.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  } catch (error) {
    client.end().catch(() => undefined)
    throw stateOf(error) === undefined ? new Lost(error) : error
  }
}

// bool, int8 and numeric are numbers, as in SQLite: times and counts are far below 2^53.
const numbers = new Map([
  [16, (text: string) => Number(text === 't')],
  [20, Number],
  [1700, Number],
])
const getTypeParser: typeof types.getTypeParser = (type: number, format?: 'text' | 'binary') =>
  numbers.get(type) ?? types.getTypeParser(type, format)

/** The others fail because of it. */
function throwFirst(said: readonly PromiseSettledResult<unknown>[]): void {
  for (const one of said) if (one.status === 'rejected') throw one.reason
}
