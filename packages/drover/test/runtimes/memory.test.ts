import { realClock } from '../../src/app/clock.ts'
import type { Part } from '../../src/ports/ledger.ts'
import { emptyMemory, openMemoryRuntime } from '../../src/runtimes/memory.ts'
import { runtimeSuite, type RuntimeWorld } from '../conformance/runtime.ts'

function drain(part: Part): void {
  for (let turn = part.next(); !turn.done;) turn = part.next([])
}

async function open(): Promise<RuntimeWorld> {
  const memory = emptyMemory()
  let processes = 0
  return {
    begin: (onFailure = (_, error) => void console.error(error)) =>
      openMemoryRuntime(memory, { clock: realClock, incarnation: `process ${++processes}`, onFailure }),
    transact: async (part) => drain(part()),
    attempt: async () => {},
    async [Symbol.asyncDispose]() {},
  }
}

// It has no database, so there is no transaction that a step could be part of.
runtimeSuite('memory', open, ['a step written together with something else is in its transaction'])
