import { budgetOf, cost } from './stories/cost.ts'
import { agentDies, daemonDiesAndAdopts } from './stories/dying.ts'
import { limitedUntil, silentFor, transientOnce, unauthorized } from './stories/failing.ts'
import { hintedInTurn, paused, pausedInTool } from './stories/steering.ts'
import { toldOnceThatLivesOn } from './stories/told-once.ts'
import { asks, waitsForChild } from './stories/tools.ts'
import { parallel } from './stories/working.ts'
import { tell } from './tell.ts'

tell('opencode', [
  parallel,
  hintedInTurn,
  paused,
  pausedInTool,
  daemonDiesAndAdopts,
  agentDies,
  transientOnce,
  unauthorized,
  silentFor(15),
  limitedUntil,
  cost,
  budgetOf(0.3),
  waitsForChild,
  asks,
  ...toldOnceThatLivesOn,
])
