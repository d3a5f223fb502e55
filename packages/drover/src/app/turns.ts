const waiting: (() => void)[] = []

/**
 * One at a time, with whatever follows from it at once: what else has happened is heard in between, however much becomes
 * possible in the same moment. `setImmediate` alone would run all that waits in one go.
 */
export function inTurn(run: () => void): void {
  waiting.push(run)
  if (waiting.length === 1) setImmediate(next)
}

function next(): void {
  const run = waiting.shift()!
  if (waiting.length > 0) setImmediate(next)
  run()
}
