import { isHeld } from '../../app/lock.ts'
import { command } from '../command.ts'

export const reclaim = command({
  name: 'reclaim',
  summary: 'See to the attempts of a drover that is gone',
  about:
    'Whoever drives the project does this by itself, at its start and while it runs. Agents that still work are not ended: the next run goes on with them.',
  options: {},
  examples: ['drover reclaim'],
  async run({ project, print }) {
    const opened = await project()
    const open = isHeld(opened.places) ? [] : (await opened.reading.openAttempts()).map(({ task }) => task)
    await opened.poke()
    print.done(
      { reclaimed: [], waiting: open },
      'reclaimed 0',
      open.length > 0 ? `drover run   (goes on with ${open.join(', ')})` : undefined,
    )
  },
})
