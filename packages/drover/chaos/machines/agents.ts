/**
 * What every agent does first: it takes a lock of its task, and one of its worktree, that the kernel gives back when the last of its
 * processes is gone. Who does not get it says who had it then. Machines that see nothing of each other share the folder of the locks.
 */
export const enter = `
enter() {
  mine="$WHERE $DROVER_ATTEMPT $(date +%s%3N)"
  if ! flock -n "$1" ; then read -r other <"$2.by"; echo "$2 $other $mine" >>"$MARKS/twice"; fi
  echo "$mine" >"$2.by"
}
task="$MARKS/at-$DROVER_TASK_ID"
tree="$MARKS/in-$WHERE-\${DROVER_WORKTREE##*/}"
exec 8>>"$task" 9>>"$tree"
enter 8 "$task"
enter 9 "$tree"
echo "$DROVER_TASK_ID/$DROVER_ATTEMPT $WHERE $(date +%s%3N)" >>"$MARKS/starts"
trap 'echo "$DROVER_TASK_ID/$DROVER_ATTEMPT $WHERE $(date +%s%3N)" >>"$MARKS/ends"' EXIT
`

/** Two at once: whose lock it was, who had it, and who came. */
export interface Meeting {
  lock: string
  had: string
  came: string
  /** When the other one came, in milliseconds of the wall clock. */
  at: number
}

export function readMeeting(line: string): Meeting {
  const [lock = '', had = '', , , came = '', , at] = line.split(' ')
  return { lock: lock.slice(lock.lastIndexOf('/') + 1), had, came, at: Number(at) }
}
