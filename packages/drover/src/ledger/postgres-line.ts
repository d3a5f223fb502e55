import { Client, types } from 'pg'
import type { Query } from '../ports/ledger.ts'
import { inPostgres } from './dialect.ts'
import { isLost, Lost, stateOf } from './postgres-failure.ts'
import { lineUrl } from './postgres-url.ts'

type Row = Record<string, unknown>

const connectsMs = 10_000
/** Nothing that drover asks takes so long: a server that stands still is as good as gone. */
const answersMs = 30_000

/** One line to the database. It is opened when it is first used, and again when it broke. */
export class Line {
  private readonly url: string
  private readonly opened: (client: Client) => Promise<void>
  private first: Client | undefined
  private client: Client | undefined
  private turn: Promise<unknown> = Promise.resolve()
  private isPinned = false

  /** `first` is connected already, and is used before any other. */
  constructor(url: string, opened: (client: Client) => Promise<void>, first?: Client) {
    this.url = url
    this.opened = opened
    this.first = first
  }

  /** The rows of one statement. */
  async perform(query: Query): Promise<readonly Row[]> {
    return this.alone(async (client) => (await client.query<Row>(statementOf(query))).rows)
  }

  /** Several statements without values, in one message. */
  async script(text: string): Promise<void> {
    await this.alone((client) => client.query(text))
  }

  /** Gives the client to somebody else for a while; nobody else speaks meanwhile. Their failures stay theirs while the line holds. */
  async lend(borrow: (client: unknown) => Promise<void>): Promise<void> {
    const failed = await this.alone((client) =>
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

  /** One after another: a client takes one question at a time. */
  private alone<T>(speak: (client: Client) => Promise<T>): Promise<T> {
    const said = this.turn.then(() => this.speak(speak))
    this.turn = said.catch(() => undefined)
    return said
  }

  private async speak<T>(speak: (client: Client) => Promise<T>): Promise<T> {
    try {
      return await speak((this.client ??= await this.connect()))
    } catch (error) {
      if (stateOf(error) !== undefined && !isLost(error)) throw error
      this.drop()
      throw error instanceof Lost ? error : new Lost(error)
    }
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

interface Statement {
  name: string
  text: string
}
const statements = new Map<string, Statement>()
const frozen = new WeakMap<readonly string[], Statement>()

/** Statements of the same words have one name, so that the server prepares them once for each line. */
function statementOf({ texts, values }: Query) {
  let statement = frozen.get(texts)
  if (!statement) {
    const text = inPostgres(texts)
    statement = statements.get(text) ?? { name: `d${statements.size}`, text }
    statements.set(text, statement)
    if (Object.isFrozen(texts)) frozen.set(texts, statement)
  }
  return { ...statement, values: values.map(encode) }
}

/** PostgreSQL knows no NUL in a text. What is whole in SQLite's columns is whole here; a fraction of a millisecond is not kept. */
function encode(value: unknown): unknown {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value
  return typeof value === 'boolean' ? Number(value) : typeof value === 'number' ? Math.round(value) : value
}
