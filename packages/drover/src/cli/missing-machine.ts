import type { Project } from '../app/open-project.ts'
import { choosingLabels, hasAll, neededOf } from '../domain/labels.ts'
import type { Task } from '../domain/task.ts'
import type { Reasons } from './reasons.ts'

/** A ready task bears a label that chooses a machine, and no machine that is here, nor this one, has all that it needs. */
export async function missingMachine(
  { config, reading, machine, ledgerAt }: Project,
  task: Task,
): Promise<Reasons | undefined> {
  if (task.status !== 'ready' || task.kind === 'subtask' || task.labels.length === 0) return undefined
  const own = { name: machine, labels: config.settings['machine.labels'], leftAt: null }
  const machines = [own, ...(await reading.machines())]
  const needed = neededOf(task.labels, choosingLabels(machines, config.settings.queue_labels))
  const able = machines.filter(({ labels }) => hasAll(labels, needed))
  if (needed.length === 0 || able.some(({ leftAt }) => leftAt === null)) return undefined
  const [label, it] = needed.length > 1 ? ['labels', 'them'] : ['label', 'it']
  const gone = able.map(({ name }) => `${name} has ${it}, and is not here.`)
  const words = needed.join(',')
  const next = 'file' in ledgerAt ? `drover config set machine.labels ${words}` : `drover worker --label ${words}`
  return {
    words: [`${task.id} is ready, but there is no machine with ${label} ${needed.join(', ')}.`, ...gone],
    next: [next],
  }
}
