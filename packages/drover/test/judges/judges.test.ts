import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Report } from '../../src/domain/verdict.ts'
import { chain } from '../../src/judges/chain.ts'
import { commandJudge } from '../../src/judges/command.ts'
import { exitCode } from '../../src/judges/exit-code.ts'
import { openJudge } from '../../src/judges/judges.ts'
import { jsonResult } from '../../src/judges/json-result.ts'
import { reported } from '../../src/judges/reported.ts'
import type { Judge } from '../../src/ports/judge.ts'
import type { System } from '../../src/ports/system.ts'
import { openWorld } from '../app/attempt-world.ts'
import { evidenceOf } from '../conformance/judge.ts'

type Told = Parameters<typeof evidenceOf>[1]

const never = new AbortController().signal
const ask = (judge: Judge, t: TestContext, told: Told) => judge.judge(evidenceOf(t, told), never)
const report: Report = {
  verdict: 'block',
  summary: 'I need a key',
  detail: 'for the API',
  tokensIn: null,
  tokensOut: null,
  durationS: null,
  testsPassed: null,
  testsFailed: null,
  filesChanged: null,
}

test('what was reported is the verdict', async (t) => {
  assert.equal(await ask(reported, t, {}), undefined)
  assert.deepEqual(await ask(reported, t, { report }), {
    verdict: 'block',
    summary: 'I need a key',
    by: 'reported',
    detail: 'for the API',
    checks: [],
  })
})

test('151: a result file is read, or it is said what is wrong with it', async (t) => {
  const judge = (text: string) => ask(jsonResult, t, { wrote: { 'result.json': text } })
  const pass = await judge('{"verdict": "Pass", "summary": "done", "detail": {"tests": 3}}')
  assert.deepEqual([pass?.verdict, pass?.summary, pass?.detail], ['pass', 'done', '{"tests":3}'])
  assert.equal((await judge('\uFEFF{"verdict":"pass_with_warnings"}'))?.verdict, 'pass_with_warnings')
  assert.equal((await judge('{"verdict":"BLOCKED","detail":"why"}'))?.verdict, 'block')
  assert.equal(await ask(jsonResult, t, { had: { 'result.json': '{"verdict":"pass"}' } }), undefined)
  const wrong = {
    '{"verdict"': /no JSON/,
    '[]': /no JSON object/,
    null: /no JSON object/,
    '{}': /no "verdict"/,
    '{"verdict":"fine"}': /"fine" is no verdict/,
    '{"verdict":1}': /1 is no verdict/,
  }
  for (const [text, problem] of Object.entries(wrong)) {
    const verdict = await judge(text)
    assert.equal(verdict?.verdict, 'unknown')
    assert.match(verdict?.summary ?? '', problem)
  }
})

test('152: by its exit code a command passes, and an agent only when it changed something', async (t) => {
  const verdict = async (told: Told) => (await ask(exitCode, t, told))?.verdict
  const change = { wrote: { 'a.ts': '' } }
  assert.equal(await verdict({ exitCode: 0, ...change }), 'pass')
  assert.equal(await verdict({ exitCode: 0 }), 'unknown')
  assert.equal(await verdict({ exitCode: 0, task: { run: 'make' } }), 'pass')
  assert.equal(await verdict({ exitCode: 0, task: { run: 'make' }, ...change }), 'pass')
  assert.equal(await verdict({ exitCode: 1, ...change }), 'fail')
  assert.equal(await verdict({ exitCode: 2, task: { run: 'make' } }), 'fail')
})

