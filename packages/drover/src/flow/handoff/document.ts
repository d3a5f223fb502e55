import type { Need } from '../../domain/rows.ts'
import type { TaskStatus, TaskWords } from '../../domain/task.ts'
import type { Told } from '../../ports/ledger.ts'
import type { Snapshot } from '../../ports/workspace.ts'

/** What is written today. `1.0` is what drover 0.3 wrote: tasks, epics and dependencies, no history. */
export const version = '1.1'

/** A task of which the document knows no history. */
export interface Bare {
  id: string
  parentId: string | null
  sequence: number | null
  status: Extract<TaskStatus, 'ready' | 'paused' | 'completed' | 'failed' | 'cancelled'>
  words: TaskWords
  createdAt: number | null
}

/** A session document, understood: nothing of it is believed that was not looked at. */
export interface Session {
  repository: string
  baseCommit: string | null
  events: Told[]
  /** Tasks and epics without events. */
  tasks: Bare[]
  epics: { id: string; title: string; description: string; priority: number; labels: string[]; isClosed: boolean }[]
  /** Of tasks without events. */
  needs: Pick<Need, 'task' | 'needs'>[]
  snapshots: Snapshot[]
  warnings: string[]
}
