import type { Crew } from '../crew.ts'

/** Another project with the same remote may have a task of the same name. What we land stands in the ledger before. */
export const isOurs = async ({ reading, workspace }: Crew, task: string, commit: string): Promise<boolean> =>
  !workspace.travels || (await reading.landings(task)).some((landing) => landing.commit === commit)

export const foreign = (id: string, commit: string): string =>
  `the remote holds a landing of a task "${id}" that is not this project's (${commit.slice(0, 12)}): give this one another id, or take refs/drover/landed/${id} away there, then \`drover resolve ${id}\``
