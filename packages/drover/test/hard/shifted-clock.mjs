// Loaded before drover: its wall clock is as far off as a file says; what only ever grows stays as it is.
import { readFileSync } from 'node:fs'

const RealDate = Date
const file = process.env['SHIFT_FILE']
const shift = () => {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return 0
  }
}

globalThis.Date = class extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(RealDate.now() + shift())
    else super(...parts)
  }
  static now() {
    return RealDate.now() + shift()
  }
}
