import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { placesBelow, type Places } from './places.ts'
import { startDetached } from './system.ts'

/**
 * Agents outlive their daemon, but not their lease: when it is over another machine does the same work. So a small shell beside the
 * daemon, which outlives it too, looks again and again for the time of the last beat, and ends this machine's agents in time: asked
 * first, killed then. Their sessions can go on wherever they are begun again. It ends when there is a younger daemon, or none is wanted.
 */
const script = `
beat=$1 token=$2 limit=$3 attempts=$4 grace=$5 daemon=$6 pause=$7
boot=-
[ -r /proc/sys/kernel/random/boot_id ] && read -r boot </proc/sys/kernel/random/boot_id
born() { shift 19; echo "$1"; }
living() {
  for file in "$attempts"/*/*/pid; do
    folder=\${file%/pid}
    read -r pid start since 2>/dev/null <"$file" || continue
    read -r end 2>/dev/null <"$folder/exit" && [ "$end" = lost ] && kill -0 "$pid" 2>/dev/null || continue
    if read -r stat 2>/dev/null <"/proc/$pid/stat"; then
      [ "$since" = "$boot" ] && [ "$(born \${stat##*) })" = "$start" ] || continue
    fi
    echo "$pid $folder"
  done
}
# Where a date has no fractions, whole seconds must do.
now() { at_now=$(date +%s%3N); case $at_now in *[!0-9]*) at_now=$(date +%s)000 ;; esac; }
while sleep "$pause"; do
  read -r at whose 2>/dev/null <"$beat" || exit 0
  [ "$whose" = "$token" ] || exit 0
  now
  [ $((at_now - at)) -ge "$limit" ] || continue
  found=$(living)
  if [ -z "$found" ]; then
    kill -0 "$daemon" 2>/dev/null || exit 0
    continue
  fi
  echo "$found" | while read -r pid folder; do printf stop >"$folder/interrupted"; kill -TERM "-$pid"; done
  sleep "$grace"
  echo "$found" | while read -r pid folder; do kill -KILL "-$pid"; done
done
`

export interface Leash {
  /** The lease began anew, so long ago. */
  beat(agoMs: number): void
  /** Nobody needs it any more. */
  end(): void
}

export function startLeash(places: Places, about: { token: string; leaseMs: number; path: string }): Leash {
  const below = placesBelow(places)
  const file = join(below.run, 'beat')
  // In one: a shell that finds it empty takes it for one that nobody wants any more.
  const beat = (agoMs: number): void => {
    writeFileSync(`${file}.new`, `${Math.floor(Date.now() - agoMs)} ${about.token}\n`, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
  beat(0)
  // Behind the daemon's own fence, which ends them better where it still can; all of it before the lease is over.
  const limit = Math.floor(about.leaseMs * 0.86)
  const twentieth = about.leaseMs / 20_000
  const [grace, pause] = [Math.max(0.1, twentieth), Math.min(1, Math.max(0.1, twentieth))]
  const args = [
    '-c',
    script,
    'sh',
    file,
    about.token,
    String(limit),
    below.attempts,
    String(grace),
    String(process.pid),
    String(pause),
  ]
  startDetached({ file: '/bin/sh', args, cwd: '/', env: { PATH: about.path }, logFile: join(below.run, 'leash.log') })
  return { beat, end: () => rmSync(file, { force: true }) }
}
