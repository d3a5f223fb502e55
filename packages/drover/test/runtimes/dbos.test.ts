import { dbosWorld } from '../support/dbos-world.ts'
import { onPostgres } from '../support/postgres.ts'
import type { RemoteRuntime } from '../support/job-runners.ts'
import { runtimeSuite, type RuntimeWorld } from '../conformance/runtime.ts'

await onPostgres((database) => {
  // DBOS keeps itself in static places: each runtime is a process of its own, and the one before it stands still from then on,
  // for longer than its lease. Whoever asks it something wakes it.
  const open = async (): Promise<RuntimeWorld> => {
    const world = await dbosWorld(database)
    let last: RemoteRuntime | undefined
    return {
      ...world,
      begin(onFailure) {
        last?.kill('SIGSTOP')
        return (last = world.runner({}, onFailure))
      },
    }
  }

  runtimeSuite('DBOS', open)
})
