import { command } from '../command.ts'
import { escaped } from '../escape.ts'
import { placeOf } from '../place.ts'

export const init = command({
  name: 'init',
  summary: 'Make this repository a drover project',
  about:
    'Makes .drover/ (ignored by git through .git/info/exclude) and .drover.toml, where every setting stands as a comment with its default. Twice is fine.',
  options: {},
  examples: ['drover init'],
  async run({ globals, terminal, print }) {
    const { initProject } = await import('../../app/init.ts')
    const { folder, db } = placeOf(globals, terminal)
    const made = await initProject({ folder, ...(db === undefined ? {} : { db }) })
    const sentence =
      made.created.length > 0
        ? `Made ${escaped(made.root)} a drover project: ${made.created.join(', ')}`
        : `${escaped(made.root)} is a drover project already; nothing was changed`
    print.done(made, sentence, 'drover add "Title"')
    if (print.json) return
    print.note(
      'Agents work in worktrees of their own with full permission: whatever you may do on this machine, they may too.',
    )
    if (made.detectedGate)
      print.note(
        `A gate that would fit: ${escaped(made.detectedGate)}`,
        `drover config set land.gate ${JSON.stringify(made.detectedGate)}`,
      )
  },
})
