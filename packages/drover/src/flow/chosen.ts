import type { Task } from '../domain/task.ts'
import type { Driver } from '../ports/driver.ts'
import type { Crew } from './crew.ts'
import type { Work } from './work.ts'

/** Who does a piece of work: the agent's driver, and with which account and model. */
export interface Chosen {
  readonly task: Task
  readonly agent: string
  readonly account: string | null
  readonly model: string | null
  readonly permission: string
  readonly driver: Driver
  /** Whether it speaks a protocol, or is just a program that is run. */
  readonly talks: boolean
  readonly timeoutMs: number
}

/** The attempt was claimed for an agent and an account; a sub-task may name an agent of its own. */
export async function chosenFor(crew: Crew, work: Work): Promise<Chosen> {
  const [task, attempt] = [(await crew.reading.task(work.task))!, await crew.reading.attempt(work.owner, work.attempt)]
  const claimed = attempt?.agent ?? crew.settings.agent
  const own = work.task === work.owner ? null : task.agent
  const agent = task.run !== null ? 'command' : (own ?? (claimed === 'command' ? crew.settings.agent : claimed))
  const driver = crew.driverFor(agent)
  const { model, permission } = crew.agentSettings(agent)
  return {
    task,
    agent,
    account: agent === claimed ? (attempt?.account ?? null) : null,
    model: modelOf(agent === claimed ? attempt?.model : null, task.model, model),
    permission,
    driver,
    talks: !driver.silent,
    timeoutMs: task.timeoutMs ?? crew.settings.task_timeout,
  }
}

/** Who stands in for another agent does not know that one's models. */
const modelOf = (standsIn: string | null | undefined, own: string | null, set: string): string | null =>
  (standsIn == null ? (own ?? set) : standsIn || set) || null
