import { statuses } from '../../domain/task.ts'
import { command } from '../command.ts'
import { glyphOf } from '../glyph.ts'
import { look, momentJson } from '../standing.ts'
import { padded } from '../width.ts'

export const summary = command({
  name: 'summary',
  summary: 'Counts of every status',
  about: 'Every status is there, also with 0. Landed is what is completed with a commit on the target.',
  options: {},
  examples: ['drover summary', 'drover summary --json'],
  async run({ project, print }) {
    const opened = await project()
    const moment = await look(opened)
    const completed = await opened.reading.tasks({ statuses: ['completed'] })
    const { counts, blockedFor, total } = moment.standing
    const landed = completed.filter(({ kind, landedCommit }) => kind !== 'subtask' && landedCommit !== null).length
    const mergeBlocked = (blockedFor.conflict ?? 0) + (blockedFor.gate ?? 0)
    print.result({ ...momentJson(moment), landed, mergeBlocked }, () => [
      ...statuses.map((status) => row(status, counts[status], glyphOf({ status }, print.ascii))),
      row('landed', landed),
      row('merge-blocked', mergeBlocked),
      row('total', total),
    ])
  },
})

const row = (name: string, n: number, glyph = ''): string =>
  `${padded(glyph, 3)}${padded(name, 14)}${String(n).padStart(6)}`
