import { isTalk, talks, words } from './talks.ts'

export const kinds = [
  'plain',
  'commits',
  'slow',
  'shared',
  'half',
  'once',
  'leaver',
  'reported',
  'parts',
  'idle',
  'telling',
  'last',
  'stopper',
  'again',
  ...talks,
] as const
export type Kind = (typeof kinds)[number]

export interface Planned {
  id: string
  kind: Kind
  needs: string[]
  parts: number
  /** Seconds that its agent takes at least. */
  takes: number
}

/** Green is a tree that has not both halves: each by itself passes, so only the merged tree can tell. */
export const gate = '! { test -e half/a && test -e half/b; }'
export const isRed = (files: readonly string[]): boolean => files.includes('half/a') && files.includes('half/b')

/** What every agent does first: two at once, of one task or in one worktree, are seen; a start leaves its line. */
const enter = `
enter() {
  if ! mkdir "$1" 2>/dev/null; then
    other=
    read -r other 2>/dev/null <"$1/pid"
    if [ "$other" ] && grep -qsz "^$2$" "/proc/$other/environ"; then echo "$1 $2 $other $$" >>"$MARKS/twice"; fi
  fi
  echo $$ >"$1/pid"
}
enter "$MARKS/at-$DROVER_TASK_ID" "DROVER_TASK_ID=$DROVER_TASK_ID"
enter "$MARKS/in-\${DROVER_WORKTREE##*/}" "DROVER_WORKTREE=$DROVER_WORKTREE"
trap 'rm -rf "$MARKS/at-$DROVER_TASK_ID" "$MARKS/in-\${DROVER_WORKTREE##*/}"' EXIT
echo "$DROVER_TASK_ID/$DROVER_ATTEMPT" >>"$MARKS/starts"
`
const write = 'mkdir -p work; echo "$DROVER_TASK_ID" >"work/$DROVER_TASK_ID"'
const first = 'mkdir "$MARKS/first-$DROVER_TASK_ID" 2>/dev/null'
const git = 'git -c user.name=Agent -c user.email=agent@example.test'

/** Goes on in the worktree when the agent has ended; first it writes there, then it says that it did. */
const beat = `n=0
while [ $n -lt 2000 ]; do
  n=$((n+1))
  echo $n >work/.late && mv work/.late "work/late-$DROVER_TASK_ID"
  echo $n $(date +%s%3N) >"$MARKS/beat-$DROVER_TASK_ID-$DROVER_ATTEMPT.new"
  mv "$MARKS/beat-$DROVER_TASK_ID-$DROVER_ATTEMPT.new" "$MARKS/beat-$DROVER_TASK_ID-$DROVER_ATTEMPT"
done`

const works: Partial<Record<Kind, string>> = {
  plain: write,
  commits: `${write}; git add work; ${git} commit -qm "work of $DROVER_TASK_ID"; echo more >>"work/$DROVER_TASK_ID"`,
  // Asked to end it takes its time, as a program that saves its work.
  slow: `trap 'sleep 0.15; exit 1' TERM; ${write}; sleep 0.1; sleep 0.1; sleep 0.1; echo slowly >>"work/$DROVER_TASK_ID"`,
  // Done again in the same worktree, it is done once.
  shared: `${write}; grep -qx "$DROVER_TASK_ID" shared.txt || echo "$DROVER_TASK_ID" >>shared.txt`,
  half: `${write}; mkdir -p half; if test -e half/a; then echo "$DROVER_TASK_ID" >half/also-a; elif test -e half/b; then echo "$DROVER_TASK_ID" >half/also-b
  elif test $(($(printf %s "$DROVER_TASK_ID" | tr -dc 0-9 | sed 's/^0*//;s/^$/0/') % 2)) = 0; then echo >half/a; else echo >half/b; fi`,
  once: `${write}; if ${first}; then exit 3; fi`,
  leaver: `${write}; setsid sh -c '${beat}' >/dev/null 2>&1 &
  sleep 0.03`,
  reported: `${write}; drover parcel done --verdict PASS --summary "as it was reported" && exit 9`,
  parts: `${write}; for part in work/$DROVER_TASK_ID.*; do test -f "$part" || { echo "$DROVER_TASK_ID" >>"$MARKS/missing"; exit 6; }; done`,
  idle: 'true',
  telling: `${write}; env`,
  last: `${write}; if ${first}; then exit 3; fi`,
  stopper: `${write}; if ${first}; then drover parcel done --verdict BLOCK --summary "which way?"; fi`,
  // Done once more it is other work.
  again: 'mkdir -p work; echo "$DROVER_TASK_ID once more" >>"work/$DROVER_TASK_ID"',
}

const wayOf = (one: Planned, worked: ReadonlySet<string>, begin?: string): object =>
  isTalk(one.kind) ? { description: words(one.kind, one.id) } : { run: command(one, worked, begin) }

export const attemptsOf = ({ kind }: Planned): number => (kind === 'last' ? 1 : 100)

/** The words of `drover add` for it. */
export const asWords = (one: Planned): string[] => [
  `Work of ${one.id} (${one.kind})`,
  `--id=${one.id}`,
  `--max-attempts=${attemptsOf(one)}`,
  '--skip-validation',
  ...(isTalk(one.kind) ? ['-d', words(one.kind, one.id)] : ['--run', command(one, new Set())]),
]

/** A base without what the task needs is a failure that nothing else makes, and is noted. `begin` is what its agent does first. */
export function command({ kind, needs, takes }: Planned, worked: ReadonlySet<string>, begin = enter): string {
  const holds = needs
    .filter((id) => worked.has(id))
    .map((id) => `test -f work/${id} || { echo "$DROVER_TASK_ID ${id}" >>"$MARKS/missing"; exit 5; }`)
  return [begin, ...holds, takes > 0 ? `sleep ${takes.toFixed(2)}` : '', works[kind] ?? ''].filter(Boolean).join('\n')
}

export const asJsonl = (planned: readonly Planned[], worked: ReadonlySet<string>, begin?: string): string =>
  planned
    .flatMap((one) => [
      {
        type: 'story',
        id: one.id,
        title: `Work of ${one.id} (${one.kind})`,
        ...wayOf(one, worked, begin),
        blocked_by: one.needs,
        max_attempts: attemptsOf(one),
      },
      ...Array.from({ length: one.parts }, (_, n) => ({
        type: 'task',
        id: `${one.id}.${n + 1}`,
        story_id: one.id,
        title: `Part ${n + 1} of ${one.id}`,
        run: command({ ...one, kind: 'plain', needs: [], takes: 0 }, worked, begin),
        max_attempts: 100,
      })),
    ])
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('')
