const plain = /^[\x20-\x7E]*$/
const wide =
  /\p{Emoji_Presentation}|\uFE0F|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{17000}-\u{18CFF}\u{1B000}-\u{1B2FF}\u{20000}-\u{3FFFD}]/u
/** What may belong together with its neighbours: marks, joiners, variation selectors, flags, skin tones, Hangul parts. */
const joining = /[\p{M}\p{Cf}\p{Regional_Indicator}\p{Emoji_Modifier}\u1100-\u11FF\uA960-\uA97C\uD7B0-\uD7FB\r]/u
const invisible = /^[\p{Mn}\p{Me}\p{Cf}]+$/u
let segmenter: Intl.Segmenter | undefined

/** Columns that a text takes on a terminal: two for emoji and East Asian characters, none for marks. */
export function widthOf(text: string): number {
  if (plain.test(text)) return text.length
  let width = 0
  for (const { segment } of split(text)) width += widthOfOne(segment)
  return width
}

/** The text, or as much of its beginning as fits, with an ellipsis. */
export function fit(text: string, width: number, ellipsis = '…'): string {
  if (widthOf(text) <= width) return text
  let kept = ''
  let used = 0
  for (const { segment } of split(text)) {
    used += widthOfOne(segment)
    if (used > width - 1) break
    kept += segment
  }
  return width < 1 ? '' : kept.trimEnd() + ellipsis
}

export const padded = (text: string, width: number, align: 'left' | 'right' = 'left'): string => {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)))
  return align === 'left' ? text + space : space + text
}

/** Words in lines of at most this width; a longer word has a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && widthOf(longer) > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

/** The segmenter's first use takes 14 ms, half of a command's start: only for what cannot be told apart without it. */
function split(text: string): Iterable<{ segment: string }> {
  if (joining.test(text)) return (segmenter ??= new Intl.Segmenter()).segment(text)
  return Array.from(text, (segment) => ({ segment }))
}
const widthOfOne = (segment: string): number => (invisible.test(segment) ? 0 : wide.test(segment) ? 2 : 1)
