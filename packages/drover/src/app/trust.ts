import type { Project } from './open-project.ts'

type Trusting = Pick<Project, 'records' | 'machine'>
type Drivers = Readonly<Record<string, string>>

/** Stands for "somebody looked here", also where there was nothing to agree to. */
const looked = ''
/** Asked before every git call. */
const known = new WeakMap<Drivers, { machine: string; found: Drivers }>()

/**
 * What a person has agreed to on this machine: each has a clone with a configuration of its own. What was agreed to before there were
 * several counts where nobody has looked since.
 */
export async function trustedHere({ records, machine }: Trusting): Promise<Drivers> {
  const all = await records.trusted()
  const last = known.get(all)
  if (last?.machine === machine) return last.found
  const found = chosenFrom(all, prefixOf(machine))
  known.set(all, { machine, found })
  return found
}

/** From now on the drivers are agreed to as they are; what other machines have agreed to stays. */
export async function trustHere({ records, machine }: Trusting, drivers: Drivers): Promise<void> {
  await records.trust(asTrusted(machine, drivers), prefixOf(machine))
}

/** What is written down of that. */
export const asTrusted = (machine: string, drivers: Drivers): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ ...drivers, [looked]: 'yes' }).map(([key, value]) => [prefixOf(machine) + key, value]),
  )

/** No key of git's has a space before its first dot. */
const prefixOf = (machine: string): string => `machine ${machine} `

function chosenFrom(all: Drivers, prefix: string): Drivers {
  const own = Object.entries(all).filter(([key]) => key.startsWith(prefix))
  const meant = own.length > 0 ? own.map(([key, value]) => [key.slice(prefix.length), value] as const) : shared(all)
  return Object.fromEntries(meant.filter(([key]) => key !== looked))
}

const shared = (all: Drivers): [string, string][] => Object.entries(all).filter(([key]) => !key.startsWith('machine '))
