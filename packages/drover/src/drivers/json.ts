/** A JSON object of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
/** The value where it is of that kind; else an empty one, so that reading goes on. */
export const fieldsIn = (value: unknown): Fields => (isFields(value) ? value : {})
export const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
export const textIn = (value: unknown): string => (typeof value === 'string' ? value : '')
export const numberIn = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null

/** A broken line is searched for so many beginnings, each followed so far: it may be long, and made to be slow. */
const tries = 64
const longest = 256 * 1024

/**
 * The JSON objects of a line, in order: usually the one it is. Of a line that two writers broke (text before the JSON, an
 * object in the middle of another, a lost end) those that are whole. What lies inside a whole one is never looked at.
 */
export function objectsIn(line: string): Fields[] {
  const begins = line.indexOf('{')
  if (begins === -1) return []
  const rest = parsed(line.slice(begins)) // behind words, as of a warning, too
  return isFields(rest) ? [rest] : piecesOf(line, begins)
}

/** A line whose objects had to be looked for was broken: its reader should believe less. */
export function toldIn(line: string): { objects: Fields[]; whole: boolean } {
  const said = parsed(line)
  if (said !== undefined) return { objects: isFields(said) ? [said] : [], whole: true }
  return { objects: objectsIn(line), whole: false }
}

function piecesOf(line: string, begins: number): Fields[] {
  const pieces: Fields[] = []
  for (let at = line.indexOf('{"', begins), tried = 0; at !== -1 && tried < tries; tried++) {
    const end = endOfObject(line, at)
    const piece = end === undefined ? undefined : parsed(line.slice(at, end))
    if (isFields(piece)) pieces.push(piece)
    at = line.indexOf('{"', isFields(piece) ? end : at + 1)
  }
  return pieces
}

/** Behind the brace that closes the one at `start`. */
function endOfObject(line: string, start: number): number | undefined {
  let depth = 0
  let quoted = false
  const stop = Math.min(line.length, start + longest)
  for (let at = start; at < stop; at++) {
    const sign = line[at]
    if (quoted && sign === '\\') at++
    else if (sign === '"') quoted = !quoted
    else if (!quoted && sign === '{') depth++
    else if (!quoted && sign === '}' && --depth === 0) return at + 1
  }
  return undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // the caller looks for what is whole in it
  }
}

/** One line of it, short enough to be shown in passing. */
export const inShort = (text: string, length = 200): string => {
  const line = text
    .slice(0, 4 * length)
    .replaceAll(/\s+/g, ' ')
    .trim()
  return line.length > length ? `${line.slice(0, length - 1)}…` : line
}
