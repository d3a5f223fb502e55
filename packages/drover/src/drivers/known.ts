import type { Driver } from '../ports/driver.ts'
import { ampDriver } from './amp.ts'
import { claudeDriver } from './claude.ts'
import { codexDriver } from './codex.ts'
import { copilotDriver } from './copilot.ts'
import { geminiDriver } from './gemini.ts'
import { opencodeDriver } from './opencode.ts'
import type { Words } from './words.ts'

/** Agents that can be used without a word in the settings. */
export const known: Readonly<Record<string, (words: Words) => Driver>> = {
  claude: claudeDriver,
  codex: codexDriver,
  amp: ampDriver,
  opencode: opencodeDriver,
  gemini: geminiDriver,
  copilot: copilotDriver,
}

/** Names that mean another agent. */
export const alsoCalled: Readonly<Record<string, string>> = { 'claude-code': 'claude' }
