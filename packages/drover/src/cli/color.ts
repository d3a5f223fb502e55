import { styleText } from 'node:util'
import type { Output, TerminalFacts } from './terminal.ts'

export type Style = Parameters<typeof styleText>[0]
export type Paint = (style: Style, text: string) => string
export const colorModes = ['auto', 'always', 'never'] as const
export type ColorMode = (typeof colorModes)[number]

/** `--color`, then NO_COLOR, then FORCE_COLOR, then what the terminal can. */
export function isColored(mode: ColorMode, facts: TerminalFacts, output: Output): boolean {
  if (mode !== 'auto') return mode === 'always'
  if (facts.noColor) return false
  return facts.forceColor || (facts.term !== 'dumb' && output.isTTY === true)
}

export const painter = (colored: boolean): Paint =>
  colored ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text
