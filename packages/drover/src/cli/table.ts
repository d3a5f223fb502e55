import type { Command } from './command.ts'

export const groups = ['Setup', 'Tasks', 'Run', 'Intervene', 'Inspect', 'Land'] as const

export interface Row {
  name: string
  aliases?: readonly string[]
  group: (typeof groups)[number]
  summary: string
  /** Works, but is not shown among the commands. */
  hidden?: true
  load: () => Promise<Command>
}

/** Every command. Its file is loaded when it is used, so that help and a mistyped word cost nothing. */
export const table: readonly Row[] = [
  { name: 'init', group: 'Setup', summary: 'Make this repository a drover project', load: async () => (await import('./commands/init.ts')).init },
  { name: 'doctor', group: 'Setup', summary: 'Check everything drover needs, and say how to mend it', load: async () => (await import('./commands/doctor.ts')).doctor },
  { name: 'config list', group: 'Setup', summary: 'Every setting and where it comes from', load: async () => (await import('./commands/config.ts')).configList },
  { name: 'config get', group: 'Setup', summary: 'One setting', load: async () => (await import('./commands/config.ts')).configGet },
  { name: 'config set', group: 'Setup', summary: 'Write a setting into .drover.toml', load: async () => (await import('./commands/config.ts')).configSet },
  { name: 'demo', group: 'Setup', summary: 'See drover drive a small project, no account needed', load: async () => (await import('./commands/demo.ts')).demo },
  { name: 'version', group: 'Setup', summary: 'Versions of drover and what it runs on', load: async () => (await import('./commands/version.ts')).version },
  { name: 'help', group: 'Setup', summary: 'Help for a command', load: async () => (await import('./commands/help.ts')).help },

  { name: 'add', group: 'Tasks', summary: 'Add a task', load: async () => (await import('./commands/add.ts')).add },
  { name: 'quick', group: 'Tasks', summary: 'Add a task, no questions and no advice', load: async () => (await import('./commands/add.ts')).quick },
  { name: 'edit', group: 'Tasks', summary: 'Change a task that is not at work', load: async () => (await import('./commands/edit.ts')).edit },
  { name: 'need add', group: 'Tasks', summary: 'Make a task wait for others', load: async () => (await import('./commands/need.ts')).needAdd },
  { name: 'need rm', group: 'Tasks', summary: 'Let a task no longer wait for others', load: async () => (await import('./commands/need.ts')).needRm },
  { name: 'epic add', group: 'Tasks', summary: 'Add an epic: a named group of tasks', load: async () => (await import('./commands/epic.ts')).epicAdd },
  { name: 'epic list', group: 'Tasks', summary: 'The epics and how far they are', load: async () => (await import('./commands/epic.ts')).epicList },
  { name: 'epic show', group: 'Tasks', summary: 'One epic with its tasks', load: async () => (await import('./commands/epic.ts')).epicShow },
  { name: 'epic close', group: 'Tasks', summary: 'Close an epic', load: async () => (await import('./commands/epic.ts')).epicClose },
  { name: 'import-jsonl', group: 'Tasks', summary: 'Take over epics, stories and tasks from JSON lines', load: async () => (await import('./commands/import-jsonl.ts')).importLines },

  { name: 'run', group: 'Run', summary: 'Drive all tasks until nothing can go on', load: async () => (await import('./commands/run.ts')).run },
  { name: 'resume', group: 'Run', summary: 'Go on with a run, or with paused tasks', load: async () => (await import('./commands/resume.ts')).resume },
  { name: 'daemon', aliases: ['drover-daemon'], group: 'Run', summary: 'Drive tasks and stay for new ones', load: async () => (await import('./commands/daemon.ts')).daemon },
  { name: 'daemon start', group: 'Run', summary: 'Start a daemon in the background', load: async () => (await import('./commands/daemon.ts')).daemonStart },
  { name: 'daemon status', aliases: ['daemon-status'], group: 'Run', summary: 'Whether a daemon drives this project', load: async () => (await import('./commands/daemon.ts')).daemonStatus },
  { name: 'daemon stop', aliases: ['daemon-stop'], group: 'Run', summary: 'Stop the daemon; its work can go on later', load: async () => (await import('./commands/daemon.ts')).daemonStop },
  { name: 'parcel done', group: 'Run', summary: 'For agents: report how the attempt ended', load: async () => (await import('./commands/parcel.ts')).parcelDone },
  { name: 'parcel progress', group: 'Run', summary: 'For agents: report a step', load: async () => (await import('./commands/parcel.ts')).parcelProgress },

  { name: 'pause', group: 'Intervene', summary: 'Stop a task at the next safe point and keep its place', load: async () => (await import('./commands/pause.ts')).pause },
  { name: 'hint', group: 'Intervene', summary: 'Tell the agent of a task something', load: async () => (await import('./commands/hint.ts')).hint },
  { name: 'cancel', group: 'Intervene', summary: 'End a task for good', load: async () => (await import('./commands/cancel.ts')).cancel },
  { name: 'retry', aliases: ['requeue'], group: 'Intervene', summary: 'Try a task again that ended or is stuck', load: async () => (await import('./commands/retry.ts')).retry },
  { name: 'resolve', group: 'Intervene', summary: 'Lift what a task waits for, or answer its question', load: async () => (await import('./commands/resolve.ts')).resolve },
  { name: 'reset', group: 'Intervene', summary: 'Put tasks back to where they wait for an agent', load: async () => (await import('./commands/reset.ts')).reset },
  { name: 'reclaim', group: 'Intervene', summary: 'See to the attempts of a drover that is gone', load: async () => (await import('./commands/reclaim.ts')).reclaim },

  { name: 'list', aliases: ['ls'], group: 'Inspect', summary: 'The tasks there are', load: async () => (await import('./commands/list.ts')).list },
  { name: 'show', aliases: ['info'], group: 'Inspect', summary: 'One task whole', load: async () => (await import('./commands/show.ts')).show },
  { name: 'why', group: 'Inspect', summary: 'Why a task does not run, and what would change that', load: async () => (await import('./commands/why.ts')).why },
  { name: 'status', group: 'Inspect', summary: 'How far everything is', load: async () => (await import('./commands/status.ts')).status },
  { name: 'watch', group: 'Inspect', summary: 'The same, live', load: async () => (await import('./commands/watch.ts')).watch },
  { name: 'summary', group: 'Inspect', summary: 'Counts of every status', load: async () => (await import('./commands/summary.ts')).summary },
  { name: 'logs', group: 'Inspect', summary: 'What the agent of a task said', load: async () => (await import('./commands/logs.ts')).logs },
  { name: 'diff', group: 'Inspect', summary: 'What a task has changed', load: async () => (await import('./commands/diff.ts')).diff },
  { name: 'stream', group: 'Inspect', summary: 'Events as JSON lines, in order, without gaps', load: async () => (await import('./commands/stream.ts')).stream },

  { name: 'land', group: 'Land', summary: 'Land work that waits for you', load: async () => (await import('./commands/land.ts')).land },
  { name: 'land retry', group: 'Land', summary: 'Try a refused landing again, without an agent', load: async () => (await import('./commands/land.ts')).landRetry },
  { name: 'land history', aliases: ['land-history'], group: 'Land', summary: 'The landings there were', load: async () => (await import('./commands/land.ts')).landHistory },
  { name: 'land status', group: 'Land', summary: 'What is landing, and what waits to', load: async () => (await import('./commands/land.ts')).landStatus },
  { name: 'worktree list', group: 'Land', summary: 'The worktrees and whose they are', load: async () => (await import('./commands/worktree.ts')).worktreeList },
  { name: 'worktree prune', aliases: ['worktree sweep'], group: 'Land', summary: 'Remove worktrees nobody uses; their work is kept', load: async () => (await import('./commands/worktree.ts')).worktreePrune },
  { name: 'worktree cleanup', group: 'Land', summary: 'Remove every worktree of tasks that rest', load: async () => (await import('./commands/worktree.ts')).worktreeCleanup },
  { name: 'rescue list', group: 'Land', summary: 'The work that is kept', load: async () => (await import('./commands/rescue.ts')).rescueList },
  { name: 'rescue show', group: 'Land', summary: 'What was kept of a task', load: async () => (await import('./commands/rescue.ts')).rescueShow },
  { name: 'rescue restore', group: 'Land', summary: 'Make a branch of kept work', load: async () => (await import('./commands/rescue.ts')).rescueRestore },
]

export const rowNamed = (name: string): Row | undefined => table.find((row) => row.name === name || row.aliases?.includes(name))
