import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openJudge } from '../../src/judges/judges.ts'
import { settings } from '../../src/domain/settings.ts'
import { judgeConformance } from '../conformance/judge.ts'

const asking = {
  system: {
    run: async () => ({ exitCode: 0, signal: null, timedOut: false, tail: '{"verdict": "block"}', durationMs: 1 }),
  },
  command: 'true',
  env: {},
  timeoutMs: 1000,
  markOf: () => 'p:task-1/1',
}

const names = settings.judge.kind.expects.split(', ')

for (const name of names) judgeConformance(name, () => openJudge(name, asking)!)

test('every judge that the settings allow is there, and no other', () => {
  assert.deepEqual(
    names.filter((name) => openJudge(name, asking)?.name !== name),
    [],
  )
  for (const name of ['', 'toString', '__proto__', 'db']) assert.equal(openJudge(name, asking), undefined)
})
