/** Sets `land.gate` or `workers` in the text of a TOML file, and leaves every other line as it is. */
export function setInToml(text: string, key: string, value: string | number | boolean | readonly string[]): string {
  const dot = key.lastIndexOf('.')
  const [section, name] = dot < 0 ? ['', key] : [key.slice(0, dot), key.slice(dot + 1)]
  const line = `${name} = ${JSON.stringify(value)}`
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  const start = section === '' ? 0 : lines.findIndex((one) => one.trim().replace(/\s*#.*$/, '') === `[${section}]`) + 1
  if (section !== '' && start === 0) return joined([...lines, ...(lines.length > 0 ? [''] : []), `[${section}]`, line])
  const next = lines.findIndex((one, i) => i >= start && /^\s*\[/.test(one))
  const end = next < 0 ? lines.length : next
  const within = lines.slice(start, end)
  const set = within.findIndex((one) => new RegExp(`^\\s*${name}\\s*=`).test(one))
  const commented = within.findIndex((one) => new RegExp(`^\\s*#\\s*${name}\\s*=`).test(one))
  if (set >= 0) return joined(lines.with(start + set, line))
  if (commented >= 0) return joined(lines.toSpliced(start + commented + 1, 0, line))
  const last = within.findLastIndex((one) => one.trim() !== '')
  return joined(lines.toSpliced(start + last + 1, 0, line))
}

const joined = (lines: readonly string[]): string => `${lines.join('\n')}\n`
