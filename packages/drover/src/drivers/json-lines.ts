import { type Fields, isFields } from './fields.ts'

/** A line whose objects had to be looked for was broken: its reader should believe less. */
export interface Told {
  objects: Fields[]
  whole: boolean
}

/**
 * The JSON objects of a line. Writers that share a pipe put two on one line, or text before one; a line that is too long arrives cut.
 * What is not whole is left out.
 */
export function objectsIn(line: string): Told {
  const said = parse(line)
  if (said !== undefined) return { objects: isFields(said) ? [said] : [], whole: true }
  return { objects: line.length > longest ? [] : lookFor(line), whole: false }
}

/** Looking for objects is for lines that broke, not for files that were printed. */
const longest = 2 ** 21
/** Each try may walk to the end of the line. */
const mostTries = 20

function lookFor(line: string): Fields[] {
  const found: Fields[] = []
  let at = line.indexOf('{"')
  for (let tries = 0; at >= 0 && tries < mostTries;) {
    const end = endOfObject(line, at)
    const object = end === undefined ? undefined : parse(line.slice(at, end))
    if (isFields(object)) found.push(object)
    else tries += 1
    at = line.indexOf('{"', isFields(object) ? end : at + 2)
  }
  return found
}

/** Where the object that begins here is closed; brackets inside of strings are none. */
function endOfObject(line: string, from: number): number | undefined {
  let depth = 0
  let isString = false
  for (let at = from; at < line.length; at += 1) {
    const character = line[at]
    if (character === '\\' && isString) at += 1
    else if (character === '"') isString = !isString
    else if (isString) continue
    else if (character === '{') depth += 1
    else if (character === '}' && (depth -= 1) === 0) return at + 1
  }
  return undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
