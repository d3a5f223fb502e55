export type Fields = Readonly<Record<string, unknown>>

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const fieldsIn = (value: unknown): Fields => (isFields(value) ? value : {})

/** Events that are passed on as they are. */
const whole = new Set([
  'session.status',
  'session.idle',
  'session.error',
  'session.compacted',
  'permission.asked',
  'question.asked',
])
const aliveEveryMs = 5_000
const longestValue = 1_000

/**
 * Chooses what of the server's events is passed on, and in which words. A long output comes again and again, longer each time, and a text letter
 * by letter: so a tool is passed on when its state changes, a text when it is whole, and of the rest a sign of life.
 */
export function passed(): (event: Fields) => Fields | undefined {
  const states = new Map<string, unknown>()
  let aliveAt = 0

  const isNews = (part: Fields): boolean => {
    const id = String(part['id'])
    const state = fieldsIn(part['state'])['status'] ?? 'whole'
    if (states.get(id) === state) return false
    states.set(id, state)
    return true
  }

  return (event) => {
    const type = String(event['type'])
    const about = fieldsIn(event['properties'])
    if (whole.has(type)) return told(type, about)
    if (type === 'session.created' || type === 'message.updated') {
      const { id, sessionID, parentID, role, modelID, providerID, error } = fieldsIn(about['info'])
      return told(type, { sessionID: sessionID ?? id, info: { id, parentID, role, modelID, providerID, error } })
    }
    if (type === 'message.part.updated') {
      const part = shortened(fieldsIn(about['part']))
      if (part && isNews(part)) return told(type, { sessionID: part['sessionID'], part })
    }
    // Its heartbeat comes every ten seconds, also while a model never answers.
    if (type.startsWith('server.')) return undefined
    if (Date.now() - aliveAt < aliveEveryMs) return undefined
    aliveAt = Date.now()
    return { bridge: 'alive' }
  }
}

const told = (type: string, properties: Fields): Fields => ({ bridge: 'event', event: { type, properties } })

/** A part as far as it is of use; nothing when it is not whole yet. */
function shortened(part: Fields): Fields | undefined {
  const { id, sessionID, messageID, type, tool, text, synthetic, metadata, time, reason, cost, tokens } = part
  const common = { id, sessionID, messageID, type }
  if (type === 'tool') {
    const { status, input, title, error } = fieldsIn(part['state'])
    if (status === 'pending') return undefined // its input is not known yet
    return { ...common, tool, state: { status, title, error, input: inShort(fieldsIn(input)) } }
  }
  if (type === 'step-finish') return { ...common, reason, cost, tokens }
  if (type !== 'text') return undefined
  const { drover } = fieldsIn(metadata)
  if (drover !== undefined) return { ...common, drover }
  return fieldsIn(time)['end'] === undefined || synthetic === true ? undefined : { ...common, text }
}

const inShort = (input: Fields): Fields =>
  Object.fromEntries(
    Object.entries(input).map(([key, value]) => [
      key,
      typeof value === 'string' ? value.slice(0, longestValue) : value,
    ]),
  )
