import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const clone = fileURLToPath(new URL('../../../../', import.meta.url))

export const readDocument = (path: string): string => readFileSync(join(clone, path), 'utf8')

export const documentsIn = (folder: string): string[] =>
  readdirSync(join(clone, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join(folder, path).replaceAll('\\', '/'))
    .toSorted()

/** A fenced block: what stands behind its ticks, and what stands in it. */
interface Fence {
  line: number
  language: string
  words: string[]
  text: string
}

/** What a reader is told to type, and what the document says that comes. */
export interface Example {
  line: number
  script: string
  exit: number
  /** Run in the clone of drover, not in the reader's own project. */
  inClone: boolean
  /** Why it is known to fail at present. */
  todo: boolean
  output: string | undefined
}

function fences(markdown: string): Fence[] {
  const found: Fence[] = []
  const lines = markdown.split('\n')
  for (let i = 0; i < lines.length; i++) {
    const open = /^(```+)(\S*)(.*)$/.exec(lines[i]!)
    if (!open) continue
    const [, ticks, language, rest] = open as unknown as [string, string, string, string]
    const end = lines.indexOf(ticks, i + 1)
    if (end < 0) throw new Error(`line ${i + 1}: a block is never closed`)
    found.push({
      line: i + 1,
      language,
      words: rest.trim().split(/\s+/).filter(Boolean),
      text: lines.slice(i + 1, end).join('\n'),
    })
    i = end
  }
  return found
}

/** Every `sh` block that can be run, each with the `output` block right behind it. */
export function examplesOf(markdown: string): { examples: Example[]; notRun: number } {
  const all = fences(markdown)
  const shell = all.filter(({ language, words }) => language === 'sh' && placeOf(words) === undefined)
  const examples = shell.filter(({ words }) => !words.includes('not-run')).map((fence) => exampleOf(fence, all))
  return { examples, notRun: shell.length - examples.length }
}

/** What is typed on this machine, of several: a block after `sh at=<machine>`. */
export function scriptAt(markdown: string, machine: string): string {
  const there = fences(markdown).filter(({ language, words }) => language === 'sh' && placeOf(words) === machine)
  return there.map(({ text }) => text).join('\n')
}

const placeOf = (words: readonly string[]): string | undefined =>
  words.find((word) => word.startsWith('at='))?.slice('at='.length)

function exampleOf(fence: Fence, all: readonly Fence[]): Example {
  const example: Example = {
    line: fence.line,
    script: fence.text,
    exit: 0,
    inClone: false,
    todo: false,
    output: undefined,
  }
  for (const word of fence.words) {
    if (/^exit=\d+$/.test(word)) example.exit = Number(word.slice(5))
    else if (word === 'in=clone') example.inClone = true
    else if (word === 'todo') example.todo = true
    else throw new Error(`line ${fence.line}: nobody knows what "${word}" asks for`)
  }
  const next = all[all.indexOf(fence) + 1]
  const isBehind = next?.language === 'output' && next.line - fence.line - fence.text.split('\n').length <= 3
  return isBehind ? { ...example, output: next.text } : example
}

/** Whether this came as the document says: `…` is anything within a line, and alone on a line any lines at all. */
export function isAsSaid(came: string, said: string): boolean {
  const pattern = said
    .trimEnd()
    .split('\n')
    .map((line) =>
      line.trim() === '…' ? '(?:.*\\n)*?' : `${line.trimEnd().split('…').map(literal).join('.*')}[ \\t]*\\n`,
    )
    .join('')
  return new RegExp(`^${pattern}$`, 'u').test(`${came.trimEnd()}\n`)
}

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

/** Where its links lead, those to other sites left out. */
export const linksOf = (markdown: string): string[] =>
  [...withoutFences(markdown).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((found) => found[1]!)
    .filter((to) => !/^[a-z]+:/.test(to))

export const withoutFences = (markdown: string): string => markdown.replace(/^(```+)[^\n]*\n[\s\S]*?^\1$/gm, '')

/** The anchors that a forge makes of headings. */
export const anchorsOf = (markdown: string): string[] =>
  [...withoutFences(markdown).matchAll(/^#+ (.+)$/gm)].map((found) =>
    found[1]!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
