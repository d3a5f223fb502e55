import { isFields, type Fields } from './opencode-events.ts'

/** The configuration that the user gave by the environment, with drover's words in it. What is no JSON is given on as it is not. */
export function merged(given: string | undefined, added: Fields): string {
  return JSON.stringify(mergedFields(readGiven(given), added))
}

function readGiven(given: string | undefined): Fields {
  try {
    const value: unknown = JSON.parse(given || '{}')
    return isFields(value) ? value : {}
  } catch {
    return {} // OpenCode could not read it either
  }
}

function mergedFields(one: Fields, other: Fields): Fields {
  const both = Object.entries(other).map(([key, value]) => {
    const before = one[key]
    return [key, isFields(before) && isFields(value) ? mergedFields(before, value) : value] as const
  })
  return { ...one, ...Object.fromEntries(both) }
}
