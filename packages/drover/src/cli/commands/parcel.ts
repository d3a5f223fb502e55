import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { DroverError } from '../../domain/error.ts'
import { type Report, readVerdictWord } from '../../domain/verdict.ts'
import { command, type Context } from '../command.ts'

const number = (about: string) => ({ type: 'string', arg: 'n', about }) as const

export const parcelDone = command({
  name: 'parcel done',
  summary: 'For agents: report how the attempt ended',
  about:
    'From inside the attempt’s worktree. The verdict is PASS, PASS_WITH_WARNINGS, BLOCK or FAIL, in any case. Nothing is read from stdin.',
  options: {
    verdict: { type: 'string', arg: 'word', about: 'PASS, PASS_WITH_WARNINGS, BLOCK or FAIL' },
    summary: { type: 'string', about: 'One line: what was done' },
    detail: { type: 'string', about: 'More, as Markdown' },
    'detail-file': { type: 'string', arg: 'file', about: 'More, from a file' },
    'tokens-in': number('Tokens read'),
    'tokens-out': number('Tokens written'),
    'duration-s': number('Seconds it took'),
    'tests-passed': number('Tests that passed'),
    'tests-failed': number('Tests that failed'),
    'files-changed': number('Files that changed'),
  },
  examples: ['drover parcel done --verdict PASS --summary "The endpoint answers, with tests"'],
  async run(context, values) {
    const verdict = values.verdict === undefined ? undefined : readVerdictWord(values.verdict)
    if (!verdict)
      throw usage(
        values.verdict === undefined
          ? 'drover parcel done needs --verdict'
          : `--verdict cannot be "${values.verdict}": PASS, PASS_WITH_WARNINGS, BLOCK or FAIL`,
      )
    if (!values.summary?.trim()) throw usage('drover parcel done needs --summary')
    if (values.detail !== undefined && values['detail-file'] !== undefined)
      throw usage('give --detail or --detail-file, not both')
    const report: Report = {
      verdict,
      summary: values.summary.trim(),
      detail:
        values.detail ?? (values['detail-file'] === undefined ? '' : await readText(context, values['detail-file'])),
      tokensIn: count('--tokens-in', values['tokens-in']),
      tokensOut: count('--tokens-out', values['tokens-out']),
      durationS: count('--duration-s', values['duration-s']),
      testsPassed: count('--tests-passed', values['tests-passed']),
      testsFailed: count('--tests-failed', values['tests-failed']),
      filesChanged: count('--files-changed', values['files-changed']),
    }
    await tell(context, 'report', report, `Reported ${verdict}`)
  },
})

export const parcelProgress = command({
  name: 'parcel progress <step...>',
  summary: 'For agents: report a step',
  options: {
    phase: { type: 'string', arg: 'phase', about: 'running, stuck or complete', default: 'running' },
    detail: { type: 'string', about: 'More about it' },
  },
  examples: ['drover parcel progress "the tests are written" --phase running'],
  run: (context, { phase, detail = '' }, words) =>
    tell(context, 'progress', { label: words.join(' '), phase, detail }, 'Reported'),
})

async function tell({ print }: Context, ask: 'report' | 'progress', said: object, sentence: string): Promise<void> {
  const { sayAsAgent } = await import('../../app/agent-side.ts')
  const { task, how } = await sayAsAgent(ask, { ...said })
  print.done(
    { task, how },
    `${sentence} for ${task}${how === 'told' ? '' : ' (no daemon answers: it reads this when it is back)'}`,
  )
}

async function readText({ terminal, globals }: Context, file: string): Promise<string> {
  try {
    return readFileSync(resolve(terminal.cwd, globals.directory ?? '.', file), 'utf8')
  } catch (error) {
    throw new DroverError('bad-file', { file, problem: 'cannot be read' }, error)
  }
}

/** 0 is a value; what is not said is not known. */
function count(name: string, value: string | undefined): number | null {
  if (value === undefined) return null
  const read = /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : Number.NaN
  if (Number.isNaN(read)) throw usage(`${name} cannot be "${value}": a number, 0 or more`)
  return read
}

const usage = (problem: string): DroverError => new DroverError('usage', { problem, command: 'parcel done' })
