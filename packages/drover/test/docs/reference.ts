import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { groups, type Row } from '../../src/cli/command.ts'
import { globalOptions } from '../../src/cli/globals.ts'
import { exitCodes } from '../../src/cli/help.ts'
import type { Option, Options } from '../../src/cli/option.ts'
import { table } from '../../src/cli/table.ts'
import { errors } from '../../src/domain/error.ts'
import { eventTypes, retryReasons } from '../../src/domain/event.ts'
import { agentKeys, type Setting, settingKeys, settings, variableOf } from '../../src/domain/settings.ts'
import { blockedReasons, statuses, taskTypes } from '../../src/domain/task.ts'
import { eventMeanings } from './event-meanings.ts'
import { movesPage } from './moves-page.ts'

const note = 'Made from the code by `DROVER_UPDATE=1 npm test -- docs/reference`; a test compares them.'
const page = (title: string, ...lines: string[]): string => `${[`# ${title}`, '', ...lines].join('\n')}\n`
const cell = (text: string): string => text.replaceAll('|', '\\|')
const rowOf = (...cells: string[]): string => `| ${cells.map(cell).join(' | ')} |`
const tableOf = (heads: string[], rows: string[][]): string[] => [
  rowOf(...heads),
  rowOf(...heads.map(() => '---')),
  ...rows.map((row) => rowOf(...row)),
]

/** Every page that is made from the code, by its path below `docs/reference`. */
export const pages: Record<string, () => Promise<string>> = {
  'commands.md': commandsPage,
  'settings.md': async () => settingsPage(),
  'moves.md': async () => movesPage(note),
  'events.md': async () => eventsPage(),
  'exit-codes.md': async () => exitCodesPage(),
}

async function commandsPage(): Promise<string> {
  const sections = await Promise.all(
    groups.map(async (group) => {
      const rows = table.filter((row) => row.group === group)
      return [`## ${group}`, ...(await Promise.all(rows.map(commandLines))).flat()]
    }),
  )
  return page(
    'Commands',
    note,
    '',
    'An id may be shortened to a beginning that no other has, and `task-` may be left out. Commands work from any folder of the repository,',
    'also from inside a task’s worktree. Results go to stdout, everything else to stderr. `drover help <command>` says the same.',
    '',
    '## Everywhere',
    '',
    ...optionLines(globalOptions),
    '',
    ...sections.flatMap((lines) => [...lines, '']).slice(0, -1),
  )
}

async function commandLines(row: Row): Promise<string[]> {
  const command = await row.load()
  const hasOptions = Object.keys(command.options).length > 0
  return [
    '',
    `### drover ${row.name}`,
    '',
    `${command.summary}.${command.about ? ` ${plain(command.about)}` : ''}`,
    ...(row.aliases ? ['', `Also: ${row.aliases.map((alias) => `\`drover ${alias}\``).join(', ')}.`] : []),
    '',
    '```text',
    `drover ${command.name}${hasOptions ? ' [options]' : ''}`,
    '```',
    ...(hasOptions ? ['', ...optionLines(command.options)] : []),
    '',
    `For example: ${command.examples.map((example) => `\`${example}\``).join(' · ')}`,
  ]
}

/** What stands in angle brackets would be taken for HTML. */
const plain = (text: string): string => text.replaceAll('\n', ' ').replace(/<[^>]+>/g, (word) => `\`${word}\``)

const optionLines = (options: Options): string[] =>
  tableOf(
    ['Option', 'Means'],
    Object.entries(options).map(([name, option]) => [flags(name, option), aboutOption(option)]),
  )

const flags = (name: string, { short, type, arg }: Option): string =>
  [...(short ? [`-${short}`] : []), `--${name}`]
    .map((flag) => `\`${flag}${type === 'string' ? ` <${arg ?? 'text'}>` : ''}\``)
    .join(', ')

const aboutOption = (option: Option): string =>
  plain(option.about) +
  (option.multiple ? '; may be repeated' : '') +
  (option.default === undefined ? '' : `; ${option.default} unless given`)

function settingsPage(): string {
  const sections = [...Map.groupBy(settingKeys, (key) => (key.includes('.') ? key.split('.')[0]! : '')).entries()]
  return page(
    'Settings',
    note,
    '',
    'A flag wins over a `DROVER_*` variable, that over `.drover.toml` in the repository, that over `drover/config.toml` in `$XDG_CONFIG_HOME`',
    '(or `~/.config`), that over the default. `drover config list --show-origin` says where each value comes from. A key that nobody knows is an',
    'error in a file and is ignored as a variable. `DBOS_SYSTEM_DATABASE_URL` is read as `database_url` where nothing else sets one. A run holds the settings it started with. Durations: `500ms`, `90s`, `30m`, `1h30m`; a bare',
    'number is seconds. A list in a variable is separated by commas. `worktree.root` in a file is relative to that file.',
    ...sections.flatMap(([name, keys]) => [
      '',
      name === '' ? '## At the top' : `## [${name}]`,
      '',
      ...tableOf(
        ['Key', 'Default', 'Takes', 'Variable', 'About'],
        keys.map((key) => settingCells(key)),
      ),
    ]),
    '',
    '## [agents.name]',
    '',
    `An agent of your own, or other words for one that drover knows: ${agentKeys.map((key) => `\`${key}\``).join(' and ')}. See [agents](../guide/agents.md).`,
    '',
    '```toml',
    '[agents.mine]',
    'command = "my-agent --read-stdin"   # a shell command that takes the prompt on stdin',
    'env = { MY_MODE = "careful" }       # added to its environment',
    '```',
    '',
    '## Older names',
    '',
    'Accepted in files, with a note:',
    '',
    ...tableOf(
      ['Older', 'Now'],
      settingKeys.flatMap((key) => settings[key].also.map((old) => [`\`${old}\``, `\`${key}\``])),
    ),
    '',
    '`DROVER_AGENT_TYPE` is read as `agent`.',
  )
}

