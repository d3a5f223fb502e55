import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { opencodeDriver } from '../../src/drivers/opencode.ts'
import type { AgentEvent, Intent, Spec } from '../../src/ports/driver.ts'
import { spec } from '../drivers/spec.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const fake = fileURLToPath(new URL('fake-opencode.mjs', import.meta.url))
const driver = opencodeDriver({
  path: process.execPath,
  args: [fake],
  env: {},
  self: [process.execPath, main],
})

/** Runs the driver's bridge with a stand-in for OpenCode's server behind it. */
function start(about: Partial<Spec>, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'drover-bridge-'))
  const told: Spec = { ...spec, ...about, folder, worktree: folder }
  const launch = driver.spawn(told)
  for (const [name, text] of Object.entries(launch.files ?? {})) writeFileSync(join(folder, name), text)
  const seen = join(folder, 'seen.json')
  const child = spawn(launch.file, launch.args, {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, FAKE_SEEN: seen, ...env, ...launch.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const talk = driver.talk(told)
  const lines: string[] = []
  const events: AgentEvent[] = []
  let rest = ''
  let look = nothing
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const whole = (rest + text).split('\n')
    rest = whole.pop() ?? ''
    lines.push(...whole)
    events.push(...whole.flatMap((line) => talk.read(line, Date.now())))
    look()
  })
  const over = new Promise<number | null>((resolve) => child.once('close', resolve))
  started.push({ child, folder, over })
  return {
    child,
    lines,
    events,
    over,
    talk,
    told,
    seen: () => JSON.parse(readFileSync(seen, 'utf8')) as { pid: number; config: string },
    say: (intent: Intent) => talk.say(intent)?.forEach((line) => child.stdin.write(`${line}\n`)),
    /** Waits until this many events are so. */
    until: (is: (event: AgentEvent) => boolean, count = 1) =>
      new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`it never came: ${lines.join('\n')}`)), 30_000)
        look = () => {
          if (events.filter(is).length < count) return
          clearTimeout(late)
          resolve()
        }
        look()
      }),
  }
}

const started: { child: ChildProcess; folder: string; over: Promise<unknown> }[] = []
afterEach(async () => {
  for (const { child, folder, over } of started.splice(0)) {
    child.kill('SIGTERM')
    await over
    rmSync(folder, { recursive: true, force: true })
  }
})

function nothing(): void {}
const isTurn = (event: AgentEvent): boolean => event.kind === 'turn'
const endsOf = (events: readonly AgentEvent[]) =>
  events.flatMap((event) => (event.kind === 'turn' ? [`${event.end.reason}: ${event.end.text}`] : []))

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('the bridge opens a session, says the prompt, and then what it is told', async () => {
  const bridge = start({ prompt: 'first' })
  await bridge.until(isTurn)
  bridge.say({ kind: 'prompt', text: 'second' })
  await bridge.until(isTurn, 2)
  assert.deepEqual(endsOf(bridge.events), ['done: did: first', 'done: did: second'])
  const [session] = bridge.events.filter((event) => event.kind === 'session')
  assert.deepEqual(session, { kind: 'session', session: 'ses_1', model: null, version: '1.2.3' })
})

test('a hint reaches the running turn, and is refused when it is over', async () => {
  const bridge = start({ prompt: 'wait' })
  await bridge.until((event) => event.kind === 'session')
  bridge.say({ kind: 'hint', id: 'h1', text: 'use tabs' })
  await bridge.until((event) => event.kind === 'heard' && event.hint === 'h1')
  await bridge.until((event) => event.kind === 'tool')
  bridge.say({ kind: 'interrupt' })
  await bridge.until(isTurn)
  assert.deepEqual(endsOf(bridge.events), ['interrupted: '])
  bridge.child.stdin.write('{"do":"hint","id":"h2","text":"too late"}\n')
  await bridge.until(() => bridge.lines.some((line) => line.includes('"refused"')))
  const heard = bridge.events.filter((event) => event.kind === 'heard')
  assert.equal(heard.length, 1)
})

