import { DroverError } from '../../domain/error.ts'
import { nearest } from '../../domain/nearest.ts'
import { command } from '../command.ts'
import { commandPage, exitCodes, familyPage, overview, pageOf, twoColumns } from '../help.ts'

export const help = command({
  name: 'help [command...]',
  summary: 'Help for a command',
  options: {},
  examples: ['drover help add', 'drover help epic add', 'drover help exit-codes'],
  async run({ print, table }, _, words) {
    const page = pageOf(print, table)
    const name = words.join(' ')
    const row = table.find((one) => one.name === name || one.aliases?.includes(name))
    if (name === '') print.lines(overview(page))
    else if (name === 'exit-codes') print.lines(twoColumns(exitCodes, page))
    else if (row) print.lines(commandPage(row, await row.load(), page))
    else if (table.some((one) => one.name.startsWith(`${name} `))) print.lines(familyPage(name, page))
    else
      throw new DroverError('unknown-command', {
        name,
        nearest: nearest(
          name,
          table.map((one) => one.name),
        ),
      })
  },
})
