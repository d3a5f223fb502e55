export interface Edit {
  file: string
  /** Stands in the file exactly once: a fast test says when it does not any more. */
  find: string
  replace: string
}

export interface Sabotage {
  name: string
  /** The promise that it breaks, in words. */
  breaks: string
  /** What is most likely to show it: random deaths, wrong moments, or deaths at the points with this word in their name. */
  shows: 'deaths' | 'rush' | { points: string }
  edits: readonly Edit[]
}

const intend = `if (!(await tell(crew, round, { step: 'intend', events: [intended] }))) return goneOut(crew, round)`

/** Faults that drover does not have. A bundle for the harness gets one of them, and the harness must find it. */
export const sabotages: readonly Sabotage[] = [
  {
    name: 'skip-landed-ref',
    breaks: 'work lands once: what has landed is tried again after a death',
    shows: { points: 'workspace move after' },
    edits: [{ file: 'workspace/move.ts', find: '`create ${landedRef(task)} ${to}`,', replace: '' }],
  },
  {
    name: 'land-before-intent',
    breaks: 'a task that was cancelled does not land: nobody knows that its branch is moving',
    shows: 'rush',
    edits: [
      { file: 'flow/land.ts', find: intend, replace: '' },
      {
        file: 'flow/land.ts',
        find: "if (moved.outcome === 'moved') {",
        replace: `${intend}\n  if (moved.outcome === 'moved') {`,
      },
    ],
  },
  {
    name: 'ignore-lock',
    breaks: 'one process drives a project: two do, each with an agent for the same attempt',
    shows: 'rush',
    edits: [{ file: 'app/lock.ts', find: "db.exec('pragma locking_mode = exclusive; begin exclusive')", replace: '' }],
  },
  {
    name: 'no-mutex',
    breaks: 'worktrees are made one after another: two get one name',
    shows: 'rush',
    edits: [
      { file: 'workspace/mutex.ts', find: 'const mine = last.then(run, run)', replace: 'const mine = run()' },
      // Between choosing a name and saying so lies one `mkdir`: on a slow disk it takes as long as this.
      {
        file: 'workspace/make.ts',
        find: 'await mkdir(to.entries.folder, { recursive: true })',
        replace:
          'await mkdir(to.entries.folder, { recursive: true }).then(() => new Promise((done) => setTimeout(done, 40)))',
      },
    ],
  },
  {
    name: 'begin-deferred',
    breaks: 'commands wait for each other: one that reads before it writes fails under WAL, whatever the timeout',
    shows: 'rush',
    edits: [
      { file: 'ledger/connection.ts', find: "db.exec('begin immediate')", replace: "db.exec('begin')" },
      { file: 'ledger/connection.ts', find: 'pragma busy_timeout = 0', replace: 'pragma busy_timeout = 10000' },
      {
        file: 'ledger/connection.ts',
        find: 'if (!isBusy(error) || performance.now() > patience)',
        replace: 'if (patience)',
      },
    ],
  },
  {
    name: 'no-old-value',
    breaks: "the user's commits stay: the branch is moved whatever it points to",
    shows: 'rush',
    edits: [
      {
        file: 'workspace/move.ts',
        find: '`update refs/heads/${branch} ${to} ${from}`',
        replace: '`update refs/heads/${branch} ${to}`',
      },
    ],
  },
  {
    name: 'event-outside-transaction',
    breaks: 'an event and what it does are written together: a death comes between',
    shows: { points: 'update task before' },
    edits: [
      {
        file: 'ledger/append.ts',
        find: 'yield* apply(stored, before)',
        replace: `yield { texts: ['commit'], values: [] }
  yield { texts: ['begin immediate'], values: [] }
  yield* apply(stored, before)`,
      },
    ],
  },
  {
    name: 'kill-only-the-pid',
    breaks: 'nothing of an attempt is left at work: what it started lives on',
    shows: 'rush',
    edits: [
      {
        file: 'app/ending.ts',
        find: 'filter((one) => !own.has(one.pid))',
        replace: 'filter((one) => !own.has(one.pid) && one.pid === leader?.pid)',
      },
    ],
  },
  {
    name: 'judge-before-they-are-gone',
    breaks: 'all that an attempt wrote is kept: its last process writes on while the work is kept and judged',
    shows: 'rush',
    edits: [
      {
        file: 'flow/work-on.ts',
        find: "await durable.step(name('stop'), () => stop(crew, work), 'light')",
        replace: '',
      },
      {
        file: 'flow/work-on.ts',
        find: "if (verdict.by === 'exit-code'",
        replace: "await durable.step(name('stop'), () => stop(crew, work), 'light')\n  if (verdict.by === 'exit-code'",
      },
    ],
  },
  {
    name: 'clean-before-keep',
    breaks: 'no uncommitted work is destroyed: the worktree is cleaned, then kept',
    shows: 'deaths',
    edits: [
      {
        file: 'workspace/keep.ts',
        find: 'await leaveBranch(to, entry, branchRef(wanted.task))',
        replace: "await to.git.run(placeOf(entry), ['clean', '-ffdxq'])",
      },
    ],
  },
  {
    name: 'prune-what-is-begun',
    breaks: 'nothing goes in which somebody begins: its files go, and keeping takes them for deleted',
    shows: 'rush',
    edits: [
      { file: 'workspace/prune.ts', find: 'isTaken: to.turns.isTaken(turn)', replace: 'isTaken: false' },
      { file: 'workspace/prune.ts', find: '(await wanted.isAtWork?.(task)) === true', replace: 'false' },
      {
        file: 'workspace/prune.ts',
        find: 'return to.turns.take(turn, async',
        replace: 'return to.turns.take(`${turn}?`, async',
      },
    ],
  },
  {
    name: 'attempt-before-the-last-is-over',
    breaks: 'two agents never work at one task: the next starts while the last is still stopping',
    shows: 'rush',
    edits: [
      { file: 'domain/schedule.ts', find: 'if (!candidate.lastAttemptIsOver)', replace: 'if (candidate === null)' },
    ],
  },
  {
    name: 'never-adopt',
    breaks: 'an agent that outlived drover goes on: a second one is started beside it',
    shows: 'rush',
    edits: [
      { file: 'flow/run-agent.ts', find: "if (state.state === 'absent') await launch", replace: 'await launch' },
      {
        file: 'app/agent-place.ts',
        find: 'if (leader && (await isAlive(processes, leader))) return false',
        replace: '',
      },
    ],
  },
  {
    name: 'old-base',
    breaks: 'a task starts from a base that holds what it needs: it starts from the one that was the tip once',
    shows: 'deaths',
    edits: [
      {
        file: 'flow/drive-task.ts',
        find: 'await crew.workspace.tip(crew.here.target)',
        replace: 'await (((globalThis as { tip?: Promise<string> }).tip) ??= crew.workspace.tip(crew.here.target))',
      },
      // The guard behind it would only make the attempt fail.
      { file: 'flow/drive-task.ts', find: "if (missing) return { end: 'failed', words: missing }", replace: '' },
    ],
  },
  {
    name: 'gate-before-merge',
    breaks: 'what is on the target passed the gate as it stands there: the tip was gated, not the merge',
    shows: 'rush',
    edits: [
      {
        file: 'flow/land.ts',
        find: "commit: built.commit,\n    command: crew.settings['land.gate']",
        replace: "commit: built.tip,\n    command: crew.settings['land.gate']",
      },
    ],
  },
  {
    name: 'checkout-left-behind',
    breaks: "the user's checkout follows the target: nobody moves it along, and their next commit undoes what landed",
    shows: 'deaths',
    edits: [
      {
        file: 'workspace/move.ts',
        find: "if (moved.outcome === 'landed') await followLocked(moving, checkouts)",
        replace: '',
      },
      { file: 'flow/land.ts', find: 'crew.workspace.follow(checkouts)', replace: 'Promise.resolve([])' },
      { file: 'workspace/recover.ts', find: 'await finishMoves(to)\n', replace: '\n' },
    ],
  },
  {
    name: 'never-resume',
    breaks: 'an agent goes on where it was: each attempt begins another session, and asks again what was answered',
    shows: { points: 'task.asked after' },
    edits: [
      {
        file: 'flow/launch.ts',
        find: 'return driver.abilities.resumes && isOurs ? task.session : null',
        replace: "return driver.abilities.resumes && isOurs && task.id === '' ? task.session : null",
      },
    ],
  },
]
