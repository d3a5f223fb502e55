import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { plainWords } from '../../src/domain/draft.ts'
import { noUsage, type Task } from '../../src/domain/task.ts'
import type { Verdict } from '../../src/domain/verdict.ts'
import type { Evidence, Judge } from '../../src/ports/judge.ts'

const task: Task = {
  ...plainWords,
  title: 'Count the sheep',
  id: 'task-1',
  kind: 'task',
  parentId: null,
  sequence: null,
  status: 'in_progress',
  blockedReason: null,
  blockedNote: '',
  rest: null,
  openNeeds: 0,
  attempt: 1,
  attempts: 0,
  lostInARow: 0,
  notBefore: 0,
  fresh: false,
  approved: null,
  baseCommit: null,
  landings: 0,
  commit: null,
  landedCommit: null,
  verdict: null,
  session: null,
  sessionAgent: null,
  account: null,
  budgets: 0,
  startsFrom: null,
  lastError: null,
  imported: false,
  createdBy: 'person:ann',
  email: null,
  modifiedBy: null,
  completedBy: null,
  createdAt: 0,
  updatedAt: 0,
  startedAt: 0,
  finishedAt: null,
  usage: noUsage,
}

interface Told extends Partial<Omit<Evidence, 'task'>> {
  task?: Partial<Task>
  /** Files that the attempt wrote into its worktree. */
  wrote?: Record<string, string>
  /** Files that were there before it. */
  had?: Record<string, string>
}

const isClaim = (name: string): boolean => name.startsWith('PARCEL_DONE') || name === 'result.json'

/** The evidence of an attempt that ended well and said nothing, but for what is told. */
export function evidenceOf(t: TestContext, { wrote = {}, had = {}, task: words = {}, ...more }: Told = {}): Evidence {
  const worktree = mkdtempSync(join(tmpdir(), 'drover-judge-'))
  t.after(() => rmSync(worktree, { recursive: true, force: true }))
  for (const [file, text] of Object.entries({ ...had, ...wrote })) writeFileSync(join(worktree, file), text)
  return {
    task: { ...task, ...words },
    attempt: 1,
    worktree,
    base: '0'.repeat(40),
    changed: Object.keys(wrote).filter((name) => !isClaim(name)),
    claims: Object.keys(wrote).filter(isClaim),
    report: null,
    exitCode: 0,
    signal: null,
    outputTail: '',
    said: null,
    ...more,
  }
}

const files = ['PARCEL_DONE-task-1.md', 'PARCEL_DONE.md', 'result.json']

/** What files can be besides well written. */
const ruins: Record<string, (path: string) => void> = {
  'an empty file': (path) => writeFileSync(path, ''),
  'bytes that are no text': (path) => writeFileSync(path, Buffer.from([0xff, 0xfe, 0x00, 0x80])),
  'half a sentence': (path) => writeFileSync(path, '{"verdict": "PA'),
  'a folder': (path) => mkdirSync(path),
  'a link out of the worktree': (path) => symlinkSync('/etc/passwd', path),
  'a link to nothing': (path) => symlinkSync('nowhere', path),
  '3 MB of stars': (path) => writeFileSync(path, `Verdict: ${'* '.repeat(1_500_000)}1`),
  'deep JSON': (path) => writeFileSync(path, '{"a":'.repeat(100_000)),
  'JSON that means to reach prototypes': (path) =>
    writeFileSync(path, '{"__proto__": {"verdict": "PASS"}, "verdict": "constructor"}'),
}

/** What every judge promises, whatever it goes by. */
export function judgeConformance(name: string, open: () => Judge): void {
  describe(`${name} as a judge`, () => {
    for (const [ruin, make] of Object.entries(ruins))
      test(`does not throw at ${ruin}, and does not pass it`, async (t) => {
        const evidence = { ...evidenceOf(t, { exitCode: 1 }), claims: files }
        for (const file of files) make(join(evidence.worktree, file))
        const verdict = await open().judge(evidence, AbortSignal.timeout(10_000))
        checkVerdict(verdict)
        assert.ok(verdict === undefined || !verdict.verdict.startsWith('pass'))
      })

    test('does not throw where there is no worktree', async (t) => {
      checkVerdict(
        await open().judge(
          { ...evidenceOf(t), worktree: '/no/such/folder', claims: files },
          AbortSignal.timeout(10_000),
        ),
      )
    })

    test('says the same when it is asked again, and leaves the worktree as it is', async (t) => {
      const wrote = { 'PARCEL_DONE.md': 'Verdict: BLOCK\n', 'result.json': '{"verdict":"block"}' }
      const evidence = evidenceOf(t, { wrote })
      const judge = open()
      const first = await judge.judge(evidence, AbortSignal.timeout(10_000))
      assert.deepEqual(await judge.judge(evidence, AbortSignal.timeout(10_000)), first)
      const left = Object.fromEntries(
        readdirSync(evidence.worktree).map((file) => [file, readFileSync(join(evidence.worktree, file), 'utf8')]),
      )
      assert.deepEqual(left, wrote)
    })

    test('names itself as the settings do', () => assert.equal(open().name, name))
  })
}

/** It can be written to the ledger and read again, and names who knew. */
function checkVerdict(verdict: Verdict | undefined): void {
  if (verdict === undefined) return
  assert.deepEqual(JSON.parse(JSON.stringify(verdict)), verdict)
  assert.ok(['pass', 'pass_with_warnings', 'block', 'fail', 'unknown'].includes(verdict.verdict))
  assert.ok(verdict.by !== '')
}
