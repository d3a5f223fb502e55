import { stripVTControlCharacters } from 'node:util'

// Control characters, what turns the reading direction, and what cannot be seen.
const unsafe = /[\p{Cc}\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u2069\uFEFF\u{E0000}-\u{E007F}]/gu
const known: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001B': '\\e' }

/** Somebody else's words as one line that cannot act on the terminal: what could is spelled out. */
export const escaped = (text: string): string => text.replace(unsafe, spelled)

/** The same for a text of several lines, as an agent or a program printed it; its colours are dropped. */
export const escapedLines = (text: string): string[] =>
  stripVTControlCharacters(text)
    .split(/\r*\n/)
    .map((line) => line.replaceAll('\t', '    ').replace(unsafe, spelled))

/** JSON for terminals and machines alike: the same value, with nothing in it that a terminal would obey. */
export const safeJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(
    /[\u007F-\u009F\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g,
    unit,
  )

function spelled(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return known[character] ?? (code < 0x100 ? `\\x${hex(code, 2)}` : `\\u{${hex(code, 1)}}`)
}

const unit = (character: string): string => `\\u${hex(character.charCodeAt(0), 4)}`
const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0')
