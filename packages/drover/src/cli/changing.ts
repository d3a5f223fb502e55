import type { Project } from '../app/open-project.ts'
import type { Context } from './command.ts'

/** Changes something in the ledger and tells a living daemon at once that there is news. */
export async function changing<T>(context: Context, change: (project: Project) => Promise<T>): Promise<T> {
  const project = await context.project()
  const changed = await change(project)
  await project.poke()
  return changed
}
