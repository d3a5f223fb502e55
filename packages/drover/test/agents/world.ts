import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { type AgentName, type RealAgent, realAgent } from '../support/agent-cli.ts'
import { agentHome, type Login } from '../support/agent-home.ts'
import type { Entry } from '../support/scripted-model/log.ts'
import { type Model, startModel } from '../support/scripted-model/scripted-model.ts'
import { endIfThere, makeWorld, type World } from '../support/world.ts'

export interface Wanted {
  settings?: string
  files?: Record<string, string>
  login?: Login
}

/** A project whose agent is the real program, with a home of its own and the scripted model as its only one. */
/** Where sessions are, and what stands there when a tool has run: Claude Code's prompt alone has its words too. */
const writtenBy: Partial<Record<string, { folder: string; sign?: string }>> = {
  copilot: { folder: '.copilot/session-state' },
  claude: { folder: '.claude/projects', sign: '"type":"tool_result"' },
}

export class AgentWorld {
  readonly world: World
  readonly model: Model
  readonly agent: RealAgent

  constructor(world: World, model: Model, agent: RealAgent) {
    this.world = world
    this.model = model
    this.agent = agent
  }

  /** A task for the agent, whose description is the program of the model. */
  async ask(id: string, program: string, ...more: string[]): Promise<void> {
    const description = `Do what stands here.\n\n[[name ${id}]] ${program} [[end]]`
    await this.world.ok('add', `Work on ${id}`, '--id', id, '-d', description, '--skip-validation', ...more)
  }

  /** What the model was asked for this task, titles and such left out. */
  asked(id: string): Entry[] {
    return this.model.log().filter(({ name, step }) => name === id && step !== null)
  }

  /** The steps that were answered, in order: going on where it was repeats none. */
  steps(id: string): number[] {
    return this.asked(id).flatMap(({ step, outcome }) => (outcome === 'answered' ? [step!] : []))
  }

  /** Until the model is asked for this step, and has not answered yet where it waits. */
  reached(id: string, step: number): Promise<Entry> {
    return this.model.until(`${id} comes to step ${step}`, (log) =>
      log.findLast((entry) => entry.name === id && entry.step === step),
    )
  }

  /** Until the program has written down that its first tool ran: these do so a while after, and know nothing before. */
  async remembers(text: string, sign?: string): Promise<void> {
    const written = writtenBy[this.agent.name]
    if (written === undefined) return
    const folder = join(this.world.env['HOME']!, written.folder)
    const looked = sign ?? written.sign ?? text
    await this.world.until(`${this.agent.name} has written its session down`, async () => {
      const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jsonl'))
      return files.some((name) => readFileSync(join(folder, name), 'utf8').includes(looked)) || undefined
    })
  }

  open(gate: string): void {
    this.model.control({ open: gate })
  }

  /** `kill -9` of the agent itself; the shell that it runs under sees it die. */
  killAgent(id: string, attempt = 1): void {
    const wrapper = readFileSync(join(this.world.root, '.drover/attempts', id, String(attempt), 'pid'), 'utf8')
    const children = childrenOf(Number.parseInt(wrapper, 10))
    assert.notEqual(children.length, 0, `no agent works on ${id}`)
    for (const pid of children) endIfThere(pid)
  }

  /** What lives of the agents, and of all that they started. */
  async processes(): Promise<string[]> {
    const marks = (await this.world.processes()).map(({ mark }) => mark)
    return marks.filter((mark) => mark.startsWith('DROVER_RUN_ID='))
  }

  /** The program's own sessions that took part in this task. */
  sessions(id: string): string[] {
    return [...new Set(this.asked(id).map(({ session }) => session))]
  }
}

/** Nothing where the program cannot be had: the test is skipped then, and has said so. */
export async function makeAgentWorld(
  t: TestContext,
  name: AgentName,
  { settings = '', files = {}, login = 'key' }: Wanted = {},
): Promise<AgentWorld | undefined> {
  const agent = await realAgent(t, name)
  if (agent === undefined) return undefined
  const model = await startModel()
  t.after(() => model.close())
  const world = await makeWorld(t, { settings: `agent = "${name}"\n${settings}`, files, init: false })
  const { env } = agentHome(agent, model.url, world.env['HOME']!, login)
  world.patienceMs = world.longestMs = 150_000
  Object.assign(world.env, env, {
    PATH: `${dirname(agent.path)}:${world.env['PATH']}`,
    DROVER_ENV_PASS: ['MARKS', ...Object.keys(env)].join(','),
  })
  // Gemini's shell sees no configuration of git but the repository's.
  for (const [key, value] of Object.entries({ name: 'Ada', email: 'ada@example.test' }))
    world.git('config', `user.${key}`, value)
  await world.ok('init')
  return new AgentWorld(world, model, agent)
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    const fields = statOf(name)
    return fields[1] === String(parent) && fields[0] !== 'Z' ? [Number(name)] : []
  })
}

/** State and parent, and what follows, of a process; nothing when it has ended. */
function statOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')
  } catch {
    return []
  }
}
