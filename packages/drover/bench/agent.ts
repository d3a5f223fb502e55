import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { openToolsWeb } from '../src/app/mcp-web.ts'
import { claudeDriver } from '../src/drivers/claude.ts'
import type { Spec } from '../src/ports/driver.ts'
import { agentCli } from '../test/support/agent-cli.ts'
import { agentHome } from '../test/support/agent-home.ts'
import { startModel } from '../test/support/scripted-model/scripted-model.ts'
import { created } from '../test/support/drafts.ts'
import { envOf, inFolder, inProject, makeProject, startDaemon } from './project.ts'
import { gitIn } from './repository.ts'
import type { Found, Options } from './targets.ts'
import { median, until } from './timing.ts'

/** How long the model takes for each answer: none at all, and less than any that is hosted somewhere. */
const models = { 'at once': 0, 'in 0.3 s': 0.3 } as const
type ModelKind = keyof typeof models

const program = (name: string, takes: number): string =>
  [`[[write ${name}.txt it is written]]`, `[[commit Add ${name}]]`, '[[say Ready.]]']
    .map((step) => (takes === 0 ? step : `[[sleep ${takes}]] ${step}`))
    .join(' ')

/** A trivial run of the real Claude Code: alone in a repository, and as a task from `add` to its landing. Its model is on loopback. */
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
    const tools = await openToolsWeb(0, async () => ({ ok: true, about: { text: '', fields: {} } }))
    const words = { path: claude.path, args: [], env: {} }
    const started = (prompt: string): Started => {
      const spec = specOf(folder, { prompt, newSession: randomUUID(), url: tools.url })
      const { file, args, files = {}, env: own } = claudeDriver(words).spawn(spec)
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
      const input = claudeDriver(words)
        .talk(spec)
        .open()
        .map((line) => `${line}\n`)
        .join('')
      return { file, args, input, env: own }
    }
    const pairs: Record<ModelKind, Pair[]> = { 'at once': [], 'in 0.3 s': [] }
    try {
      await inProject(repo, async (project) => {
        const drover = async (name: string, takes: number): Promise<number> => {
          const begun = performance.timeOrigin + performance.now()
          const description = program(name, takes)
          await project.ledger.append([created(name, { description, run: null })], project.person())
          await project.poke()
          await until(name, async () => ((await project.reading.task(name))?.status === 'completed' ? true : undefined))
          return (await project.reading.task(name))!.finishedAt! - begun
        }
        for (let round = 0; round <= rounds * 2; round++)
          for (const [kind, takes] of Object.entries(models) as [ModelKind, number][]) {
            const name = `${kind.replaceAll(/\W/g, '')}${round}`
            const input = program(`a-${name}`, takes)
            const pair = {
              alone: await runAlone({ file: claude.path, args: plain, input }, alone, surroundings),
              same: await runAlone(started(program(`s-${name}`, takes)), alone, surroundings),
              drover: await drover(`d-${name}`, takes),
            }
            const [first, second, third] = [pair.alone, pair.same, pair.drover].map(Math.round)
            say(
              `claude, its model answers ${kind}: ${first} ms alone, ${second} ms alone with drover's words and tools, ${third} ms with drover`,
            )
            if (round > 0) pairs[kind].push(pair) // the first finds nothing in any cache
          }
      })
    } finally {
      await daemon.stop()
      await tools.close()
      await model.close()
    }
    return {
      'agent alone': median(pairs['in 0.3 s'].map((pair) => pair.alone)),
      'agent claude': median(pairs['in 0.3 s'].map((pair) => pair.drover / pair.alone)),
      'agent alone at once': median(pairs['at once'].map((pair) => pair.alone)),
      'agent claude at once': median(pairs['at once'].map((pair) => pair.drover / pair.alone)),
      'agent drover at once': median(pairs['at once'].map((pair) => pair.drover / pair.same)),
    }
  })

interface Pair {
  alone: number
  same: number
  drover: number
}

const plain = ['-p', '--dangerously-skip-permissions', '--output-format', 'stream-json', '--verbose']

interface Started {
  file: string
  args: readonly string[]
  input: string
  env?: Readonly<Record<string, string>>
}

async function runAlone(
  { file, args, input, env = {} }: Started,
  cwd: string,
  around: NodeJS.ProcessEnv,
): Promise<number> {
  const begun = performance.now()
  const child = spawn(file, args, { cwd, env: { ...around, ...env }, stdio: ['pipe', 'ignore', 'ignore'] })
  child.stdin.end(input)
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`claude ended with ${code}`)
  return performance.now() - begun
}

const specOf = (folder: string, about: { prompt: string; newSession: string; url: string }): Spec => ({
  run: null,
  perhaps: [],
  prompt: about.prompt,
  promptFile: '',
  session: null,
  newSession: about.newSession,
  worktree: folder,
  folder,
  model: null,
  permission: 'full',
  tools: {
    command: 'true',
    args: [],
    env: {},
    web: { url: about.url, headers: { Authorization: 'Bearer none', 'x-drover-run': 'none', 'x-drover-task': 'none' } },
  },
  budgetUsd: null,
  readOnly: false,
})
