import type { Driver } from '../ports/driver.ts'
import { acpDriver, inShell } from './acp.ts'
import { recordedMethod } from './acp-usage.ts'
import { commandDriver } from './command.ts'
import { logins } from './logins.ts'
import type { Words } from './words.ts'

/**
 * Gemini CLI. In a folder that nobody trusted it goes back to asking, whatever it was told: so the attempt's is trusted. Its plan mode would take
 * drover's tools away from research.
 */
export const geminiDriver = (words: Words): Driver =>
  acpDriver('gemini', words, {
    program: {
      name: words.path,
      version: ['--version'],
      login: 'gemini',
      whoIsIn: logins.gemini,
      install: 'npm install -g @google/gemini-cli',
    },
    args: ({ model, permission, readOnly }) => [
      '--acp',
      '--skip-trust',
      '--approval-mode',
      readOnly ? 'default' : permission === 'full' ? 'yolo' : permission,
      ...(model === null ? [] : ['--model', model]),
    ],
    forgetsCancelled: true,
    counting: { keepsRecord: true },
    first: ({ session }) => (session === null ? undefined : keepSession(session)),
    fallback: commandDriver('gemini', `${inShell(words.path)} --yolo --skip-trust`, words.env),
    configured: (folder) => ({ GEMINI_CLI_HOME: folder }),
  })

/**
 * Gemini keeps a session in a file that is named after the minute, and begins another one whenever it loads it: in the same minute that is the same
 * file, and the session is lost; else one without a word in it, for which the next start throws all files of the session away. So the one with words
 * gets the name of a minute that is over, and those without are removed. Gemini tells tokens with the end of a turn, so of one that was ended by
 * force only that file tells: each answer's stand there, more than once where a tool followed.
 */
const keepSession = (session: string): string => {
  const id = session.slice(0, 8).replaceAll(/[^\w-]/g, '')
  return `
for __file in "\${GEMINI_CLI_HOME:-$HOME}"/.gemini/tmp/*/chats/session-*-${id}.jsonl; do
  if grep -qs '^{"id":' "$__file"; then
    __kept="\${__file%/*}/session-2000-01-01T00-00-${id}.jsonl"
    mv -n "$__file" "$__kept"
    sed -n '${tokensOf}' "$__kept" | sort -u -k1,1 | awk '${summed}'
  else rm -f "$__file"; fi
done 2>/dev/null`
}

const tokensOf = String.raw`s/^{"id":"\([^"]*\)".*,"tokens":{"input":\([0-9]*\),"output":\([0-9]*\),"cached":\([0-9]*\),.*/\1 \2 \3 \4/p`

const summed = `{ i += $2; o += $3; c += $4 } END { printf "{\\"jsonrpc\\":\\"2.0\\",\\"method\\":\\"${recordedMethod}\\",\\"params\\":{\\"input\\":%d,\\"output\\":%d,\\"cached\\":%d}}\\n", i, o, c }`
