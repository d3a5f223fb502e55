/** What a check of `drover doctor` found. */
export interface Finding {
  name: string
  state: 'ok' | 'warn' | 'bad'
  words: string
  remedy: string
}

export const ok = (name: string, words: string): Finding => ({ name, state: 'ok', words, remedy: '' })
export const warn = (name: string, words: string, remedy: string): Finding => ({ name, state: 'warn', words, remedy })
export const bad = (name: string, words: string, remedy: string): Finding => ({ name, state: 'bad', words, remedy })
