import { cost } from './stories/cost.ts'
import { agentDies, daemonDiesAndAdopts } from './stories/dying.ts'
import { hintedInTurn, paused } from './stories/steering.ts'
import { parallel } from './stories/working.ts'
import { tell } from './tell.ts'

tell('opencode', [parallel, hintedInTurn, paused, daemonDiesAndAdopts, agentDies, cost])
