import type { Client } from 'pg'
import type { Points } from './fault-points.ts'

/** DBOS's rows of jobs and steps have the names of ours. What it asks its pool for by itself is none of these. */
export function watchPostgres(points: Points, client: Client): void {
  const inside = new WeakMap<object, string[]>()
  const turns = new WeakMap<object, Promise<void>>()
  const ask = client.query as unknown as (this: Client, ...asked: unknown[]) => Promise<unknown>
  const watched = async (on: Client, { text, values }: Asked, asked: unknown[]): Promise<unknown> => {
    if (text.startsWith('begin')) inside.set(on, [])
    const told = /(?:^|; )commit$/.test(text) ? (inside.get(on) ?? []) : []
    const { name, typeAt } = told.length > 0 ? {} : (nameOfPostgres(text) ?? nameOfText(text))
    const type = typeAt === undefined ? undefined : String(values[typeAt])
    // Whoever asks without waiting for the last answer is heard in that order all the same.
    const before = turns.get(on)
    const asking = async (): Promise<void> => {
      await before
      if (type) await points.pass(type, 'before')
      if (name) await points.pass(name, 'before')
      for (const one of told) await points.pass(one, 'inside')
    }
    const turn = asking()
    turns.set(on, turn)
    await turn
    const answer = await ask.apply(on, asked)
    if (type) inside.get(on)?.push(type)
    for (const one of told) await points.pass(one, 'after')
    if (name) await points.pass(name, 'after')
    return answer
  }
  client.query = function (this: Client, ...asked: unknown[]) {
    const [first, more] = asked
    const { text = first, values = more ?? [] } = typeof first === 'object' && first !== null ? (first as Asked) : {}
    if (typeof text !== 'string' || asked.some((one) => typeof one === 'function')) return ask.apply(this, asked)
    return watched(this, { text, values: values as unknown[] }, asked)
  } as Client['query']
}

interface Asked {
  text: string
  values: unknown[]
}

function nameOfPostgres(text: string): Named | undefined {
  const found = /^\s*(insert into|update) "[^"]+"\."?(workflow_status|operation_outputs)\b/i.exec(text)
  if (found)
    return { name: `${found[1]!.slice(0, 6).toLowerCase()} ${found[2] === 'workflow_status' ? 'job' : 'step'}` }
  return /create (?:table|schema)/i.test(text) ? { name: 'migration' } : undefined
}

export interface Named {
  name?: string
  /** Which of its values is the type of an event. */
  typeAt?: number
}

export function nameOfText(text: string): Named {
  const found = /^\s*(insert|update|delete)(?: or \w+)?(?: into| from)? (\w+)/i.exec(text)
  const columns = /^\s*insert into event \(([^)]*)\)/i.exec(text)?.[1]?.split(/,\s*/)
  return {
    ...(found ? { name: `${found[1]!.toLowerCase()} ${found[2]!}` } : {}),
    ...(columns ? { typeAt: columns.indexOf('type') } : {}),
  }
}
