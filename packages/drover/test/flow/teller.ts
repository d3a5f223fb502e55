import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Finding, NewEvent } from '../../src/domain/event.ts'
import { defaultSettings, type Settings } from '../../src/domain/settings.ts'
import type { TaskWords } from '../../src/domain/task.ts'
import { verdictOf, type Report, type Verdict } from '../../src/domain/verdict.ts'
import { wordsToGoOn } from '../../src/flow/goes-on.ts'
import { writePrompt } from '../../src/flow/prompt.ts'
import { openSqlite } from '../../src/ledger/open.ts'
import type { Speaker } from '../../src/ports/ledger.ts'
import { created, person } from '../support/drafts.ts'

const golden = fileURLToPath(new URL('prompts/', import.meta.url))
const isUpdate = process.env['DROVER_UPDATE'] !== undefined

interface Wanted {
  tools?: boolean
  settings?: Partial<Settings>
  patch?: string
}

/** A real ledger whose clock moves a minute with everything that is said, and what an agent would be told from it. */
export async function makeTeller(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'drover-prompt-'))
  let minutes = 0
  const now = () => Date.UTC(2026, 0, 1) + minutes++ * 60_000
  const create = { project: 'p', target: 'main' }
  const { ledger, reading } = await openSqlite({ file: join(folder, 'drover.db'), machine: 'm', now, create })
  t.after(async () => {
    await ledger.close()
    rmSync(folder, { recursive: true })
  })
  const tell = async (by: Speaker, ...events: NewEvent[]): Promise<void> => {
    assert.equal((await ledger.append(events, by)).outcome, 'appended')
  }
  let said = 0
  const machine = (): Speaker => ({ kind: 'machine', name: 'm', request: `said-${++said}` })
  const teller = {
    reading,
    tell: (...events: NewEvent[]) => tell(machine(), ...events),
    add: (id: string, words: Partial<TaskWords> = {}, about: Parameters<typeof created>[2] = {}) =>
      tell(person(), created(id, { run: null, ...words }, about)),
    spawn: (id: string, parent: string, words: Partial<TaskWords>) =>
      tell(
        { kind: 'agent', task: parent, attempt: 1, request: id },
        created(id, { run: null, ...words }, { kind: 'spawned', parentId: parent }),
      ),
    epic: (id: string) =>
      tell(person(), {
        type: 'epic.created',
        epic: id,
        data: { title: id, description: '', priority: 5, labels: [], imported: false },
      }),
    hint: (id: string, text: string) =>
      tell(person(), { type: 'task.hinted', task: id, data: { hint: `hint-${++said}`, text } }),
    found: (id: string, finding: Finding) =>
      tell(machine(), { type: 'task.found', task: id, attempt: 1, data: { finding } }),
    async claim(id: string, fresh = false): Promise<number> {
      const attempt = (await reading.task(id))!.attempt + 1
      const data = { attempt, machine: 'm', slot: 1, agent: 'claude', account: null, fresh }
      await tell(machine(), { type: 'task.claimed', task: id, attempt, data })
      await tell(machine(), { type: 'task.started', task: id, attempt, data: { machine: 'm', slot: 1 } })
      return attempt
    },
    async completes(id: string, verdict: Verdict): Promise<void> {
      const attempt = await teller.claim(id)
      const commit = 'c0ffee'.padEnd(40, '0')
      const data = { verdict, commit, base: null, subjects: [] }
      await tell(machine(), { type: 'task.passed', task: id, attempt, data })
      await tell(machine(), { type: 'task.completed', task: id, attempt, data: { commit } })
    },
    async fails(id: string, error: string): Promise<void> {
      const { attempt } = (await reading.task(id))!
      const data = { reason: 'failed', error, verdict: null } as const
      await tell(machine(), { type: 'task.failed', task: id, attempt, data })
    },
    async retries(id: string, error: string, about: { report?: Report; verdict?: Verdict } = {}): Promise<void> {
      const { attempt } = (await reading.task(id))!
      const { report, verdict = null } = about
      if (report) await tell(machine(), { type: 'task.reported', task: id, attempt, data: { report } })
      const data = { reason: 'failed', counts: true, notBefore: 0, error, verdict, fresh: false } as const
      await tell(machine(), { type: 'task.retried', task: id, attempt, data })
    },
    /** What the session of the task's agent is told when it goes on. */
    async reminded(id: string, settings: Partial<Settings> = {}) {
      const task = (await reading.task(id))!
      const crew = {
        ledger,
        reading,
        settings: { ...defaultSettings(), ...settings },
        here: { machine: 'm', target: 'main' },
      }
      const { attempt } = task
      const { text, files } = await wordsToGoOn(crew, task, {
        owner: id,
        task: id,
        attempt,
        base: 'ba5e'.padEnd(40, '0'),
        slot: 1,
      })
      return { text, beside: Object.fromEntries(files.map((file) => [file.name, file.text])) }
    },
    /** What the agent of the task's last attempt is told: the prompt, and the files beside it. */
    async told(id: string, wanted: Wanted = {}, owner = id) {
      const task = (await reading.task(id))!
      const place = mkdtempSync(join(folder, 'attempt-'))
      const crew = {
        ledger,
        reading,
        settings: { ...defaultSettings(), ...wanted.settings },
        driverFor: () => ({ abilities: { tools: wanted.tools === true } }),
        workspace: { patch: async () => wanted.patch ?? '' },
        system: { writeFile: (path: string, text: string) => writeFile(path, text) },
        here: { machine: 'm' },
      }
      const { attempt } = (await reading.task(owner))!
      const work = { owner, task: id, attempt, base: 'ba5e'.padEnd(40, '0'), slot: 1 }
      const prompt = await writePrompt(crew, task, work, place)
      const beside = readdirSync(place).filter((name) => name !== basename(prompt))
      return {
        text: readFileSync(prompt, 'utf8'),
        beside: Object.fromEntries(beside.map((name) => [name, readFileSync(join(place, name), 'utf8')])),
      }
    },
  }
  return teller
}

export function assertGolden(name: string, text: string): void {
  const file = join(golden, `${name}.md`)
  if (isUpdate) writeFileSync(file, text)
  assert.equal(text, readFileSync(file, 'utf8'), `${name}.md: DROVER_UPDATE=1 writes it anew`)
}

export const report = (more: Partial<Report> = {}): Report => ({
  verdict: 'pass',
  summary: 'the parser reads dates',
  detail: '',
  tokensIn: null,
  tokensOut: null,
  durationS: null,
  testsPassed: 12,
  testsFailed: 0,
  filesChanged: null,
  ...more,
})
export const pass = (summary: string, ...files: string[]): Verdict => ({
  ...verdictOf('pass', 'reported', summary),
  changed: { count: files.length, files },
})
