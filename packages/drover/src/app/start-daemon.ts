import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DroverError } from '../domain/error.ts'
import { environment } from './load-config.ts'
import { isHeld } from './lock.ts'
import { readHolder, type Holder } from './holder.ts'
import type { Project } from './open-project.ts'
import { placesBelow } from './places.ts'
import { startDetached } from './system.ts'

// A small young generation keeps the memory small; a smaller one is collected so often that it costs a twelfth of the loop's work.
const lean = ['--max-semi-space-size=4']

/** Starts drover in the background and returns when it drives the project, or says why it does not. */
export async function startDaemon({ places, clock }: Project, words: readonly string[]): Promise<Holder> {
  const before = readHolder(places)
  if (isHeld(places))
    throw new DroverError('already-running', {
      pid: before?.pid ?? 0,
      since: before?.since ?? '',
      what: before?.kind === 'run' ? 'a run' : 'a daemon',
    })
  const logFile = join(dirname(placesBelow(places).log), 'daemon.out')
  mkdirSync(dirname(logFile), { recursive: true, mode: 0o700 })
  const child = startDetached({
    file: process.execPath,
    args: [...lean, process.argv[1]!, ...words],
    cwd: places.root,
    env: environment,
    logFile,
  })
  let code: number | null | undefined
  void child.ended.then((ended) => (code = ended))
  for (;;) {
    const holder = readHolder(places)
    if (holder?.pid === child.pid) return holder
    if (code !== undefined) {
      // A run with nothing to do is over before anybody looked.
      if (code === 0 && words[0] === 'run')
        return {
          pid: child.pid,
          since: new Date(clock.now()).toISOString(),
          kind: 'run',
          epic: null,
          workers: 0,
          socket: '',
        }
      throw new DroverError('no-daemon', { problem: `it ended with ${code}; its words are in ${logFile}` })
    }
    await clock.sleep(10)
  }
}
