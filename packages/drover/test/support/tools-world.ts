import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeWorld } from './world.ts'

const agent = fileURLToPath(new URL('./agent-with-tools.ts', import.meta.url))

export interface Used {
  task: string
  attempt: number
  name: string
  text: string
  isError: boolean
  fields: Record<string, unknown>
}

/** A project whose agent has drover's tools and does what the test writes for it. */
export async function makeToolsWorld(t: TestContext, settings = '') {
  const command = `'${process.execPath}' --no-warnings '${agent}'`
  const world = await makeWorld(t, {
    settings: `agent = "scripted"\n${settings.includes('workers') ? '' : 'workers = 1\n'}${settings}\n[agents.scripted]\ncommand = ${JSON.stringify(command)}\n`,
  })
  world.env['DROVER_ENV_PASS'] = 'MARKS,NODE_COMPILE_CACHE'
  return Object.assign(world, {
    /** The body of `work({ use, attempt, prompt, mark, … })` for one task, or for all that have none of their own. */
    script(body: string, task = 'agent'): void {
      const text = `import { execFileSync } from 'node:child_process'\nimport { writeFileSync, existsSync, readFileSync } from 'node:fs'
const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).trim()
const commit = (name, text) => { writeFileSync(name, text); git('add', '-A'); git('commit', '-q', '-m', name) }
export async function work({ client, use, task, attempt, prompt, mark }) {\n${body}\n}\n`
      writeFileSync(join(world.marks, `${task}.mjs`), text)
    },
    used: (name?: string): Used[] =>
      world
        .marked('used')
        .map((line) => JSON.parse(line) as Used)
        .filter((one) => name === undefined || one.name === name),
    agentCommand: command,
    mark: (name: string): void => writeFileSync(join(world.marks, name), ''),
    plan: (id: string, ...more: string[]) => world.ok('add', `Work on ${id}`, '--id', id, '--skip-validation', ...more),
  })
}
