import type { Program } from '../ports/driver.ts'
import { logins } from './logins.ts'
import type { Words } from './words.ts'

/** Codex, however it is spoken to. */
export const codexProgram = (words: Words): Program => ({
  name: words.path,
  version: ['--version'],
  login: 'codex login',
  whoIsIn: logins.codex,
  install: 'npm install -g @openai/codex',
})
