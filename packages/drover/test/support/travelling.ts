import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { World } from './world.ts'

/** A repository without files that several clones push to. */
export interface Remote {
  folder: string
  git(...args: string[]): string
  /** A hook of the server's; it says no with its exit code. */
  hook(name: string, script: string): void
  tip(): string
  /** Its refs below this, without the prefix, each with its commit. */
  refs(below: string): Record<string, string>
  /** The tasks whose landings are on the branch, oldest first. */
  landed(): string[]
}

interface Wanted {
  settings?: string
  /** More lines of `[land]`. */
  land?: string
  files?: Record<string, string>
  branch?: string
  /** How many clones, each with a project of its own. */
  clones?: number
  /** How drover is to reach it. */
  url?: (folder: string) => string
  /** One project for all clones, in this database: several machines. */
  database?: string
  /** Its id, where the database has a schema for it already. */
  project?: string
  /** A server takes pushes over http. */
  receive?: boolean
}

/** Clones of one bare remote, each with drover in it: as far as git goes, as many machines. */
export async function makeTravellers(
  t: TestContext,
  {
    settings = '',
    land = '',
    files = {},
    branch = 'main',
    clones = 1,
    url,
    database,
    project,
    receive = false,
  }: Wanted = {},
): Promise<{ remote: Remote; worlds: World[] }> {
  const worlds = Array.from({ length: clones }, () => new World())
  for (const world of worlds) t.after(() => world.close())
  const first = worlds[0]!
  const folder = join(first.folder, 'remote.git')
  mkdirSync(folder)
  const remote = openRemote(first, folder, branch)
  remote.git('init', '-q', '--bare', '-b', branch)
  if (receive) remote.git('config', 'http.receivepack', 'true')
  first.git('init', '-q', '-b', branch)
  const wanted = `retry_delay = "20ms"\nstop_grace = "1s"\n${settings}\n[land]\npush = "on"\n${land}\n`
  first.commit({ 'README.md': '# A project\n', '.drover.toml': wanted, ...files }, 'first')
  first.git('remote', 'add', 'origin', `file://${folder}`)
  first.git('push', '-q', '-u', 'origin', branch)
  for (const world of worlds.slice(1)) world.git('clone', '-q', '-b', branch, `file://${folder}`, '.')
  if (url) for (const world of worlds) world.git('remote', 'set-url', 'origin', url(folder))
  if (project !== undefined) first.write({ '.drover/config.yaml': `schema: 1\nproject: ${project}\n` })
  if (database !== undefined) await joinAll(worlds, database)
  else for (const world of worlds) await world.ok('init')
  return { remote, worlds }
}

async function joinAll(worlds: readonly World[], database: string): Promise<void> {
  for (const [n, world] of worlds.entries()) {
    world.database = database
    Object.assign(world.env, { DROVER_DATABASE_URL: database, DROVER_MACHINE_NAME: `machine-${n + 1}` })
    if (n === 0) await world.ok('init')
    else {
      mkdirSync(join(world.root, '.drover'))
      // What its git is told is trusted on each machine by who sits there.
      await world.drover('doctor', '--trust')
    }
  }
}

function openRemote(world: World, folder: string, branch: string): Remote {
  const git = (...args: string[]): string => {
    const ran = spawnSync('git', args, { cwd: folder, env: world.env, encoding: 'utf8' })
    assert.equal(ran.status, 0, `git ${args.join(' ')}: ${ran.stderr}`)
    return ran.stdout.trimEnd()
  }
  return {
    folder,
    git,
    hook(name, script) {
      writeFileSync(join(folder, 'hooks', name), `#!/bin/sh\n${script}\n`)
      chmodSync(join(folder, 'hooks', name), 0o755)
    },
    tip: () => git('rev-parse', `refs/heads/${branch}`),
    refs(below) {
      const lines = git('for-each-ref', '--format=%(refname) %(objectname)', below).split('\n').filter(Boolean)
      return Object.fromEntries(
        lines.map((line) => {
          const [ref = '', oid = ''] = line.split(' ')
          return [ref.slice(below.length), oid]
        }),
      )
    },
    landed() {
      const format = '--format=%(trailers:key=Drover-Task,valueonly,separator=%x2c)'
      return git('log', '--reverse', '--first-parent', format, branch).split('\n').filter(Boolean)
    },
  }
}
