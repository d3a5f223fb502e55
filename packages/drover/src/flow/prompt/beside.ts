import { fence, section } from './fence.ts'

/** A text that is too long for the prompt: what it is, and the file beside the prompt that it is in. */
export interface Reference {
  type: string
  name: string
  size: number
  fetch: string
}

export interface File {
  name: string
  text: string
}

/** Decides for each text whether it is told or only pointed at. */
export interface Beside {
  /** The text fenced; or, when it is longer than that, where it is. */
  quote(about: { type: string; name: string; text: string; most: number; fetch?: string }): string
  /** The same for words that may stand as they are. */
  tell(about: { type: string; name: string; text: string; most: number }, as: (text: string) => string): string
  table(): string
  files(): readonly File[]
}

export function openBeside(): Beside {
  const references: Reference[] = []
  const files: File[] = []
  const tell: Beside['tell'] = ({ type, name, text, most }, as) => {
    const size = Buffer.byteLength(text)
    if (size <= most) return as(text)
    references.push({ type, name, size, fetch: read(name) })
    files.push({ name, text })
    return `(${kilobytes(size)}: too long to stand here. Read it with \`${read(name)}\`.)`
  }
  return {
    tell,
    quote: (about) => {
      const said = tell(about, (text) => fence(text, about.type === 'diff' ? 'diff' : 'text'))
      const last = references.at(-1)
      if (about.fetch !== undefined && last?.name === about.name) last.fetch = about.fetch
      return said
    },
    table: () => tableOf(references),
    files: () => files,
  }
}

const read = (name: string): string => `cat "$DROVER_FOLDER/${name}"`
const kilobytes = (bytes: number): string => `${Math.ceil(bytes / 1024)}KB`

/** Every name is one of ours: nothing from outside stands in a cell. */
const tableOf = (references: readonly Reference[]): string =>
  references.length === 0
    ? ''
    : section(
        'What stands beside this prompt',
        'Too long to be told here. Fetch what you need of it.',
        [
          '| Type | Path | Size | Fetch command |',
          '| --- | --- | --- | --- |',
          ...references.map(
            ({ type, name, size, fetch }) => `| ${type} | $DROVER_FOLDER/${name} | ${kilobytes(size)} | \`${fetch}\` |`,
          ),
        ].join('\n'),
      )
