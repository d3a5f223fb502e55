import type { Rules } from '../domain/settle.ts'
import type { Task } from '../domain/task.ts'
import type { Crew } from './crew.ts'

/** What the settings and the task's agent say about trying again and landing. */
export function rulesFor(crew: Pick<Crew, 'settings' | 'clock' | 'driverFor'>, task: Task): Rules {
  const { settings } = crew
  const agent = task.run === null ? (task.agent ?? settings.agent) : 'command'
  return {
    retryDelayMs: settings.retry_delay,
    retryDelayMaxMs: settings.retry_delay_max,
    jitter: crew.clock.random(),
    // What research wrote must not fail its next attempt as well.
    fresh: task.type === 'research' || !crew.driverFor(agent).abilities.continues,
    landsBy: task.land ?? (settings['land.auto'] ? 'auto' : 'manual'),
  }
}
