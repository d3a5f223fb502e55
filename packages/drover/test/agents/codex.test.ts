import { cost } from './stories/cost.ts'
import { agentDies, daemonDiesAndResumes } from './stories/dying.ts'
import { limitedToTheMinute, silentFor, transient, unauthorized } from './stories/failing.ts'
import { hintedInTurn, paused, pausedInTool } from './stories/steering.ts'
import { toldOnceThatResumes } from './stories/told-once.ts'
import { asks, waitsForChild } from './stories/tools.ts'
import { parallel } from './stories/working.ts'
import { tell } from './tell.ts'

tell(
  'codex',
  [
    parallel,
    hintedInTurn,
    paused,
    pausedInTool,
    daemonDiesAndResumes,
    agentDies,
    transient,
    unauthorized,
    silentFor(4),
    limitedToTheMinute,
    cost,
    waitsForChild,
    asks,
    ...toldOnceThatResumes,
  ],
  { budget: 'it tells of no money' },
)
