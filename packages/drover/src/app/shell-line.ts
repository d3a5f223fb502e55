import type { ExecCall } from './exec.ts'

/** A script of ours that goes on by itself. */
export interface LaunchCall extends Pick<ExecCall, 'args' | 'cwd' | 'env'> {
  script: string
}

/** Where one call at a time has its input and its output. */
export interface Desk {
  input: string
  output: string
  errors: string
}

/** In the environment of the shell itself, so that every shell it forks shows it as well. */
export const markName = 'DROVER_GIT'

const isName = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name) && name !== 'PPID'

function quoted(word: string): string {
  if (word.includes('\0')) throw new Error('a word of a command cannot hold NUL')
  return `'${word.replaceAll("'", `'\\''`)}'`
}

/**
 * Said to the shell once. What a shell starts beside itself would never hear SIGINT and SIGQUIT, and no shell can give
 * them back; where the system has no program for that (macOS, busybox) it says so, and whoever asked starts it himself.
 */
export const preamble = `__env=$(command -v env) __setsid=$(command -v setsid)
if [ "$__setsid" ] && "$__env" --default-signal=INT,QUIT "$__setsid" true 2>/dev/null
then in_session() { exec "$__env" -u ${markName} --default-signal=INT,QUIT "$__setsid" /bin/sh "$@"; }
else in_session() { echo "$4 alone" >&9; }
fi
`

type Variables = Readonly<Record<string, string>>

/**
 * Lines for a shell that keeps what calls have in common: of some ninety variables a call changes five, and saying them
 * all each time costs both sides half a millisecond. Every word is quoted; nothing is pasted.
 */
export function openLines() {
  // What the shell has of its own is there whether a call wants it or not.
  let kept: Variables = { PATH: '', [markName]: '' }

  const keep = (shared: Variables): string => {
    if (shared === kept) return ''
    const gone = Object.keys(kept).filter((name) => !(name in shared) && name !== markName)
    const line = `${unsetting(gone)}${exporting(Object.entries(shared))}\n`
    kept = shared
    return line
  }
  /** How the shell in which a call runs differs from the one that keeps what is shared. */
  const settingsFor = (env: Variables, shared: Variables | undefined): string => {
    const gone = shared ? [] : Object.keys(kept).filter((name) => !(name in env))
    return unsetting(gone) + exporting(Object.entries(env))
  }

  /** What a call is, in a shell of its own that ends with it. `sh -ec` needs no program: this shell reads it itself. */
  const bodyOf = ({ file, args, cwd, env, shared }: ExecCall): string => {
    const settings = `cd ${quoted(cwd)} || exit 1; ${settingsFor(env, shared)}`
    const [flag, script, , ...words] = args
    return file === 'sh' && flag === '-ec'
      ? `${settings}set -e -- ${words.map(quoted).join(' ')}\n${script}\n`
      : `${settings}exec ${[file, ...args].map(quoted).join(' ')}`
  }

  return {
    /** Runs it, and says its number and its exit code when it is over. */
    exec(id: string, call: ExecCall, desk: Desk): string {
      const from = call.input === undefined ? '/dev/null' : quoted(desk.input)
      return (call.shared ? keep(call.shared) : '') + lineOf(id, bodyOf(call), `<${from}`, desk)
    },
    /** Starts the script in a session of its own. Its first word is `id`: it says `id up` on descriptor 9. */
    launch(id: string, { script, args, cwd, env }: LaunchCall, desk: Desk): string {
      const words = ['-c', script, 'sh', id, ...args].map(quoted).join(' ')
      const body = `cd ${quoted(cwd)} || exit 1; ${settingsFor(env, undefined)}in_session ${words}`
      return lineOf(id, body, '</dev/null 9>&1', desk)
    },
  }
}

/** `jobs` collects children that have ended. */
const lineOf = (id: string, body: string, input: string, { output, errors }: Desk): string =>
  `( ( ${body} ) ${input} >${quoted(output)} 2>${quoted(errors)}; echo "${id} $?" ) & jobs >/dev/null 2>&1\n`

const exporting = (variables: readonly (readonly [string, string])[]): string => {
  const words = variables.filter(([name]) => isName(name)).map(([name, value]) => `${name}=${quoted(value)}`)
  return words.length > 0 ? `export ${words.join(' ')}; ` : ''
}

const unsetting = (names: readonly string[]): string =>
  names.length > 0 ? `unset ${names.filter(isName).join(' ')}; ` : ''
