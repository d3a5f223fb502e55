import type { Print } from './print.ts'
import type { Output } from './terminal.ts'

export interface Progress {
  /** So many of all are done with this step. */
  tell(step: string, done: number, all: number): void
  /** Takes away what was drawn. */
  close(): void
}

const cells = 24

/** A line on the terminal that says how far long work has come. Where nobody looks at stderr, or a program reads the answer, there is none. */
export function openProgress(
  output: Output,
  { json, ascii, quiet }: Pick<Print, 'json' | 'ascii' | 'quiet'>,
): Progress {
  if (output.isTTY !== true || json || quiet) return { tell: () => undefined, close: () => undefined }
  let drawn = ''
  const draw = (line: string): void => {
    if (line === drawn) return
    drawn = line
    output.write(`\r${line}\u001B[K`)
  }
  return {
    // A line is drawn when it differs, which is at most a hundred times for each step.
    tell: (step, done, all) => draw(`${barOf(done / Math.max(1, all), ascii)} ${percent(done, all)} ${step}`),
    close: () => drawn !== '' && draw(''),
  }
}

const percent = (done: number, all: number): string =>
  `${String(Math.floor((100 * done) / Math.max(1, all))).padStart(3)} %`

function barOf(share: number, ascii: boolean): string {
  const full = Math.floor(share * cells)
  return ascii ? `[${'#'.repeat(full)}${'-'.repeat(cells - full)}]` : `${'█'.repeat(full)}${'░'.repeat(cells - full)}`
}
