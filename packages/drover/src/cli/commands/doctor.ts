import { columns } from '../columns.ts'
import { command } from '../command.ts'
import { escaped } from '../escape.ts'

const signs = {
  ok: { glyph: '✓', ascii: '+', style: 'green' },
  warn: { glyph: '!', ascii: '!', style: 'yellow' },
  bad: { glyph: '✗', ascii: 'x', style: 'red' },
} as const

export const doctor = command({
  name: 'doctor',
  summary: 'Check everything drover needs, and say how to mend it',
  options: {
    fix: { type: 'boolean', about: 'Mend what can safely be mended' },
    deep: { type: 'boolean', about: 'Also compare the ledger with git' },
    agents: { type: 'boolean', about: 'Also start every agent that drover knows, for its version' },
    trust: { type: 'boolean', about: 'Trust the filters and drivers in git’s configuration as they are now' },
  },
  examples: ['drover doctor', 'drover doctor --deep --json'],
  async run({ project, print }, { fix = false, deep = false, trust = false, agents = false }) {
    const { diagnose, diagnoseWithout } = await import('../../app/doctor.ts')
    const checks = await project().then(
      (opened) => diagnose(opened, { fix, deep, trust, agents }),
      (error: unknown) => diagnoseWithout(error),
    )
    print.result({ checks }, () => {
      const rows = checks.map(({ name, state, words }) => [
        signs[state][print.ascii ? 'ascii' : 'glyph'],
        name,
        escaped(words),
      ])
      const lines = columns(
        [
          { head: '', paint: (cell, row) => print.paint(signs[checks[row]!.state].style, cell) },
          { head: '' },
          { head: '' },
        ],
        rows,
        { width: Infinity, heads: false },
      )
      return lines.flatMap((line, i) =>
        checks[i]!.state === 'ok' || checks[i]!.remedy === ''
          ? [line]
          : [line, `   ${print.ascii ? '->' : '→'} ${escaped(checks[i]!.remedy)}`],
      )
    })
    return checks.some(({ state }) => state === 'bad') ? 1 : 0
  },
})
