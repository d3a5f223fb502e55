import { cost } from './stories/cost.ts'
import { agentDies, daemonDiesAndResumes } from './stories/dying.ts'
import { limitedWithoutTime, silentFor, transientOnce, unauthorized } from './stories/failing.ts'
import { hintedByTurn, paused, pausedInTool } from './stories/steering.ts'
import { toldOnceThatResumes } from './stories/told-once.ts'
import { asks, waitsForChild } from './stories/tools.ts'
import { parallel } from './stories/working.ts'
import { tell } from './tell.ts'

tell(
  'copilot',
  [
    parallel,
    hintedByTurn,
    paused,
    pausedInTool,
    daemonDiesAndResumes,
    agentDies,
    transientOnce,
    unauthorized,
    silentFor(4),
    limitedWithoutTime,
    cost,
    waitsForChild,
    asks,
    ...toldOnceThatResumes,
  ],
  { budget: 'it tells of no money' },
)
