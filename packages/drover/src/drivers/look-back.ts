import { join } from 'node:path'
import type { Launch, Spec } from '../ports/driver.ts'
import { toldIn } from './json.ts'

/**
 * A program may say nothing of what a session holds and keep it in a file, in which a message stands as JSON. What it has heard is not in
 * there at once, and is lost with it: so whoever goes on looks first, in the same process, and says which words are missing. `place` names the
 * files for a shell, where the session is `$0`.
 */
export function lookingBack(spec: Spec, launch: Launch, place: string): Launch {
  if (!looksBack(spec)) return launch
  const { session, perhaps, folder } = spec
  const wanted = perhaps.map((words, i) => [`perhaps-${i}`, JSON.stringify(words.trim()).slice(1, -1)] as const)
  const files = wanted.map(([name]) => join(folder, name))
  return {
    ...launch,
    file: 'sh',
    args: ['-c', scriptFor(place), session ?? '', String(files.length), ...files, launch.file, ...launch.args],
    files: { ...launch.files, ...Object.fromEntries(wanted) },
  }
}

export const looksBack = ({ session, perhaps }: Spec): boolean => session !== null && perhaps.length > 0

/** What waits in Claude Code's queue stands in its file too, and is no part of the session yet. */
const scriptFor = (place: string): string => `
__left=$1 __lacks=
shift
while [ "$__left" -gt 0 ]; do
  if cat ${place} 2>/dev/null | grep -v '"type":"queue-operation"' | grep -qF -f "$1"
  then __lacks="$__lacks,0"; else __lacks="$__lacks,1"; fi
  __left=$((__left - 1))
  shift
done
printf '{"drover":"lacks","lacks":[%s]}\\n' "\${__lacks#,}"
unset __left __lacks
exec "$@"`

/** Those of the words that its session lacks, when this line tells. */
export function lackingIn(line: string, { perhaps }: Spec): string[] | undefined {
  if (!line.startsWith('{"drover":"lacks"')) return undefined
  const { lacks } = toldIn(line).objects[0] ?? {}
  return Array.isArray(lacks) ? perhaps.filter((_, i) => lacks[i] === 1) : undefined
}
