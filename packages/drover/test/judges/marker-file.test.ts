import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { markerFile, readVerdictLine } from '../../src/judges/marker-file.ts'
import { evidenceOf } from '../conformance/judge.ts'

const never = new AbortController().signal
const judge = (t: TestContext, told: Parameters<typeof evidenceOf>[1]) => markerFile.judge(evidenceOf(t, told), never)
const verdictOfText = async (t: TestContext, text: string) =>
  (await judge(t, { wrote: { 'PARCEL_DONE.md': text } }))?.verdict

test('150: a marker’s verdict and summary are read, and its file named', async (t) => {
  const text = '# Done\n\n**Verdict:** PASS_WITH_WARNINGS\n\n## Summary\nCounted them.\nTwice.\n\n## Notes\nx\n'
  assert.deepEqual(await judge(t, { wrote: { 'PARCEL_DONE-task-1.md': text } }), {
    verdict: 'pass_with_warnings',
    summary: 'Counted them.\nTwice.',
    by: 'marker-file',
    detail: 'PARCEL_DONE-task-1.md',
    checks: [],
  })
  assert.equal(await judge(t, {}), undefined)
})

test('86, 87, 88, 220: verdict lines as agents write them', async (t) => {
  const lines: Record<string, string> = {
    'Verdict: PASS': 'pass',
    'Verdict:PASS.': 'pass',
    'verdict : pass': 'pass',
    '  VERDICT:  Passed': 'pass',
    '**Verdict:** PASS': 'pass',
    '**Verdict:** **PASS**': 'pass',
    '**Verdict**: `PASS`': 'pass',
    '*Verdict*: PASS': 'pass',
    '## Verdict: PASS': 'pass',
    '- Verdict: PASS': 'pass',
    '> Verdict: PASS': 'pass',
    '> - **Verdict:** PASS - all is well': 'pass',
    'Verdict: PASS (with thanks)': 'pass',
    'Verdict: PASS, at last': 'pass',
    'Verdict: PASS\r': 'pass',
    'Verdict: PASS WITH WARNINGS': 'pass_with_warnings',
    'Verdict: **Pass with warning**': 'pass_with_warnings',
    'Verdict: PASS_WITH_WARNING': 'pass_with_warnings',
    'Verdict: pass-with-warnings.': 'pass_with_warnings',
    'Verdict: BLOCK': 'block',
    'Verdict: BLOCKED on the schema': 'block',
    'Verdict: FAIL: 3 tests': 'fail',
    'Verdict: UNKNOWN': 'unknown',
  }
  for (const [line, verdict] of Object.entries(lines))
    assert.equal(await verdictOfText(t, `# Done\n${line}\nmore\n`), verdict, line)
})

test('90: what is no verdict is unknown, never a pass', async (t) => {
  const lines = [
    'PASSABLE',
    'PASS WITH RESERVATIONS',
    'PASS | BLOCK',
    'PASS / FAIL',
    'PASS|PASS_WITH_WARNINGS|BLOCK',
    'NOT PASS',
    '~~PASS~~',
    'PASS1',
    'LGTM',
    '',
    '<verdict>',
  ]
  for (const line of lines) {
    const verdict = await judge(t, { wrote: { 'PARCEL_DONE.md': `Verdict: ${line}\nVerdict: PASS\n` } })
    assert.equal(verdict?.verdict, 'unknown', line)
    assert.equal(verdict?.detail, 'unknown verdict in PARCEL_DONE.md')
  }
})

test('89: the first verdict line wins over one that is quoted later', async (t) => {
  assert.equal(await verdictOfText(t, 'The verdict is below.\nVerdict: BLOCK\n> Verdict: PASS\n'), 'block')
})

test('217: a marker without a verdict line is unknown: nobody is left to finish it', async (t) => {
  for (const text of ['', '# Done\n', '# Done\n\n**Verd', 'Verdict\nPASS\n']) {
    const verdict = await judge(t, { wrote: { 'PARCEL_DONE.md': text } })
    assert.deepEqual([verdict?.verdict, verdict?.detail], ['unknown', 'malformed or unreadable: PARCEL_DONE.md'])
  }
})

test('137: the marker with the task’s id wins over the one without', async (t) => {
  const wrote = {
    'PARCEL_DONE-task-1.md': 'Verdict: BLOCK',
    'PARCEL_DONE.md': 'Verdict: PASS',
    'PARCEL_DONE-task-10.md': 'Verdict: FAIL',
  }
  assert.equal((await judge(t, { wrote }))?.verdict, 'block')
  assert.equal(await judge(t, { wrote: { 'PARCEL_DONE-task-10.md': 'Verdict: PASS' } }), undefined)
})

test('219: a marker that came with the repository says nothing', async (t) => {
  assert.equal(
    await judge(t, {
      had: { 'PARCEL_DONE.md': 'Verdict: PASS', 'PARCEL_DONE-task-1.md': 'Verdict: PASS' },
      wrote: { 'a.ts': '' },
    }),
    undefined,
  )
})

test('218: a hostile report line is parsed in under 10 ms', () => {
  const hostile = [
    `Verdict: ${'* '.repeat(45)}1`,
    `${'*'.repeat(50)}verdict${'*'.repeat(50)}`,
    `Verdict:${' *_`'.repeat(30)}`,
    '> '.repeat(500),
  ]
  for (const line of hostile) {
    const begun = performance.now()
    readVerdictLine(line)
    assert.ok(performance.now() - begun < 10, line)
  }
})

test('a marker that is a link is not followed', async (t) => {
  const evidence = evidenceOf(t, { had: { elsewhere: 'Verdict: PASS' } })
  symlinkSync(join(evidence.worktree, 'elsewhere'), join(evidence.worktree, 'PARCEL_DONE.md'))
  assert.equal((await markerFile.judge({ ...evidence, claims: ['PARCEL_DONE.md'] }, never))?.verdict, 'unknown')
})

test('a marker that is a pipe is not waited for', async (t) => {
  const evidence = evidenceOf(t)
  execFileSync('mkfifo', [join(evidence.worktree, 'PARCEL_DONE.md')])
  assert.equal((await markerFile.judge({ ...evidence, claims: ['PARCEL_DONE.md'] }, never))?.verdict, 'unknown')
})
