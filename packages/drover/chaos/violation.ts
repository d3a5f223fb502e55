/** A promise that did not hold, with what shows it. */
export class Violation extends Error {
  readonly invariant: string

  constructor(invariant: string, facts: string) {
    super(facts)
    this.invariant = invariant
  }
}

/** What this throws is a violation of that invariant. */
export async function holds(invariant: string, check: () => unknown): Promise<void> {
  try {
    await check()
  } catch (error) {
    if (error instanceof Violation) throw error
    throw new Violation(invariant, error instanceof Error ? error.message : String(error))
  }
}
