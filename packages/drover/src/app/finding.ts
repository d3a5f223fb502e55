/** What a check of `drover doctor` found. */
export interface Finding {
  name: string
  state: 'ok' | 'warn' | 'bad'
  words: string
  remedy: string
}
