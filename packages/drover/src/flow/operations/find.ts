import type { Finding } from '../../domain/event.ts'
import { type Ports, say } from './say.ts'
import { atWork, type Agent } from './spawn.ts'

/** Writes down what research brought to light. The same finding twice is one. */
export async function find({ ledger, reading }: Ports, finding: Finding, by: Agent): Promise<boolean> {
  await atWork(reading, by)
  const known = (await reading.findings(by.task)).some(
    ({ summary, sourceRef }) => summary === finding.summary && sourceRef === finding.sourceRef,
  )
  if (known) return false
  await say(
    ledger,
    [{ type: 'task.found', task: by.task, attempt: by.attempt, data: { finding } }],
    by,
    'record_finding',
  )
  return true
}
