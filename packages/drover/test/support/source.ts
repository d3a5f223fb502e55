import { dirname, join } from 'node:path/posix'

/** A source file, its path as seen from src/. */
export interface Source {
  path: string
  text: string
}

/** Every module a file names, in static, dynamic and type imports and in re-exports. */
export function importsOf({ text }: Source): string[] {
  const kept = withoutComments(text)
  const statements = kept.matchAll(statement)
  const calls = kept.matchAll(/\b(?:import|require)\s*\(\s*(["'`])([^"'`]+)\1/g)
  return [...statements, ...calls].flatMap(([, , name]) => (name ? [name] : []))
}

/** Relative imports, resolved to paths like those of the sources. */
export function neighboursOf(file: Source): string[] {
  return importsOf(file).flatMap((name) => (name.startsWith('.') ? [join(dirname(file.path), name)] : []))
}

/** Each circle once, printed as a path. */
export function circles(files: Source[]): string[] {
  const neighbours = new Map(files.map((file) => [file.path, neighboursOf(file)]))
  const done = new Set<string>()
  const found: string[] = []
  const visit = (path: string, trail: string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
    if (trail.includes(path) || done.has(path)) return
    for (const next of neighbours.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const { path } of files) visit(path, [])
  return found
}

/** Has re-exports, and nothing of its own. */
export function isBarrel({ text }: Source): boolean {
  const kept = withoutComments(text)
  const own = kept.replaceAll(statement, '').replaceAll(/\bexport\s+(?:type\s+)?\{[^}]*\}/g, '')
  return /\bexport\b/.test(kept) && own.replaceAll(/[\s;]/g, '') === ''
}

export function lines({ text }: Source): number {
  return text.split('\n').length - 1
}

/** Strings stay, so what is looked for may be SQL. */
export function withoutComments(text: string): string {
  return text.replaceAll(token, (_all, string?: string, regex?: string) => string ?? regex ?? ' ')
}

/** Comments and words in strings are gone; what a template computes stays. */
export function codeOf(text: string): string {
  return text.replaceAll(token, (_all, string?: string) => {
    if (!string?.startsWith('`')) return string === undefined ? ' ' : "''"
    return `(${[...string.matchAll(/\$\{([^}]*)\}/g)].map(([, computed]) => computed).join(';')})`
  })
}

const statement =
  /^\s*(?:import\s+(?:[\w*{}\s,$]+?\bfrom\s+)?|export\s+[\w*{}\s,$]+?\bfrom\s+)(["'])([^"'\n]+)\1(?:\s*with\s*\{[^}]*\})?/gm

// A string, a regular expression (after what cannot end a value), or a comment.
const token =
  /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[^]|[^`\\])*`)|(?<=(?:[(,=:[!&|?{};+]|\breturn|=>)\s*)(\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*)|\/\/[^\n]*|\/\*[^]*?\*\//g