test('198: an exit code, a signal and a vanished agent are told apart in words', async (t) => {
  assert.equal((await ask(exitCode, t, { exitCode: 0, said: '\nThe parser is done.\nMore.' }))?.verdict, 'unknown')
  assert.equal(
    (await ask(exitCode, t, { exitCode: 0, said: '\nThe parser is done.\nMore.', changed: ['a'] }))?.summary,
    'The parser is done.',
  )
  const words = async (told: Told) => (await ask(exitCode, t, { outputTail: 'the end', ...told }))?.summary
  assert.equal(await words({ exitCode: 3 }), 'exit code 3')
  assert.equal(await words({ exitCode: 137 }), 'exit code 137, as of a shell whose command was killed by SIGKILL')
  assert.equal(await words({ exitCode: null, signal: 'SIGKILL' }), 'killed by SIGKILL (signal 9)')
  assert.match((await words({ exitCode: null, signal: 'lost' })) ?? '', /vanished/)
  assert.equal(
    (await ask(exitCode, t, { exitCode: null, signal: 'SIGTERM', outputTail: 'the end' }))?.detail,
    'the end',
  )
})

test('154: the first judge that knows has the word, and those behind it are not asked', async (t) => {
  const asked: string[] = []
  const judge = (name: string, knows: boolean): Judge => ({
    name,
    async judge() {
      asked.push(name)
      return knows ? { verdict: 'pass', summary: '', by: name, detail: '', checks: [] } : undefined
    },
  })
  assert.equal((await ask(chain([judge('a', false), judge('b', true), judge('c', true)]), t, {}))?.by, 'b')
  assert.deepEqual(asked, ['a', 'b'])
  assert.equal(await ask(chain([]), t, {}), undefined)
})

test('a report beats a marker, a marker a result, and a result the exit code', async (t) => {
  const judge = openJudge('chain', asking({ run: () => Promise.reject(new Error('not asked')) }))!
  const marker = { 'PARCEL_DONE.md': 'Verdict: PASS' }
  const result = { 'result.json': '{"verdict":"fail"}' }
  const by = async (told: Told) => (await ask(judge, t, { exitCode: 1, ...told }))?.by
  assert.equal(await by({ report, wrote: { ...marker, ...result } }), 'reported')
  assert.equal(await by({ wrote: { ...marker, ...result } }), 'marker-file')
  assert.equal(await by({ wrote: result }), 'json-result')
  assert.equal(await by({}), 'exit-code')
})

function asking(system: Pick<System, 'run'>, command = 'true', timeoutMs = 10_000) {
  return { system, command, env: { PATH: '/usr/local/bin:/usr/bin:/bin' }, timeoutMs, markOf: () => 'judge:task-1/1' }
}

test('a command of the user’s gets the evidence and gives the verdict', async (t) => {
  const { system } = openWorld(t)
  const script = `echo looking; read -r evidence; case $evidence in *'"id":"task-1"'*) echo '{"verdict": "Pass with warnings",'; echo '"summary": "seen"}';; esac`
  const verdict = await ask(commandJudge(asking(system, script)), t, {})
  assert.deepEqual([verdict?.verdict, verdict?.summary, verdict?.by], ['pass_with_warnings', 'seen', 'command'])
})

test('a command that gives no verdict leaves it unknown, and it is said why', async (t) => {
  const { system } = openWorld(t)
  const problems: Record<string, RegExp> = {
    'echo nothing; exit 3': /exit code 3 and printed no verdict/,
    'echo "{\\"verdict\\": \\"pass\\"}"; exit 1': /said pass, but ended with exit code 1/,
    'echo "{\\"verdict\\": \\"pass\\"}"; kill -9 $$': /killed by SIGKILL/,
    'echo "{\\"verdict\\": \\"pass\\"}"; echo but': /printed no verdict/,
    'no-such-program': /exit code 127/,
  }
  for (const [script, problem] of Object.entries(problems)) {
    const verdict = await ask(commandJudge(asking(system, script)), t, {})
    assert.equal(verdict?.verdict, 'unknown')
    assert.match(verdict?.summary ?? '', problem)
  }
  assert.match((await ask(commandJudge(asking(system, 'sleep 1000', 50)), t, {}))?.summary ?? '', /took too long/)
  assert.equal(
    (await ask(commandJudge(asking(system, 'echo "{\\"verdict\\": \\"fail\\"}"; exit 1')), t, {}))?.verdict,
    'fail',
  )
})
