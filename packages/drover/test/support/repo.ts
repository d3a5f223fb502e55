import { spawn, spawnSync } from 'node:child_process'
import { openSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { access, lstat, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import type { CommandRun, Finished } from '../../src/ports/system.ts'
import type { Kept, LandingText, Merge, Moved, Worktree } from '../../src/ports/workspace.ts'
import type { Call, Ended, Exec } from '../../src/workspace/git.ts'
import { openWorkspace, type TrustingWorkspace, type WorkspaceOptions } from '../../src/workspace/open.ts'

const author = { name: 'An Agent', email: 'agent@example.org' }

/** A temporary repository as a person has it, and workspaces opened on it. */
export interface Repo {
  root: string
  home: string
  gitDir: string
  /** Every program our side has run, in order. */
  calls: Call[]
  /** Plain git, as a person types it. */
  git(...args: string[]): string
  gitIn(folder: string, ...args: string[]): string
  write(path: string, text: string, folder?: string): Promise<void>
  read(path: string, folder?: string): Promise<string>
  has(path: string, folder?: string): Promise<boolean>
  commit(files: Record<string, string>, message?: string): Promise<string>
  open(overrides?: Partial<WorkspaceOptions>): TrustingWorkspace
  options(overrides?: Partial<WorkspaceOptions>): WorkspaceOptions
  tip(): string
  /** A worktree for the task on the tip. */
  at(
    workspace: TrustingWorkspace,
    task: string,
    more?: { attempt?: number; fresh?: boolean; from?: string | null; base?: string },
  ): Promise<Worktree>
  keep(workspace: TrustingWorkspace, task: string, attempt?: number): Promise<Kept>
  merge(workspace: TrustingWorkspace, kept: Kept, text?: Partial<LandingText>): ReturnType<TrustingWorkspace['merge']>
  /** Merge, move, follow: all of a landing. */
  land(workspace: TrustingWorkspace, task: string, kept: Kept): Promise<Moved>
}

export async function makeRepo(t: TestContext, more: { branch?: string; objectFormat?: string } = {}): Promise<Repo> {
  const folder = realpathSync(await mkdtemp(join(tmpdir(), 'drover-repo-')))
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }))
  const [root, home] = [join(folder, 'project'), join(folder, 'home')]
  await mkdir(home, { recursive: true })
  await writeFile(
    join(home, '.gitconfig'),
    '[user]\nname = A Person\nemail = person@example.org\n[protocol "file"]\nallow = always\n',
  )
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, GIT_CONFIG_NOSYSTEM: '1' }
  const run = (cwd: string, args: string[]): string => {
    const ended = spawnSync('git', args, { cwd, env, encoding: 'utf8' })
    if (ended.status !== 0) throw new Error(`git ${args.join(' ')}: ${ended.stderr}`)
    return ended.stdout.trim()
  }
  await mkdir(root)
  run(root, ['init', '-q', '-b', more.branch ?? 'trunk', `--object-format=${more.objectFormat ?? 'sha1'}`])
  const calls: Call[] = []
  const repo: Repo = {
    root,
    home,
    gitDir: join(root, '.git'),
    calls,
    git: (...args) => run(root, args),
    gitIn: (where, ...args) => run(where, args),
    async write(path, text, where = root) {
      await mkdir(dirname(join(where, path)), { recursive: true })
      await writeFile(join(where, path), text)
    },
    read: (path, where = root) => readFile(join(where, path), 'utf8'),
    has: (path, where = root) =>
      lstat(join(where, path)).then(
        () => true,
        () => false,
      ),
    async commit(files, message = 'a commit') {
      for (const [path, text] of Object.entries(files)) await repo.write(path, text)
      run(root, ['add', '-A'])
      run(root, ['commit', '-q', '--allow-empty', '-m', message])
      return run(root, ['rev-parse', 'HEAD'])
    },
    options: (overrides = {}) => ({
      root,
      gitDir: join(root, '.git'),
      worktreeRoot: join(root, '.drover', 'worktrees'),
      runFolder: join(root, '.drover', 'run'),
      target: more.branch ?? 'trunk',
      committer: { name: 'A Person', email: 'person@example.org' },
      trusted: async () => ({}),
      exec: countingExec(calls),
      env,
      clock: { now: () => 1_700_000_000_000 },
      system: { run: runCommand, end: async () => undefined },
      gateEnv: env,
      gateMark: 'project:gate',
      cache: [],
      include: '.worktreeinclude',
      setup: null,
      endGit,
      ...overrides,
    }),
    open: (overrides) => openWorkspace(repo.options(overrides)),
    tip: () => run(root, ['rev-parse', more.branch ?? 'trunk']),
    async at(workspace, task, { attempt = 1, fresh = false, from = null, base = repo.tip() } = {}) {
      const worktree = await workspace.at({ task, attempt, base, fresh, from })
      if ('problem' in worktree) throw new Error(worktree.problem)
      return worktree
    },
    keep: (workspace, task, attempt = 1) => workspace.keep({ task, attempt, message: `Work on ${task}`, author }),
    merge(workspace, kept, text = {}) {
      const words = {
        subject: 'feat: land it',
        body: '',
        trailers: [['Drover-Task', 'task-a']] as const,
        author,
        at: 1_700_000_000_000,
        ...text,
      }
      return workspace.merge({
        task: 'task-a',
        branch: more.branch ?? 'trunk',
        commit: kept.commit!,
        base: kept.base,
        text: words,
        history: 'squash',
      })
    },
    async land(workspace, task, kept) {
      const branch = more.branch ?? 'trunk'
      const merged = (await repo.merge(workspace, kept, { trailers: [['Drover-Task', task]] })) as Merge
      const { moves } = await workspace.checkouts(branch, merged.tip, merged.commit)
      const moved = await workspace.move({ task, branch, from: merged.tip, to: merged.commit })
      await workspace.follow(moves)
      return moved
    },
  }
  await repo.commit(
    { 'a.txt': 'one\ntwo\nthree\n', 'b.txt': 'b\n', '.gitignore': 'ignored/\n.env\n*.log\n.drover/\n' },
    'first',
  )
  return repo
}

