import { constants } from 'node:os'

/**
 * Runs an agent in its attempt's folder, and outlives the daemon that started it: `sh -c <this> sh folder stdin file args…`.
 *
 * - `pid` is made by whoever comes first, so of two wrappers only one goes on; for a moment it is there and empty.
 * - What goes wrong before that is printed; `up` on descriptor 9 tells the daemon that all is well.
 * - Signals are caught, not ignored (that would be inherited): a group that is asked to end still leaves its `exit`.
 * - sh says 128+n both for signal n and for exit code 128+n. Run like this, dash and its kin say a word on stderr for
 *   a signal (not for INT and PIPE), bash never: there, and for those two, a signal is assumed.
 * - How it ended is written over bytes that are there already: a disk that is full by then costs no attempt. Until then
 *   `exit` says `lost`, which is what is true when nobody comes to write it.
 * - What is said first to a program that is spoken to lies in `open`: it is there when the program is, whoever has died by then.
 * - Its variables begin with `__`: one that the agent's environment also has would reach the agent changed.
 */
export const wrapper = `
__folder=$1 __input=$2 __open=
shift 2
exec 2>&1
set -f
trap : HUP INT QUIT TERM PIPE ALRM USR1 USR2
__path=$PATH
PATH=/usr/bin:/bin:/run/current-system/sw/bin:$PATH
from_stat() { shift 19; __start=$1; }
from_ps() { __start=\${1}_\${2}_\${3}_\${4}_\${5}; }
if read -r __stat 2>/dev/null </proc/$$/stat; then
  from_stat \${__stat##*) }
  read -r __boot </proc/sys/kernel/random/boot_id
else
  from_ps $(LC_ALL=C TZ=UTC ps -o lstart= -p $$)
  __boot=-
fi
case $__input in
  fifo)
    [ -p "$__folder/in" ] || mkfifo -m 600 "$__folder/in" || exit 1
    exec 3<>"$__folder/in" <"$__folder/in"
    [ -f "$__folder/open" ] && __open=y ;;
  prompt) exec <"$__folder/prompt.md" ;;
  *) exec </dev/null ;;
esac
exec 4>>"$__folder/out" 5>>"$__folder/err"
set -C
printf "%s\\n" "$$ $__start $__boot" >"$__folder/pid" || exit 1
set +C
if ! printf "%-12s\\n" lost >"$__folder/exit"; then rm -f "$__folder/pid" "$__folder/exit"; exit 1; fi
echo up >&9
exec 9>&- >/dev/null 2>"$__folder/said"
[ "$__open" ] && (cat "$__folder/open" >&3 &)
(PATH=$__path; exec "$@" >&4 2>&5 3>&- 4>&- 5>&-)
__code=$?
__end="code $__code"
if [ $__code -gt 128 ] && [ $__code -lt 160 ]; then
  case $__code in 130 | 141) __signalled=y ;; *) __signalled=$BASH_VERSION ;; esac
  [ -s "$__folder/said" ] && __signalled=y
  [ "$__signalled" ] && __end="signal $((__code - 128))"
fi
printf "%-12s\\n" "$__end" 1<>"$__folder/exit"
`

/** The wrapper as `pid` names it: exact also when the number was given to another process since. */
export interface Leader {
  pid: number
  start: string
  boot: string
}

export function readLeader(text: string | undefined): Leader | undefined {
  const found = /^(\d+) (\S+) (\S+)\n$/.exec(text ?? '')
  return found ? { pid: Number(found[1]), start: found[2]!, boot: found[3]! } : undefined
}

export interface End {
  exitCode: number | null
  signal: string | null
}

/** When nobody was left to write how it ended: its wrapper was killed, or the machine went down. */
export const lost: End = { exitCode: null, signal: 'lost' }

/** Whether it is said how it ended. */
export const isEnd = (text: string | undefined): boolean => /^(code|signal) /.test(text ?? '')

export function readEnd(text: string): End {
  const [, kind, number] = /^(code|signal) (\d{1,3}) *\n$/.exec(text) ?? []
  if (kind === undefined) return lost // not even that could be written
  return kind === 'code'
    ? { exitCode: Number(number), signal: null }
    : { exitCode: null, signal: signalNamed(Number(number)) }
}

function signalNamed(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`
}
