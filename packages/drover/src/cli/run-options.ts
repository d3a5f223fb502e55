import type { Flags } from './command.ts'

export const runOptions = {
  workers: { type: 'string', short: 'w', arg: 'n', about: 'How many agents run at once' },
  epic: { type: 'string', short: 'e', arg: 'epic', about: 'Only tasks of this epic' },
  agent: { type: 'string', arg: 'name', about: 'The agent for tasks that name none' },
  budget: { type: 'string', arg: 'usd', about: 'What the run may cost, like 20usd' },
  'no-land': { type: 'boolean', about: 'What passes waits for drover land' },
  detach: { type: 'boolean', about: 'Run in the background' },
} as const

/** Options of a run that are settings. */
export const drivingFlags = ({
  workers,
  agent,
  budget,
  'no-land': noLand,
}: {
  workers?: string | undefined
  agent?: string | undefined
  budget?: string | undefined
  'no-land'?: boolean | undefined
}): Flags => ({
  ...(workers === undefined ? {} : { workers }),
  ...(agent === undefined ? {} : { agent: agent === 'claude-code' ? 'claude' : agent }),
  ...(budget === undefined ? {} : { 'budget.run_usd': budget }),
  ...(noLand ? { 'land.auto': false } : {}),
})

/** Options as they were typed, for the process in the background. */
export const asWords = (values: object): string[] =>
  Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : typeof value === 'string' ? [`--${name}=${value}`] : [`--${name}`],
  )
