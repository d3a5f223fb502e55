import { execFileSync, spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

/** Measures come in rounds that take turns, because a machine is never calm for long. */
export const median = (numbers: readonly number[]): number => percentile(numbers, 0.5)

export function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const found = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  if (found === undefined) throw new Error('nothing was measured')
  return found
}

/** The median of the ratios within each pair, which is steadier than the ratio of medians. */
export const ratioOf = (own: readonly number[], floor: readonly number[]): number =>
  median(own.map((ms, i) => ms / floor[i]!))

export const filesystemOf = (dir: string): string =>
  execFileSync('stat', ['-f', '-c', '%T', dir], { encoding: 'utf8' }).trim()

/** How long each command takes, in rounds that interleave them; two rounds more warm the caches. */
export function timeCommands(
  commands: readonly (readonly [string, ...string[]])[],
  { rounds, cwd, env }: { rounds: number; cwd: string; env: NodeJS.ProcessEnv },
): number[][] {
  const times: number[][] = commands.map(() => [])
  for (let round = -2; round < rounds; round++)
    for (const [i, [file, ...args]] of commands.entries()) {
      const begun = performance.now()
      const ran = spawnSync(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 })
      if (ran.status !== 0) throw new Error(`${args.join(' ')}: ${ran.stderr}`)
      if (round >= 0) times[i]!.push(performance.now() - begun)
    }
  return times
}

/** Runs a command, and tells what it said and the processor time of everything that it waited for. */
export function runCounted(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): { said: string; cpuMs: number } {
  const script = '"$0" "$@"; code=$?; times >&2; exit $code'
  const ran = spawnSync('bash', ['-c', script, file, ...args], { env, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (ran.status !== 0) throw new Error(`${file} ${args.join(' ')}: ${ran.stdout}${ran.stderr}`)
  const children = ran.stderr.trimEnd().split('\n').at(-1)!
  const spent = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds),
  )
  return { said: ran.stdout, cpuMs: 1000 * spent.reduce((sum, seconds) => sum + seconds, 0) }
}

/** Looks again and again until there is an answer. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  everyMs = 5,
): Promise<T> {
  const deadline = performance.now() + 120_000
  while (performance.now() < deadline) {
    const found = await look()
    if (found !== undefined) return found
    await sleep(everyMs)
  }
  throw new Error(`it never came to this: ${what}`)
}
