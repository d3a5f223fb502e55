import { cost } from './stories/cost.ts'
import { agentDies, daemonDiesAndResumes } from './stories/dying.ts'
import { limitedWithoutTime, silentFor, transientOnce, unauthorized } from './stories/failing.ts'
import { hintedByTurn, paused, pausedInToolAgain } from './stories/steering.ts'
import { toldOnceBehindItsTurn } from './stories/told-once.ts'
import { asks, waitsForChild } from './stories/tools.ts'
import { parallel } from './stories/working.ts'
import { tell } from './tell.ts'

tell(
  'gemini',
  [
    parallel,
    hintedByTurn,
    paused,
    pausedInToolAgain,
    daemonDiesAndResumes,
    agentDies,
    transientOnce,
    unauthorized,
    silentFor(4),
    limitedWithoutTime,
    cost,
    waitsForChild,
    asks,
    ...toldOnceBehindItsTurn,
  ],
  { budget: 'it tells of no money' },
)
