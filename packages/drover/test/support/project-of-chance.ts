import type { World } from './world.ts'

export const kinds = ['plain', 'conflict', 'red', 'once', 'never', 'reported', 'leaver', 'idle', 'parts'] as const
export type Kind = (typeof kinds)[number]

export interface Planned {
  id: string
  kind: Kind
  needs: string[]
  parts: number
}

/** The same numbers in [0, 1) for the same seed. */
export function chance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Chains, diamonds and loose tasks of every kind. What fails for ever has few that need it. */
export function plan(random: () => number, count: number): Planned[] {
  const pick = (n: number): number => Math.floor(random() * n)
  const often: Kind[] = [...kinds, 'plain', 'plain', 'conflict', 'red', 'parts']
  const planned: Planned[] = []
  for (let n = 0; n < count; n++) {
    // Each kind is there at least once, and `never` only now and then.
    const kind =
      n < kinds.length ? kinds[n]! : often.filter((one) => one !== 'never' || random() < 0.2)[pick(often.length - 1)]!
    const before = planned.map(({ id }) => id)
    const width = [0, 0, 1, 1, 2, 3][pick(6)]!
    const needs = Array.from({ length: Math.min(width, n) }, () => before[Math.max(0, n - 1 - pick(9))]!)
    planned.push({
      id: `t${String(n).padStart(2, '0')}`,
      kind,
      needs: [...new Set(needs)],
      parts: kind === 'parts' ? 1 + pick(3) : 0,
    })
  }
  // Somebody always waits for what never comes.
  planned[kinds.length]!.needs = [planned[kinds.indexOf('never')]!.id]
  return planned
}

/** The gate of these projects; `isGreen` says the same of a commit. */
export const gate = '! ls | grep -q "^red-"'
export const isGreen =
  (world: World) =>
  (commit: string): boolean =>
    !world
      .git('ls-tree', '--name-only', commit)
      .split('\n')
      .some((name) => name.startsWith('red-'))

const write = 'mkdir -p work; echo "$DROVER_TASK_ID" > "work/$DROVER_TASK_ID"'
/** True the first time, whichever attempt that is. */
const first = 'mkdir "$MARKS/first-$DROVER_TASK_ID" 2>/dev/null'

const commands: Record<Kind, string> = {
  plain: write,
  conflict: `${write}; echo "$DROVER_TASK_ID" >> shared.txt`,
  red: `${write}; if ${first}; then echo broken > "red-$DROVER_TASK_ID"; fi`,
  once: `${write}; if ${first}; then exit 3; fi`,
  never: `${write}; exit 7`,
  reported: `${write}; drover parcel done --verdict PASS --summary "as it was reported" && exit 9`,
  leaver: `${write}; setsid sleep 1000 > /dev/null 2>&1 &\n${write}`,
  idle: 'true',
  parts: `${write}; for part in work/$DROVER_TASK_ID.*; do test -f "$part" || exit 6; done`,
}

/** Every start leaves a line; a base without what it needs is a failure that nothing else makes. */
function command({ kind, needs }: Planned, worked: ReadonlySet<string>, pause: number): string {
  const holds = needs
    .filter((id) => worked.has(id))
    .map((id) => `test -f work/${id} || { echo ${id} >> "$MARKS/missing"; exit 5; }`)
  return [
    'echo "$DROVER_TASK_ID/$DROVER_ATTEMPT" >> "$MARKS/starts"',
    ...holds,
    `sleep ${pause.toFixed(2)}`,
    commands[kind],
  ].join('\n')
}

export async function addAll(world: World, planned: readonly Planned[], random: () => number): Promise<void> {
  const worked = new Set(planned.filter(({ kind }) => kind !== 'idle').map(({ id }) => id))
  const lines = planned.flatMap((one) => [
    {
      type: 'story',
      id: one.id,
      title: `Work of ${one.id} (${one.kind})`,
      run: command(one, worked, random() * 0.3),
      blocked_by: one.needs,
      priority: Math.floor(random() * 11),
      max_attempts: one.kind === 'conflict' ? 60 : one.kind === 'never' ? 2 : 3,
    },
    ...Array.from({ length: one.parts }, (_, n) => ({
      type: 'task',
      id: `${one.id}.${n + 1}`,
      story_id: one.id,
      title: `Part ${n + 1} of ${one.id}`,
      run: command({ ...one, kind: 'plain' }, worked, 0.02),
    })),
  ])
  world.write({ '.drover/plan.jsonl': lines.map((line) => JSON.stringify(line)).join('\n') })
  await world.ok('import-jsonl', '.drover/plan.jsonl')
}

/** How each task should end: `never` fails, and whoever stands behind it waits. */
export function ending(planned: readonly Planned[]): Map<string, string> {
  const ends = new Map<string, string>()
  for (const { id, kind, needs } of planned) {
    const waits = needs.some((need) => ends.get(need) !== 'completed')
    ends.set(id, waits ? 'blocked(needs)' : kind === 'never' ? 'failed' : 'completed')
  }
  return ends
}
