import { agentDies, daemonDiesAndResumes } from './stories/dying.ts'
import { hintedByTurn, paused } from './stories/steering.ts'
import { parallel } from './stories/working.ts'
import { tell } from './tell.ts'

tell('gemini', [parallel, hintedByTurn, paused, daemonDiesAndResumes, agentDies])
