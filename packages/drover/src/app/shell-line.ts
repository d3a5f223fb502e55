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

/** Said to a shell first. Where the system has no `setsid` (macOS), whoever asked starts it himself. */
export const preamble = `__setsid=$(command -v setsid)
in_session() {
  if [ "$__setsid" ]; then exec "$__setsid" /bin/sh "$@"; else echo alone >&9; fi
}
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
    // What is looked up here is known in every shell that is forked from this one.
    const line = `${unsetting(gone)}${exporting(Object.entries(shared))}hash git 2>/dev/null\n`
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
      : `${settings}${file === 'git' ? '' : 'exec '}${[file, ...args].map(quoted).join(' ')}`
  }

  return {
    exec(call: ExecCall, desk: Desk): string {
      const from = call.input === undefined ? '/dev/null' : quoted(desk.input)
      return (call.shared ? keep(call.shared) : '') + lineOf(bodyOf(call), `<${from}`, desk)
    },
    /** Starts the script in a session of its own; it says `up` on its descriptor 9. */
    launch({ script, args, cwd, env }: LaunchCall, desk: Desk): string {
      const words = ['-c', script, 'sh', ...args].map(quoted).join(' ')
      const own = `unset ${markName}; ${settingsFor(env, undefined)}`
      return lineOf(`cd ${quoted(cwd)} || exit 1; ${own}in_session ${words}`, '</dev/null 9>&1', desk)
    },
  }
}

/** In a shell of its own, which is not in the background: there, it would never hear SIGINT. Its exit code is said at last. */
const lineOf = (body: string, input: string, { output, errors }: Desk): string =>
  `( ${body} ) ${input} >${quoted(output)} 2>${quoted(errors)}\necho "$?"\n`

const exporting = (variables: readonly (readonly [string, string])[]): string => {
  const words = variables.filter(([name]) => isName(name)).map(([name, value]) => `${name}=${quoted(value)}`)
  return words.length > 0 ? `export ${words.join(' ')}; ` : ''
}

const unsetting = (names: readonly string[]): string =>
  names.length > 0 ? `unset ${names.filter(isName).join(' ')}; ` : ''
