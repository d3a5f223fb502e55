/** Wakes whoever watches over a task's agent, because a person has said something to it. */
export interface Steering {
  /** A signal that aborts at the next call for this task; a new one each time. */
  listen(task: string): AbortSignal
  leave(task: string): void
  call(task: string): void
}

export function openSteering(): Steering {
  const listeners = new Map<string, AbortController>()
  return {
    listen(task) {
      const found = listeners.get(task)
      if (found && !found.signal.aborted) return found.signal
      const next = new AbortController()
      listeners.set(task, next)
      return next.signal
    },
    leave: (task) => void listeners.delete(task),
    call: (task) => listeners.get(task)?.abort(),
  }
}
