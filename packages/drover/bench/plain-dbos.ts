import { DBOS, DBOSClient } from '@dbos-inc/dbos-sdk'
import { setTimeout as sleep } from 'node:timers/promises'

// DBOS with nothing of drover: workflows of steps that do nothing, through a queue. Prints one line of JSON.
//   plain-dbos.ts URL through WORKFLOWS STEPS SLOTS POLL      how long they all take together
//   plain-dbos.ts URL latency ROUNDS                          from asking for one to its start, with default settings
const [systemDatabaseUrl = '', what, ...numbers] = process.argv.slice(2)
const name = `plain-${process.pid}`
const silent = { debug: () => {}, info: () => {}, warn: console.error, error: console.error }

let begun = Promise.withResolvers<void>()
const work = DBOS.registerWorkflow(
  async (steps: number) => {
    begun.resolve()
    for (let i = 0; i < steps; i++) await DBOS.runStep(async () => i, { name: `step ${i}` })
  },
  { name: 'work' },
)
DBOS.setConfig({ name, systemDatabaseUrl, executorID: name, applicationVersion: '1', logger: silent })
await DBOS.launch()
console.log(JSON.stringify(what === 'through' ? await through(numbers.map(Number)) : await latency(Number(numbers[0]))))
await DBOS.shutdown()
process.exit(0)

async function through([workflows = 0, steps = 0, slots = 1, minPollingIntervalMs = 1000]: number[]): Promise<{
  ms: number
}> {
  await DBOS.registerQueue('work', { workerConcurrency: slots, minPollingIntervalMs })
  const asked = performance.now()
  const handles = await Promise.all(
    Array.from({ length: workflows }, () => DBOS.startWorkflow(work, { queueName: 'work' })(steps)),
  )
  await Promise.all(handles.map((handle) => handle.getResult({ pollingIntervalMs: 20 })))
  return { ms: performance.now() - asked }
}

async function latency(rounds: number): Promise<{ times: number[] }> {
  await DBOS.registerQueue('work', { workerConcurrency: 2 })
  const client = await DBOSClient.create({ systemDatabaseUrl, applicationName: name })
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    // Not always just after a poll.
    await sleep(Math.random() * 1000)
    begun = Promise.withResolvers()
    const asked = performance.now()
    const handle = await client.enqueue({ workflowName: 'work', queueName: 'work' }, 1)
    await begun.promise
    times.push(performance.now() - asked)
    await handle.getResult({ pollingIntervalMs: 20 })
  }
  await client.destroy()
  return { times }
}
