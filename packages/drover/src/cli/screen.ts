import type { Output } from './terminal.ts'

export interface Screen {
  draw(lines: readonly string[]): void
  /** Lines that stay, above what is drawn. */
  print(lines: readonly string[]): void
  close(): void
}

const [hide, show, begin, end, erase] = ['\u001B[?25l', '\u001B[?25h', '\u001B[?2026h', '\u001B[?2026l', '\u001B[J']

/** Draws over what it drew before; nothing of the terminal's history is lost, and the cursor comes back at the end. */
export function openScreen(output: Output): Screen {
  let drawn: readonly string[] = []
  const back = (): string => `\r${drawn.length > 1 ? `\u001B[${drawn.length - 1}A` : ''}`
  const write = (text: string): void => void output.write(`${begin}${text}${end}`)
  output.write(hide)
  return {
    draw(lines) {
      const next = lines.slice(0, Math.max(1, (output.rows || 24) - 1))
      if (next.length === drawn.length && next.every((line, i) => line === drawn[i])) return
      write(`${back()}${erase}${next.join('\n')}`)
      drawn = next
    },
    print(lines) {
      const kept = drawn
      write(`${back()}${erase}${lines.map((line) => `${line}\n`).join('')}${kept.join('\n')}`)
    },
    close() {
      output.write(`${drawn.length > 0 ? '\n' : ''}${show}`)
      drawn = []
    },
  }
}
