import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { agentCli } from '../test/support/agent-cli.ts'
import { agentHome } from '../test/support/agent-home.ts'
import { startModel } from '../test/support/scripted-model/scripted-model.ts'
import { created } from '../test/support/drafts.ts'
import { envOf, inFolder, inProject, makeProject, startDaemon } from './project.ts'
import { gitIn } from './repository.ts'
import type { Found, Options } from './targets.ts'
import { median, until } from './timing.ts'

const program = (name: string): string => `[[write ${name}.txt it is written]] [[commit Add ${name}]] [[say Ready.]]`

/** A trivial run of the real Claude Code: alone in a repository, and as a task from `add` to its landing. The model answers at once, from loopback. */
export const agent = ({ dir, rounds, say }: Options): Promise<Found> =>
  inFolder(dir, async (folder) => {
    const [claude, model] = [await agentCli('claude'), await startModel()]
    const repo = await makeProject(folder, 1000, [])
    const alone = join(folder, 'alone')
    gitIn(folder, ['clone', '-q', repo, alone])
    const { env } = agentHome(claude, model.url, join(folder, 'home'))
    const surroundings: NodeJS.ProcessEnv = {
      ...envOf(folder),
      ...env,
      GIT_AUTHOR_NAME: 'Ada',
      GIT_COMMITTER_NAME: 'Ada',
      EMAIL: 'a@b.test',
    }
    const daemon = await startDaemon(repo, 1, {
      ...surroundings,
      PATH: `${dirname(claude.path)}:${surroundings['PATH']}`,
      DROVER_AGENT: 'claude',
      DROVER_ENV_PASS: Object.keys(env).join(','),
    })
    const pairs: { alone: number; drover: number }[] = []
    try {
      await inProject(repo, async (project) => {
        const drover = async (name: string): Promise<number> => {
          const begun = performance.timeOrigin + performance.now()
          await project.ledger.append([created(name, { description: program(name), run: null })], project.person())
          await project.poke()
          await until(name, async () => ((await project.reading.task(name))?.status === 'completed' ? true : undefined))
          return (await project.reading.task(name))!.finishedAt! - begun
        }
        for (let round = 0; round <= rounds * 2; round++) {
          const pair = {
            alone: await runAlone(claude.path, alone, program(`a${round}`), surroundings),
            drover: await drover(`d${round}`),
          }
          say(`claude: ${Math.round(pair.alone)} ms alone, ${Math.round(pair.drover)} ms with drover`)
          if (round > 0) pairs.push(pair) // the first finds nothing in any cache
        }
      })
    } finally {
      await daemon.stop()
      await model.close()
    }
    return {
      'agent alone': median(pairs.map((pair) => pair.alone)),
      'agent claude': median(pairs.map((pair) => pair.drover / pair.alone)),
    }
  })

async function runAlone(file: string, cwd: string, prompt: string, env: NodeJS.ProcessEnv): Promise<number> {
  const begun = performance.now()
  const args = ['-p', '--dangerously-skip-permissions', '--output-format', 'stream-json', '--verbose']
  const child = spawn(file, args, { cwd, env, stdio: ['pipe', 'ignore', 'ignore'] })
  child.stdin.end(prompt)
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`claude ended with ${code}`)
  return performance.now() - begun
}
