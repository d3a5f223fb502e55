import type { AttemptEnd } from '../domain/settle.ts'
import { passed } from '../domain/verdict.ts'
import type { Durable, Step } from '../ports/durable.ts'
import type { Crew } from './crew.ts'
import { judgeWork } from './judge-work.ts'
import { runAgent } from './run-agent.ts'
import { restOf } from './said.ts'
import { shareKept } from './travel/share.ts'
import { whoStopped } from './who-stopped.ts'
import { markOf, type Keeping, type Ran, type Work } from './work.ts'

export interface Place {
  readonly base: string
  readonly slot: number
}

/** Sees to it that the worktree is here; says what is in the way. */
type Opening = (step: Step) => Promise<Pick<Ran, 'end' | 'words'> | undefined>

/** Agent, stop, keep, judge: the four things that happen to every piece of work. */
export async function workOn(
  crew: Crew,
  durable: Durable,
  work: Work,
  open: Opening,
): Promise<AttemptEnd | 'moved on'> {
  const name = (step: string): string => (work.task === work.owner ? step : `${work.task}: ${step}`)
  const ran = await durable.step(
    name('run agent'),
    async (step): Promise<Ran> => {
      const unready = await open(step)
      if (unready) return { exitCode: null, signal: null, ...unready }
      return byReport(crew, work, await runAgent(crew, durable, work, step))
    },
    'here',
  )
  await durable.step(name('stop'), () => stop(crew, work), 'light')
  const keepAll = async (step: Step) => shareKept(crew, { durable, work, step }, await keep(crew, work))
  const kept = await durable.step(name('keep'), keepAll, 'light')
  if (ran.end === 'moved on') return 'moved on'
  const cut = endWithout(ran)
  if (cut) return cut
  const rest = ran.isAgent
    ? await durable.step(name('said'), async () => (await restOf(crew, work)) ?? 'nothing', 'light')
    : 'nothing'
  if (rest !== 'nothing') return rest
  const verdict = await durable.step(
    name('judge'),
    async (step) => {
      const said = await judgeWork(crew, { work, ran, kept }, step.signal)
      // A check that was cut short says nothing of the work.
      return passed(said) || !step.signal.aborted ? said : whoStopped(crew, work)
    },
    'light',
  )
  if ('end' in verdict)
    return verdict.end === 'moved on' ? verdict.end : { kind: 'broken', reason: verdict.end, error: verdict.words }
  if (verdict.by === 'exit-code' && ran.signal !== null && !passed(verdict))
    return { kind: 'broken', reason: ran.signal === 'lost' ? 'lost' : 'crashed', error: verdict.summary }
  const commit = ran.isAgent ? await landable(crew, work, kept) : kept.commit
  return { kind: 'judged', verdict, commit, base: kept.base, subjects: kept.subjects }
}

/** Research lands nothing, whatever it committed and took back. */
async function landable({ reading }: Crew, work: Work, { commit }: Keeping): Promise<string | null> {
  const isResearch = work.task === work.owner && (await reading.task(work.task))?.type === 'research'
  return isResearch ? null : commit
}

/** It came to its own end, not to drover's: what it has reported before that counts. */
async function byReport({ reading }: Crew, { task, attempt }: Work, ran: Ran): Promise<Ran> {
  if (ran.end !== 'failed' && ran.end !== 'crashed' && ran.end !== 'limit') return ran
  const said = await reading.events(0, { task, types: ['task.reported'] }, 500)
  return said.some((event) => event.attempt === attempt) ? { ...ran, end: 'over' } : ran
}

/** An end that leaves nothing to judge. */
function endWithout({ end, words, account }: Ran): AttemptEnd | undefined {
  if (end === 'limit' || end === 'auth') {
    const { name = '', agent = '', until = null } = account ?? {}
    return { kind: 'parked', why: end, account: name, agent, until, error: words }
  }
  if (end === 'budget') return { kind: 'budget', error: words }
  return end === 'over' || end === 'moved on' ? undefined : { kind: 'broken', reason: end, error: words }
}

async function stop(crew: Crew, work: Work): Promise<string> {
  const folder = crew.here.folderOf(work.task, work.attempt)
  await crew.system.end({ folder, mark: markOf(crew, work), graceMs: crew.settings.stop_grace })
  return 'gone'
}

/** Always, also after a limit, a crash or a pause: nothing an agent did may be lost. */
async function keep(crew: Crew, work: Work): Promise<Keeping> {
  const message = `${work.task}: what attempt ${work.attempt} left`
  const kept = await crew.workspace.keep({
    task: work.owner,
    attempt: work.attempt,
    message,
    author: crew.here.committer,
  })
  return {
    commit: kept.commit,
    base: kept.base,
    subjects: kept.subjects,
    files: kept.files,
    claims: kept.claims,
    leftovers: kept.leftovers,
    problem: kept.problem,
  }
}
