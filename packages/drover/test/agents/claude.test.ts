import { budgetOf, cost } from './stories/cost.ts'
import { agentDies, daemonDiesAndAdopts } from './stories/dying.ts'
import { limited, limitedTogether, silentFor, transient, unauthorized } from './stories/failing.ts'
import { hintedInTurn, paused, pausedInTool } from './stories/steering.ts'
import { toldOnceThatLivesOn } from './stories/told-once.ts'
import { asks, waitsForChild } from './stories/tools.ts'
import { parallel } from './stories/working.ts'
import { tell } from './tell.ts'

tell('claude', [
  parallel,
  hintedInTurn,
  paused,
  pausedInTool,
  daemonDiesAndAdopts,
  agentDies,
  transient,
  unauthorized,
  silentFor(4),
  limited,
  limitedTogether,
  cost,
  budgetOf(1),
  waitsForChild,
  asks,
  ...toldOnceThatLivesOn,
])
