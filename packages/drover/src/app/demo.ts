import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { plainWords } from '../domain/draft.ts'
import type { NewEvent } from '../domain/event.ts'
import type { TaskWords } from '../domain/task.ts'
import { environment } from './load-config.ts'
import { initProject } from './init.ts'
import { openProject } from './open-project.ts'
import { openSystem } from './system.ts'

/** Agents of the demonstration are shell commands: it needs no account. `work` makes them take a moment. */
const work = 'sleep 0.4'
const both = (line: string): string =>
  `${work}; { head -n 1 README.md; echo "${line}"; tail -n +2 README.md; } > new && mv new README.md`

interface Part {
  id: string
  title: string
  run: string
  needs?: string[]
  parent?: string
  priority?: number
}

const parts: Part[] = [
  {
    id: 'task-schema',
    title: 'Set up the database schema',
    run: `${work}; echo "create table item (id integer);" > schema.sql`,
    priority: 7,
  },
  {
    id: 'task-auth',
    title: 'Let people sign in',
    run: `${work}; echo "export * from './login.ts'" > auth.ts`,
    needs: ['task-schema'],
  },
  {
    id: 'task-auth.1',
    title: 'Hash passwords',
    run: `${work}; echo "export const hash = 1" > hash.ts`,
    parent: 'task-auth',
  },
  {
    id: 'task-auth.2',
    title: 'Write the login page',
    run: `${work}; echo "export const login = 1" > login.ts`,
    parent: 'task-auth',
  },
  {
    id: 'task-api',
    title: 'Serve items over HTTP',
    run: `${work}; echo "export const api = 1" > api.ts`,
    needs: ['task-schema'],
  },
  { id: 'task-intro', title: 'Say in the README what it is (meets a conflict)', run: both('A shop for items.') },
  {
    id: 'task-usage',
    title: 'Say in the README how to use it (meets a conflict)',
    run: both('Run it with: npm start'),
  },
  {
    id: 'task-limits',
    title: 'Set the limits (its first attempt breaks the gate)',
    run: `${work}; [ "$DROVER_ATTEMPT" = 1 ] && echo broken > limits || echo 100 > limits`,
  },
  {
    id: 'task-tests',
    title: 'Test it all together',
    run: `${work}; cat schema.sql auth.ts api.ts limits > tested`,
    needs: ['task-auth', 'task-api', 'task-limits'],
  },
]

const settings = `agent = "command"
retry_delay = "300ms"
[land]
gate = "! grep -q broken limits 2>/dev/null"
`

/** A small repository with a small project in it: needs, sub-tasks, a conflict and a gate that fails once. */
export async function makeDemo(): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'drover-demo-'))
  writeFileSync(join(root, 'README.md'), '# Demonstration\n')
  writeFileSync(join(root, '.drover.toml'), settings)
  await git(root, ['init', '-q', '-b', 'main'])
  await git(root, ['config', 'user.name', 'Drover Demo'])
  await git(root, ['config', 'user.email', 'demo@drover.invalid'])
  await git(root, ['add', '-A'])
  await git(root, ['commit', '-q', '-m', 'An empty shop'])
  await initProject({ folder: root })
  const project = await openProject({ folder: root })
  const epic: NewEvent = {
    type: 'epic.created',
    epic: 'epic-shop',
    data: { title: 'A small shop', description: '', priority: 5, labels: [], imported: false },
  }
  await project.ledger.append([epic, ...parts.map(created)], project.person())
  await project.close()
  return root
}

function created({ id, title, run, needs = [], parent, priority = 5 }: Part): NewEvent {
  const words: TaskWords = { ...plainWords, title, run, priority, epicId: 'epic-shop' }
  const sequence = parent === undefined ? null : Number(id.split('.').at(-1))
  return {
    type: 'task.created',
    task: id,
    data: {
      words,
      kind: parent ? 'subtask' : 'task',
      parentId: parent ?? null,
      sequence,
      needs,
      status: 'ready',
      imported: false,
      email: null,
      createdAt: null,
    },
  }
}

export async function demoLog(root: string): Promise<string> {
  return git(root, ['log', '--graph', '--format=%h %s%n  %(trailers:key=Drover-Task,separator=%x2C )'])
}

async function git(cwd: string, args: string[]): Promise<string> {
  const env = { PATH: environment.PATH ?? '', HOME: cwd, GIT_CONFIG_NOSYSTEM: '1', LC_ALL: 'C' }
  const ended = await openSystem().exec({ file: 'git', args, cwd, env })
  if (ended.exitCode !== 0) throw new Error(`git ${args[0]}: ${ended.stderr}`)
  return ended.stdout
}
