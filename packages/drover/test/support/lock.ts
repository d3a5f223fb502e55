import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'

/** Held by a transaction, because the kernel gives that back when its holder dies, however it dies. */
export async function lock(file: string, withinMs: number): Promise<() => void> {
  const database = new DatabaseSync(file, { timeout: 0 })
  const deadline = performance.now() + withinMs
  for (;;) {
    try {
      database.exec('begin exclusive')
      return () => database.close()
    } catch (cause) {
      if (performance.now() > deadline) throw new Error(`${file} is held by another test for too long`, { cause })
      await wait(200)
    }
  }
}