const countingExec =
  (calls: Call[]): Exec =>
  (call) => {
    calls.push(call)
    return execute(call)
  }

export function execute(call: Call): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(call.file, call.args, { cwd: call.cwd, env: { ...call.shared, ...call.env }, stdio: 'pipe' })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (bytes: Buffer) => out.push(bytes))
    child.stderr.on('data', (bytes: Buffer) => err.push(bytes))
    child.stdin.on('error', () => undefined)
    child.stdin.end(call.input ?? '')
    child.on('error', reject)
    child.on('close', (exitCode, signal) =>
      resolve({ exitCode, signal, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    )
  })
}

async function runCommand({ command, cwd, env, timeoutMs, logFile }: CommandRun): Promise<Finished> {
  if (logFile) await mkdir(dirname(logFile), { recursive: true })
  const log = logFile ? openSync(logFile, 'w') : 'ignore'
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', command], { cwd, env: { ...env }, stdio: ['ignore', log, log], detached: true })
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      process.kill(-child.pid!, 'SIGKILL')
    }, timeoutMs)
    child.on('close', (exitCode, signal) => {
      clearTimeout(timer)
      resolve({ exitCode, signal, timedOut, tail: logFile ? readFileSync(logFile, 'utf8') : '', durationMs: 1 })
    })
  })
}

async function endGit(mark: string, butEpoch: string): Promise<void> {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const env = await readFile(`/proc/${name}/environ`, 'utf8').catch(() => '')
    const found = env.split('\0').find((line) => line.startsWith(mark))
    if (!found || found === mark + butEpoch) continue
    process.kill(Number(name), 'SIGKILL')
    while (
      await access(`/proc/${name}/exe`).then(
        () => true,
        () => false,
      )
    )
      await new Promise(setImmediate)
  }
}
