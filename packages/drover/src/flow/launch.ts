import type { Launch, Spec } from '../ports/driver.ts'
import { leftToSpend } from './budget.ts'
import type { Crew } from './crew.ts'
import type { Chosen } from './chosen.ts'
import { openingWords, type Opening, perhapsIn } from './session/opening.ts'
import type { Work } from './work.ts'

/** Its agent remembers what it did before; another account may not see that. */
export function sessionOf({ task, agent, account, driver }: Chosen): string | null {
  const isOurs = task.sessionAgent === agent && task.account === accountOf({ agent, account })
  return driver.abilities.resumes && isOurs ? task.session : null
}

/** The name of the account that an agent works with: its own where it has only one. */
export const accountOf = ({ agent, account }: Pick<Chosen, 'agent' | 'account'>): string => account ?? agent

/** Starts the agent's program in the attempt's folder. What it is told first lies beside it. */
export async function launchProgram(
  crew: Crew,
  work: Work,
  chosen: Chosen,
  { folder, opening = 'anew' }: { folder: string; opening?: Opening },
): Promise<void> {
  await crew.workspace.forgetClaims(work.owner)
  const { promptFile, perhaps } = await openingWords(crew, work, chosen, { folder, opening })
  const { path: worktree, gitFolders = [] } = (await crew.workspace.find(work.owner))!
  const session = opening === 'anew' ? null : opening.session
  const spec = await specOf(crew, work, chosen, {
    folder,
    worktree,
    gitFolders,
    promptFile,
    perhaps,
    session,
    env: envIn(crew, work, worktree),
    budgetUsd: await budgetOf(crew, work, opening),
  })
  const launch: Launch = crew.isolation.wrap(chosen.driver.spawn(spec), { worktree, folder })
  const open = chosen.driver.talk(spec).open()
  await crew.system.launch({
    folder,
    cwd: worktree,
    file: launch.file,
    args: launch.args,
    env: envIn(crew, work, worktree, { ...launch.env, ...crew.envOfAccount(chosen.agent, chosen.account) }),
    stdin: launch.stdin,
    files: { ...launch.files, ...(open.length > 0 ? { open: open.map((line) => `${line}\n`).join('') } : {}) },
  })
}

const envIn = (crew: Crew, work: Work, worktree: string, extra: Record<string, string> = {}): Record<string, string> =>
  crew.here.envOf({
    task: work.task,
    parent: work.owner,
    attempt: work.attempt,
    worktree,
    base: work.base,
    slot: work.slot,
    extra,
  })

/** What the program was told that runs in this folder, for the talk with it: some hear of their tools and folders there. */
export async function spokenSpec(
  crew: Crew,
  work: Work,
  chosen: Chosen,
  { folder, session }: { folder: string; session: string | null },
): Promise<Spec> {
  const { path: worktree = folder, gitFolders = [] } = (await crew.workspace.find(work.owner)) ?? {}
  const env = envIn(crew, work, worktree)
  const [promptFile, perhaps] = [`${folder}/prompt.md`, await perhapsIn(crew, folder)]
  return specOf(crew, work, chosen, { folder, worktree, gitFolders, promptFile, perhaps, session, env })
}

/** Its last turn, to hand back what it has, costs what it costs. A session counts on from what it has cost before. */
async function budgetOf(crew: Crew, { owner }: Work, opening: Opening): Promise<number | null> {
  const left = opening !== 'anew' && opening.isLast ? null : await leftToSpend(crew, owner)
  if (left === null || opening === 'anew') return left
  const before = (await crew.reading.attempts(owner)).filter(({ session }) => session === opening.session)
  return before.reduce((sum, { usage }) => sum + usage.costUsd, left)
}

/** What the driver is to know: the same for the program that is started and for the one that is found. */
async function specOf(
  crew: Crew,
  work: Work,
  { task, model, permission, driver }: Chosen,
  about: {
    folder: string
    worktree: string
    gitFolders?: readonly string[]
    promptFile: string
    perhaps: readonly string[]
    session: string | null
    env: Record<string, string>
    budgetUsd?: number | null
  },
): Promise<Spec> {
  const { folder, worktree, gitFolders = [], promptFile, perhaps, session, env, budgetUsd = null } = about
  return {
    run: task.run,
    prompt: driver.silent ? '' : ((await crew.system.readFile(promptFile)) ?? ''),
    promptFile,
    perhaps,
    session,
    newSession: crew.here.sessionId(`${work.task}/${work.attempt}/${crew.system.earlier(folder)}`),
    worktree,
    gitFolders,
    folder,
    model,
    permission,
    tools: driver.abilities.tools && env['DROVER_TOKEN'] ? await crew.here.toolsFor(env) : null,
    budgetUsd,
    readOnly: task.type === 'research',
  }
}
