import type { Row } from './command.ts'
import { loaders } from './loaders.ts'

/** Every command, in the order help shows them. */
const rows = [
  { name: 'init', group: 'Setup', summary: 'Make this repository a drover project' },
  { name: 'doctor', group: 'Setup', summary: 'Check everything drover needs, and say how to mend it' },
  { name: 'config list', group: 'Setup', summary: 'Every setting and where it comes from' },
  { name: 'config get', group: 'Setup', summary: 'One setting' },
  { name: 'config set', group: 'Setup', summary: 'Write a setting into .drover.toml' },
  { name: 'demo', group: 'Setup', summary: 'See drover drive a small project, no account needed' },
  { name: 'version', group: 'Setup', summary: 'Versions of drover and what it runs on' },
  { name: 'help', group: 'Setup', summary: 'Help for a command' },

  { name: 'add', group: 'Tasks', summary: 'Add a task' },
  { name: 'quick', group: 'Tasks', summary: 'Add a task, no questions and no advice' },
  { name: 'edit', group: 'Tasks', summary: 'Change a task that is not at work' },
  { name: 'need add', group: 'Tasks', summary: 'Make a task wait for others' },
  { name: 'need rm', group: 'Tasks', summary: 'Let a task no longer wait for others' },
  { name: 'epic add', group: 'Tasks', summary: 'Add an epic: a named group of tasks' },
  { name: 'epic list', group: 'Tasks', summary: 'The epics and how far they are' },
  { name: 'epic show', group: 'Tasks', summary: 'One epic with its tasks' },
  { name: 'epic close', group: 'Tasks', summary: 'Close an epic' },
  { name: 'import', group: 'Tasks', summary: 'Take over tasks from a file: a session, or JSON lines' },
  { name: 'export', group: 'Tasks', summary: 'Write the whole session into a file' },
  { name: 'import-jsonl', group: 'Tasks', summary: 'Take over epics, stories and tasks from JSON lines' },

  { name: 'run', group: 'Run', summary: 'Drive all tasks until nothing can go on' },
  { name: 'resume', group: 'Run', summary: 'Go on with a run, or with paused tasks' },
  { name: 'daemon', aliases: ['drover-daemon'], group: 'Run', summary: 'Drive tasks and stay for new ones' },
  { name: 'daemon start', group: 'Run', summary: 'Start a daemon in the background' },
  { name: 'daemon status', aliases: ['daemon-status'], group: 'Run', summary: 'Whether a daemon drives this project' },
  { name: 'daemon stop', aliases: ['daemon-stop'], group: 'Run', summary: 'Stop the daemon; its work can go on later' },
  { name: 'worker', group: 'Run', summary: 'Drive a project of another machine too, over PostgreSQL' },
  { name: 'parcel done', group: 'Run', summary: 'For agents: report how the attempt ended' },
  { name: 'parcel progress', group: 'Run', summary: 'For agents: report a step' },
  { name: 'mcp', group: 'Run', summary: 'For agents: drover’s tools, as an MCP server on stdin and stdout' },

  { name: 'inbox', group: 'Intervene', summary: 'What waits for a person, and how to answer each' },
  { name: 'answer', group: 'Intervene', summary: 'Answer what the agent of a task asks' },
  { name: 'pause', group: 'Intervene', summary: 'Stop a task at the next safe point and keep its place' },
  { name: 'hint', group: 'Intervene', summary: 'Tell the agent of a task something' },
  { name: 'cancel', group: 'Intervene', summary: 'End a task for good' },
  { name: 'retry', aliases: ['requeue'], group: 'Intervene', summary: 'Try a task again that ended or is stuck' },
  { name: 'resolve', group: 'Intervene', summary: 'Lift what a task waits for, or answer its question' },
  { name: 'reset', group: 'Intervene', summary: 'Put tasks back to where they wait for an agent' },
  { name: 'reclaim', group: 'Intervene', summary: 'See to the attempts of a drover that is gone' },
  { name: 'gc', group: 'Intervene', summary: 'Delete what is kept of jobs that are long finished' },

  { name: 'list', aliases: ['ls'], group: 'Inspect', summary: 'The tasks there are' },
  { name: 'show', aliases: ['info'], group: 'Inspect', summary: 'One task whole' },
  { name: 'why', group: 'Inspect', summary: 'Why a task does not run, and what would change that' },
  { name: 'status', group: 'Inspect', summary: 'How far everything is' },
  { name: 'watch', group: 'Inspect', summary: 'The same, live' },
  { name: 'summary', group: 'Inspect', summary: 'Counts of every status' },
  { name: 'logs', group: 'Inspect', summary: 'What the agent of a task said' },
  { name: 'diff', group: 'Inspect', summary: 'What a task has changed' },
  { name: 'cost', group: 'Inspect', summary: 'Tokens and money, wasted attempts included' },
  { name: 'stream', group: 'Inspect', summary: 'Events as JSON lines, in order, without gaps' },

  { name: 'land', group: 'Land', summary: 'Land work that waits for you' },
  { name: 'land retry', group: 'Land', summary: 'Try a refused landing again, without an agent' },
  { name: 'land history', aliases: ['land-history'], group: 'Land', summary: 'The landings there were' },
  { name: 'land status', group: 'Land', summary: 'What is landing, and what waits to' },
  { name: 'worktree list', group: 'Land', summary: 'The worktrees and whose they are' },
  {
    name: 'worktree prune',
    aliases: ['worktree sweep'],
    group: 'Land',
    summary: 'Remove worktrees nobody uses; their work is kept',
  },
  { name: 'worktree cleanup', group: 'Land', summary: 'Remove every worktree of tasks that rest' },
  { name: 'rescue list', group: 'Land', summary: 'The work that is kept' },
  { name: 'rescue show', group: 'Land', summary: 'What was kept of a task' },
  { name: 'rescue restore', group: 'Land', summary: 'Make a branch of kept work' },
] as const satisfies readonly Omit<Row, 'load'>[]

export const table: readonly Row[] = rows.map((row) => ({ ...row, load: loaders[row.name] }))

/** What drover starts of itself: no help shows it. */
const hidden: readonly Row[] = [
  {
    name: 'opencode-bridge',
    group: 'Run',
    summary: 'For drover itself: run OpenCode’s server as an agent that is spoken to in lines',
    load: loaders['opencode-bridge'],
  },
]

export const rowNamed = (name: string): Row | undefined =>
  [...table, ...hidden].find((row) => row.name === name || row.aliases?.includes(name))
