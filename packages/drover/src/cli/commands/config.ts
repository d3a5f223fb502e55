import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Project } from '../../app/open-project.ts'
import { DroverError } from '../../domain/error.ts'
import { nearest } from '../../domain/nearest.ts'
import { readSetting, type SettingKey, settingKeys, settingNamed, settings } from '../../domain/settings.ts'
import { withoutPassword } from '../../domain/url.ts'
import { columns } from '../columns.ts'
import { command } from '../command.ts'
import { escaped } from '../escape.ts'
import { setInToml } from '../set-in-toml.ts'

const origin = { 'show-origin': { type: 'boolean', about: 'Also where it comes from' } } as const

export const configList = command({
  name: 'config list',
  summary: 'Every setting and where it comes from',
  options: origin,
  examples: ['drover config list --show-origin'],
  async run({ project, print }, values) {
    const { config } = await project()
    const rows = settingKeys.map((key) => ({
      key,
      value: shown(config, key),
      origin: config.origins[key] ?? 'default',
      about: settings[key].about,
    }))
    const cells = rows.map((row) => [
      row.key,
      escaped(JSON.stringify(row.value)),
      ...(values['show-origin'] ? [row.origin] : []),
    ])
    const shape = [{ head: 'SETTING' }, { head: 'VALUE' }, ...(values['show-origin'] ? [{ head: 'FROM' }] : [])]
    print.result({ settings: rows }, () => columns(shape, cells, { width: Infinity, heads: print.isTerminal }))
  },
})

export const configGet = command({
  name: 'config get <key>',
  summary: 'One setting',
  options: origin,
  examples: ['drover config get land.gate'],
  async run({ project, print }, values, [word = '']) {
    const { config } = await project()
    const key = named(word)
    const from = config.origins[key] ?? 'default'
    const value = shown(config, key)
    print.result({ key, value, origin: from }, () => [
      `${escaped(Array.isArray(value) ? value.join(',') : String(value))}${values['show-origin'] ? `  (${from})` : ''}`,
    ])
  },
})

export const configSet = command({
  name: 'config set <key> <value>',
  summary: 'Write a setting into .drover.toml',
  about: 'The rest of the file stays as it is, comments included. A living run keeps the settings it started with.',
  options: {},
  examples: ['drover config set land.gate "npm test"', 'drover config set workers 8'],
  async run({ project, print }, _, [word = '', raw = '']) {
    const { places, config } = await project()
    const key = named(word)
    const value = settings[key].kind.show(readSetting(key, raw, 'config set') as never)
    const file = join(places.root, '.drover.toml')
    const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
    writeFileSync(`${file}.new`, setInToml(before, key, value))
    renameSync(`${file}.new`, file)
    print.done(
      { key, value: safe(key, value), before: shown(config, key) },
      `${key} = ${escaped(JSON.stringify(safe(key, value)))}`,
      'drover config list --show-origin',
    )
  },
})

function named(word: string): SettingKey {
  const key = settingNamed(word)
  if (key) return key
  throw new DroverError('bad-setting', {
    where: 'drover config',
    problem: `there is no setting "${word}"`,
    nearest: nearest(word, settingKeys)[0],
  })
}

type Shown = string | number | boolean | readonly string[]

const shown = ({ settings: values }: Project['config'], key: SettingKey): Shown =>
  safe(key, settings[key].kind.show(values[key] as never))

/** A password is never shown, not even to who wrote it. */
const safe = (key: SettingKey, value: Shown): Shown => (key === 'database_url' ? withoutPassword(String(value)) : value)
