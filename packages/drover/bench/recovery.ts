import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Project } from '../src/app/open-project.ts'
import { created } from '../test/support/drafts.ts'
import { drover, inFolder, inProject, makeProject, startDaemon, writeTasks } from './project.ts'
import type { Found, Options } from './targets.ts'
import { median, ratioOf, until } from './timing.ts'

const agents = 16

/** How soon all agents go on when drover was killed under them. */
export const recovery = ({ dir, rounds, say }: Options): Promise<Found> =>
  inFolder(dir, async (folder) => {
    const [adopted, again, empty]: [number[], number[], number[]] = [[], [], []]
    for (let round = 0; round < Math.max(1, Math.ceil(rounds / 2)); round++) {
      const nothing = await makeProject(join(folder, `empty${round}`), 10, [])
      const begun = performance.now()
      const idle = await startDaemon(nothing, agents)
      empty.push((performance.now() - begun) / 1000)
      await idle.stop()
      adopted.push(await recover(join(folder, `alive${round}`), false))
      again.push(await recover(join(folder, `killed${round}`), true))
    }
    const found = {
      'recovery adopted': median(adopted),
      'recovery again': median(again),
      'recovery ratio': ratioOf(adopted, empty),
    }
    say(`recovery: ${JSON.stringify(found)}`)
    return found
  })

async function recover(folder: string, isKilled: boolean): Promise<number> {
  const marks = join(folder, 'marks')
  const repo = await makeProject(folder, 1000, [])
  writeTasks(join(folder, 'tasks.jsonl'), 10_000)
  drover(repo, 'import-jsonl', join(folder, 'tasks.jsonl'))
  const run = `echo $$ >> ${marks}; exec sleep 600`
  const events = Array.from({ length: agents }, (_, i) => created(`w${i}`, { run, priority: 10 }))
  const started = (): string[] => (existsSync(marks) ? readFileSync(marks, 'utf8').trimEnd().split('\n') : [])
  return inProject(repo, async (project) => {
    await project.ledger.append(events, project.person())
    await (await working(repo, () => started().length >= agents)).stop('SIGKILL')
    if (isKilled) for (const pid of started()) process.kill(-groupOf(pid), 'SIGKILL')
    const before = new Set(await holders(project))
    const begun = performance.now()
    const daemon = await working(repo, async () =>
      isKilled
        ? started().length >= 2 * agents
        : (await holders(project)).filter((one) => !before.has(one)).length >= agents,
    )
    const seconds = (performance.now() - begun) / 1000
    await daemon.stop()
    return seconds
  })
}

/** The agent's wrapper dies with it, as it does when a machine loses power. */
const groupOf = (pid: string): number =>
  Number(
    readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[2],
  )

async function working(repo: string, isSo: () => boolean | Promise<boolean>) {
  const daemon = await startDaemon(repo, agents)
  await until('all agents work', async () => ((await isSo()) ? true : undefined))
  return daemon
}

/** Who speaks for each attempt; a daemon that goes on with one has a name of its own. */
const holders = async ({ reading }: Project): Promise<string[]> =>
  (await reading.openAttempts()).flatMap(({ task, holder }) => (holder === null ? [] : [`${task} ${holder}`]))