function settingCells(key: (typeof settingKeys)[number]): string[] {
  const { kind, default: value, about } = settings[key] as Setting
  return [
    `\`${key.split('.').at(-1)}\``,
    `\`${JSON.stringify(kind.show(value as never))}\``,
    kind.expects,
    `\`${variableOf(key)}\``,
    about,
  ]
}

const sourceOf = (file: string): string =>
  readFileSync(fileURLToPath(new URL(`../../src/${file}`, import.meta.url)), 'utf8')

/** What stands behind an event's name in `Facts`, however the formatter has set it. */
function factsOf(type: string): string {
  const found = new RegExp(`^  '${type.replace('.', '\\.')}': ([\\s\\S]+?)\\n(?=  '|\\})`, 'm').exec(
    sourceOf('domain/event.ts').replace(/^ *\/\*\*.*?\*\/\n/gms, ''),
  )
  const lines = (found?.[1] ?? '').split('\n').map((line) => line.trim())
  const fields = lines
    .join('; ')
    .replace(/^\{(; )?/, '')
    .replace(/(; )?\}$/, '')
  return fields
    .split('; ')
    .map((field) => `\`${field.trim()}\``)
    .join(', ')
}

function eventsPage(): string {
  const families = [...Map.groupBy(eventTypes, (type) => type.split('.')[0]!).entries()]
  return page(
    'Events',
    note,
    '',
    'A task changes only by an event; the event and the change are one transaction. `drover stream` prints them as JSON lines, in order and without',
    'gaps: whoever keeps the last `seq` can go on there with `--since`. What stands around `data` is in [JSON](json.md#events); which event',
    'moves which status is in [moves](moves.md).',
    ...families.flatMap(([family, types]) => [
      '',
      `## ${family}`,
      '',
      ...tableOf(
        ['Event', 'Says', 'Carries in `data`'],
        types.map((type) => [`\`${type}\``, eventMeanings[type], factsOf(type)]),
      ),
    ]),
    '',
    '## Named shapes',
    '',
    '```ts',
    union('RetryReason', retryReasons),
    union('BlockedReason', blockedReasons),
    union('TaskStatus', statuses),
    union('TaskType', taskTypes),
    ...['task.ts TaskKind', 'verdict.ts VerdictKind', 'event.ts RefusalReason'].map(aliasOf),
    ...[
      'event.ts NewTask',
      'task.ts TaskWords',
      'task.ts Usage',
      'event.ts CheckoutMove',
      'verdict.ts Report',
      'verdict.ts Verdict',
      'verdict.ts Check',
    ].flatMap((where) => ['', shapeOf(where)]),
    '```',
  )
}

const union = (name: string, words: readonly string[]): string =>
  `type ${name} = ${words.map((word) => `'${word}'`).join(' | ')}`

/** A type of words, however the formatter has set it. */
function aliasOf(where: string): string {
  const [file, name] = where.split(' ')
  const found = new RegExp(`^export type ${name} =\\s+(?:\\| )?((?:'\\w+'(?:\\s+\\| )?)+)`, 'm').exec(
    sourceOf(`domain/${file}`),
  )?.[1]
  if (!found) throw new Error(`${name} is not declared in ${file}`)
  return `type ${name} = ${found.trim().replace(/\s+/g, ' ')}`
}

/** The declaration itself: nothing is exacter, and it is short. */
function shapeOf(where: string): string {
  const [file, name] = where.split(' ')
  const shape = new RegExp(`^export (interface ${name} \\{[\\s\\S]*?^\\})`, 'm').exec(sourceOf(`domain/${file}`))?.[1]
  if (!shape) throw new Error(`${name} is not declared in ${file}`)
  return shape
}

function exitCodesPage(): string {
  const codes = Object.keys(errors) as (keyof typeof errors)[]
  const of = (exit: string): string =>
    codes
      .filter((code) => exit.split(', ').includes(String(errors[code].exit)))
      .map((code) => `\`${code}\``)
      .join(' ')
  return page(
    'Exit codes',
    note,
    '',
    ...tableOf(
      ['Code', 'Means', 'Errors'],
      exitCodes.map(([code, words]) => [code, words, of(code)]),
    ),
    '',
    'An error that drover does not know is `unexpected`, exit 1. What each error means and what helps is in [trouble](../guide/trouble.md#every-error).',
    '',
    'A command’s own use of them:',
    '',
    '- `drover run`: 0 when all is completed or cancelled, or waits only to be landed by hand; 8 when something failed, is paused or is stuck; 7 when ready tasks are',
    '  left because their agent is not there; 75 when it followed another one that was stopped before the end; 130 or 143 after a signal.',
    '- `drover doctor`: 1 when a check has a ✗.',
    '- `drover daemon status`: 6 when nobody drives the project.',
    '- `drover <family>` without a command of that family (`drover epic`): 2.',
  )
}
