import type { Project } from '../app/open-project.ts'
import { DroverError } from '../domain/error.ts'
import type { Context, Flags } from './command.ts'
import { escaped } from './escape.ts'
import { commandPage, familyPage, overview, pageOf } from './help.ts'
import type { Globals } from './globals.ts'
import { findCommand, type Found, guessGlobals, parseCommand } from './parse.ts'
import { placeOf } from './place.ts'
import { openPrint, printError } from './print.ts'
import { table } from './table.ts'
import type { Terminal } from './terminal.ts'

/** From the words that were typed to the exit code. */
export async function dispatch(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const found = findCommand(argv)
    if (found.wantsVersion) return await start(['version', ...argv.filter((word) => word === '--json')], terminal)
    if (!found.row || found.wantsHelp) return await showHelp(found, argv, terminal)
    return await start(argv, terminal)
  } catch (error) {
    return printError(error, guessGlobals(argv), terminal)
  }
}

async function start(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { row, rest } = findCommand(argv)
  if (!row) throw new DroverError('usage', { problem: 'there is no command here' })
  const command = await row.load()
  const { globals, values, words } = parseCommand(row.name, command, rest)
  const opened = projectOnce(globals, terminal)
  const context: Context = {
    terminal,
    globals,
    table,
    print: openPrint(row.name, globals, terminal),
    project: opened.project,
  }
  try {
    return (await command.run(context, values, words)) ?? 0
  } finally {
    await opened.close()
  }
}

function projectOnce(globals: Globals, terminal: Terminal) {
  let opening: Promise<Project> | undefined
  const open = async (flags: Flags): Promise<Project> => {
    const { openProject } = await import('../app/open-project.ts')
    const project = await openProject({ ...placeOf(globals, terminal), flags })
    if (!globals.quiet) for (const note of project.config.notes) terminal.stderr.write(`${escaped(note)}\n`)
    return project
  }
  return {
    project: (flags: Flags = {}) => (opening ??= open(flags)),
    close: async () => (await opening?.catch(() => undefined))?.close(),
  }
}

async function showHelp({ row, family }: Found, argv: readonly string[], terminal: Terminal): Promise<number> {
  const print = openPrint('help', { ...guessGlobals(argv), quiet: false, verbose: false }, terminal)
  const page = pageOf(print, table)
  if (row) print.lines(commandPage(row, await row.load(), page))
  else if (family) print.lines(familyPage(family, page))
  else print.lines(overview(page))
  return family && !argv.some((word) => word === '--help' || word === '-h') ? 2 : 0
}
