import { monitorEventLoopDelay } from 'node:perf_hooks'
import { runProject } from '../src/app/daemon.ts'
import { openProject } from '../src/app/open-project.ts'
import type { Ledger } from '../src/ports/ledger.ts'

// Drives the project in the folder given, counting what it asks of its ledger. Prints one line of JSON.
const [folder = '.', workers = '4'] = process.argv.slice(2)
const project = await openProject({ folder })
let commits = 0
const counted: Ledger = {
  ...project.ledger,
  append: async (...words) => {
    const said = await project.ledger.append(...words)
    if (said.outcome === 'appended') commits++
    return said
  },
  claim: async (...words) => {
    const task = await project.ledger.claim(...words)
    if (task) commits++
    return task
  },
  transact: (part) => {
    commits++
    return project.ledger.transact(part)
  },
}
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
const never = new AbortController().signal
const begun = performance.now()
const busy = performance.eventLoopUtilization()
const end = await runProject(
  { ...project, ledger: counted },
  { kind: 'run', workers: Number(workers), epic: null },
  never,
  never,
)
const loop = performance.eventLoopUtilization(busy)
console.log(
  JSON.stringify({
    ms: Math.round(performance.now() - begun),
    commits,
    completed: end.completed,
    activeMs: Math.round(loop.active),
    rssMb: Math.round(process.memoryUsage().rss / 2 ** 20),
  }),
)
process.exit(0)
