import { section } from './fence.ts'
import type { Known } from './known.ts'

/** How it is told that the work is done, by the best way that the agent has. */
export function howToReport(known: Known): string {
  return section('When you are done', place(known), ...(known.hasTools ? withTools(known) : byCommand(known)), claim)
}

const claim =
  'What you report is a claim. The checks are run afterwards without you, and a pass that one of them contradicts is a failed attempt.'

const place = ({ task }: Known): string =>
  task.type === 'research'
    ? 'You work in a git worktree of your own, to read and to run things in. Nothing of it will land.'
    : 'You work in a git worktree of your own; commit what should land, or leave it: what is left is committed for you.'

const blocks = ({ onBlocked }: Known): string =>
  onBlocked === 'task' ? 'what stands in the way, as a task for somebody else' : 'what a person must decide'

function withTools(known: Known): string[] {
  const { task } = known
  const tools = [
    '`progress`: which step you are at, now and then.',
    '`ask_human`: when only a person can decide. Nobody answers in their place; your turn ends, and you go on with the answer.',
    '`create_subtask`: for work that is not this task. `check_subtask_status` tells how it stands.',
    ...(task.kind === 'subtask' ? [] : ['`signal_decomposition`: when this is several tasks, say which, and stop.']),
    `\`report\`, once, at the end: verdict \`PASS\`, \`PASS_WITH_WARNINGS\`, \`BLOCK\` (the summary is ${blocks(known)}) or \`FAIL\`; a summary of what is true now; how many tests passed and failed.`,
  ]
  return [
    'You have drover’s tools:',
    tools.map((line) => `- ${line}`).join('\n'),
    'Should they be missing, `drover parcel done --verdict PASS --summary "…"` reports too.',
  ]
}

const byCommand = (known: Known): string[] => [
  'Report with one of:',
  [
    '    drover parcel done --verdict PASS --summary "what is true now"',
    `    drover parcel done --verdict BLOCK --summary "${blocks(known)}"`,
  ].join('\n'),
  `or write \`PARCEL_DONE-${known.task.id}.md\` with a line \`Verdict: PASS\` (PASS_WITH_WARNINGS, BLOCK, FAIL) and a \`## Summary\`.`,
]
