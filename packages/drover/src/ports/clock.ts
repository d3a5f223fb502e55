/** Time and chance, handed in so that tests own them. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number
  /** Milliseconds that only ever grow, for durations. */
  ticks(): number
  /** Resolves after the time, or at once when the signal aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Lets everything that has happened meanwhile be heard first. */
  breathe(): Promise<void>
  random(): number
  /** Random bytes for ids, holders and tokens. */
  bytes(count: number): Uint8Array
}
