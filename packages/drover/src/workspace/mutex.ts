/** Runs what it is given one after the other. One process changes worktrees, so a chain of promises is enough. */
export type Mutex = <T>(run: () => Promise<T>) => Promise<T>

export function createMutex(): Mutex {
  let last: Promise<unknown> = Promise.resolve()
  return (run) => {
    const mine = last.then(run, run)
    last = mine.catch(() => undefined)
    return mine
  }
}

/** A mutex for each name. */
export interface Turns {
  take<T>(name: string, run: () => Promise<T>): Promise<T>
  isTaken(name: string): boolean
}

export function createTurns(): Turns {
  const taken = new Map<string, { alone: Mutex; waiting: number }>()
  return {
    isTaken: (name) => taken.has(name),
    async take(name, run) {
      const turn = taken.get(name) ?? { alone: createMutex(), waiting: 0 }
      taken.set(name, turn)
      turn.waiting += 1
      try {
        return await turn.alone(run)
      } finally {
        turn.waiting -= 1
        if (turn.waiting === 0) taken.delete(name)
      }
    },
  }
}
