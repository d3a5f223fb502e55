import type { Durable, Step } from '../ports/durable.ts'
import type { Shared } from '../ports/workspace.ts'
import type { Crew } from './crew.ts'
import { isAway, untilThere } from './travel.ts'
import type { Keeping, Work } from './work.ts'

/** How long a stop waits for work to reach the remote. */
const lastMs = 10_000

interface Sharing {
  durable: Durable
  work: Work
  step: Step
}

/**
 * What was kept is on the remote before anything is concluded from it: whoever takes over begins there. Work that the remote does not
 * take cannot pass.
 */
export async function shareKept(crew: Crew, { durable, work, step }: Sharing, kept: Keeping): Promise<Keeping> {
  const wanted = { task: work.owner, attempt: work.attempt }
  for (;;) {
    const answer = await untilThere(crew, work.task, step.signal, () => shareOnce(crew, wanted, step.signal))
    if (isAway(answer)) step.endIfStopping()
    // The ledger says whose attempt it is: then it is ours to go on over what the other one brought.
    if (answer === 'taken' && (await isHeld(crew, durable, work)) && !step.signal.aborted) continue
    if (typeof answer === 'string' || isAway(answer)) return kept
    return { ...kept, problem: `the remote does not take its work: ${answer.refused}` }
  }
}

/** Also once when drover is to end: another machine may go on with it at once. */
async function shareOnce(
  { workspace, clock }: Crew,
  wanted: { task: string; attempt: number },
  signal: AbortSignal,
): Promise<Shared> {
  if (!signal.aborted) return workspace.share(wanted, signal)
  const [late, done] = [new AbortController(), new AbortController()]
  void clock.sleep(lastMs, done.signal).then(() => late.abort())
  return workspace.share(wanted, late.signal).finally(() => done.abort())
}

async function isHeld({ reading }: Crew, { holder }: Durable, { owner, attempt }: Work): Promise<boolean> {
  return (await reading.attempt(owner, attempt))?.holder === holder
}

export interface TurnSharing {
  /** At the end of a turn that is not the last: as it stands, and only as far as the remote is there. Nobody waits for it. */
  begin(turn: object): void
  /** Before the attempt's work is kept as a whole. */
  end(): Promise<void>
}

export function openSharing(crew: Crew, work: Work): TurnSharing {
  const over = new AbortController()
  let sharing: Promise<void> | undefined
  let last: object | undefined
  return {
    begin(turn) {
      if (!crew.workspace.travels || over.signal.aborted || turn === last) return
      last = turn
      sharing ??= shareTurn(crew, work, over.signal)
        .catch((error: unknown) =>
          crew.here.log('warn', `a turn of ${work.task} could not be shared: ${String(error)}`),
        )
        .finally(() => void (sharing = undefined))
    },
    async end() {
      over.abort()
      await sharing
    },
  }
}

async function shareTurn(crew: Crew, { owner: task, attempt, task: part }: Work, signal: AbortSignal): Promise<void> {
  const message = `${part}: what attempt ${attempt} has so far`
  await crew.workspace.keep({ task, attempt, message, author: crew.here.committer, beside: true })
  await crew.workspace.share({ task, attempt }, signal)
}
