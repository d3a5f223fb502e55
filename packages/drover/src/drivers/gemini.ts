import type { Driver } from '../ports/driver.ts'
import { acpDriver, inShell } from './acp.ts'
import { commandDriver } from './command.ts'
import type { Words } from './words.ts'

/** Gemini CLI. In a folder that nobody trusted it goes back to asking, whatever it was told: so the attempt's is trusted. */
export const geminiDriver = (words: Words): Driver =>
  acpDriver('gemini', words, {
    program: {
      name: words.path,
      version: ['--version'],
      login: 'gemini',
      install: 'npm install -g @google/gemini-cli',
    },
    args: ({ model, permission, readOnly }) => [
      '--acp',
      '--skip-trust',
      ...(readOnly ? [] : ['--approval-mode', permission === 'full' ? 'yolo' : permission]),
      ...(model === null ? [] : ['--model', model]),
    ],
    first: ({ session }) => (session === null ? undefined : laterThanItsFile(session)),
    fallback: commandDriver('gemini', `${inShell(words.path)} --yolo --skip-trust`, words.env),
    configured: (folder) => ({ GEMINI_CLI_HOME: folder }),
  })

/**
 * A session is kept in a file that is named after the minute. One that is loaded in the minute it began in is written over, and lost:
 * then the next minute is waited for.
 */
const laterThanItsFile = (session: string): string => `
is_of_now() {
  set -- "\${GEMINI_CLI_HOME:-$HOME}"/.gemini/tmp/*/chats/session-$(date -u +%Y-%m-%dT%H-%M)-${session.slice(0, 8).replaceAll(/[^\w-]/g, '')}*
  [ -e "$1" ]
}
while is_of_now; do sleep 1; done`
