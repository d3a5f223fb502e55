import { test } from 'node:test'
import { type Arbitrary, asyncProperty, check, stringify } from 'fast-check'

/** `DROVER_SEED=… npm test -- model` tells a failing story again; `DROVER_MODEL_RUNS=50000` tells more of them. */
const given = process.env['DROVER_SEED']
const wanted = process.env['DROVER_MODEL_RUNS']
const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)

/** What holds for whatever chance brings. A failure names the seed that repeats it. */
export function checked<T extends [unknown, ...unknown[]]>(
  sentence: string,
  chances: { [K in keyof T]: Arbitrary<T[K]> },
  holds: (...values: T) => void | Promise<void>,
  { runs = 400 }: { runs?: number } = {},
): void {
  const property = asyncProperty<T>(...chances, async (...values) => holds(...values))
  test(sentence, async () => {
    const told = await check(property, { numRuns: wanted === undefined ? runs : Number(wanted), seed })
    if (!told.failed) return
    const why = told.errorInstance instanceof Error ? told.errorInstance.message : String(told.errorInstance)
    throw new Error(
      `DROVER_SEED=${seed} repeats this, found in run ${told.numRuns}: ${stringify(told.counterexample)}\n${why}`,
      { cause: told.errorInstance },
    )
  })
}