test('a new daemon reads every line again and goes on', async () => {
  const bridge = start({ prompt: 'wait' })
  await bridge.until((event) => event.kind === 'session')
  bridge.say({ kind: 'hint', id: 'h1', text: 'use tabs' })
  await bridge.until((event) => event.kind === 'heard')
  const taken = driver.talk(bridge.told)
  const again = bridge.lines.flatMap((line) => taken.read(line, 0))
  assert.ok(again.some((event) => event.kind === 'heard'))
  for (const line of taken.say({ kind: 'interrupt' }) ?? []) bridge.child.stdin.write(`${line}\n`)
  await bridge.until(isTurn)
  assert.deepEqual(endsOf(bridge.events), ['interrupted: '])
})

for (const [prompt, about, answer] of [
  ['ask', {}, 'permission per_1 reply {"reply":"once"}'],
  ['ask', { permission: 'ask' }, 'permission per_1 reply {"reply":"reject"}'],
  ['tool', { permission: 'ask' }, 'permission per_2 reply {"reply":"once"}'],
  ['question', {}, 'question que_1 reject {}'],
] as const)
  test(`it answers by itself: ${answer}`, async () => {
    const bridge = start({ prompt, ...about })
    await bridge.until(isTurn)
    assert.deepEqual(endsOf(bridge.events), [`done: ${answer}`])
  })

test('the end of a turn is not missed while the stream is cut', async () => {
  const bridge = start({ prompt: 'cut' })
  await bridge.until(isTurn)
  bridge.say({ kind: 'prompt', text: 'next' })
  await bridge.until(isTurn, 2)
  assert.deepEqual(endsOf(bridge.events), ['done: ', 'done: did: next'])
})

test('a server that dies is said to be over, and the bridge ends with it', async () => {
  const bridge = start({ prompt: 'die' })
  assert.equal(await bridge.over, 1)
  assert.match(endsOf(bridge.events)[0] ?? '', /^crashed: opencode server listening/)
})

test('a program that has no server is left to the fallback', async () => {
  const bridge = start({ prompt: 'x' }, { FAKE_BROKEN: '1' })
  assert.equal(await bridge.over, 1)
  assert.deepEqual(endsOf(bridge.events), ['unsupported: no such command: serve'])
})

test('a session that is not there is said so', async () => {
  const bridge = start({ session: 'ses_2' })
  assert.equal(await bridge.over, 0)
  assert.match(endsOf(bridge.events)[0] ?? '', /^crashed: session refused: .*NotFoundError/)
})

test('the server ends with the bridge, whether it is asked to or nobody can speak to it any more', async () => {
  for (const end of [(child: ChildProcess) => child.kill('SIGTERM'), (child: ChildProcess) => child.stdin?.end()]) {
    const bridge = start({ prompt: 'wait' })
    await bridge.until((event) => event.kind === 'session')
    const { pid } = bridge.seen()
    assert.ok(isAlive(pid))
    end(bridge.child)
    assert.equal(await bridge.over, 0)
    assert.ok(!isAlive(pid))
    assert.deepEqual(endsOf(bridge.events), [])
  }
})

test('the user’s own configuration stays, with drover’s words in it', async () => {
  const own = { model: 'x/y', mcp: { mine: { type: 'local', command: ['a'] } }, permission: 'ask' }
  const tools = { command: 'drover', args: ['mcp'], env: { TOKEN: 't' } }
  const bridge = start({ tools, prompt: 'x' }, { OPENCODE_CONFIG_CONTENT: JSON.stringify(own) })
  await bridge.until(isTurn)
  assert.deepEqual(JSON.parse(bridge.seen().config), {
    model: 'x/y',
    mcp: {
      mine: { type: 'local', command: ['a'] },
      drover: {
        type: 'local',
        command: ['drover', 'mcp'],
        environment: { TOKEN: 't' },
        enabled: true,
        timeout: 600_000,
      },
    },
    permission: { '*': 'allow', 'drover_*': 'allow', question: 'deny' },
  })
  assert.ok(existsSync(join(bridge.told.folder, 'opencode.json')))
})
