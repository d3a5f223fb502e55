import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openToolsPlace } from '../../src/app/tools-place.ts'
import type { Shown, Use } from '../../src/app/mcp-web.ts'

const shown = { authorization: 'Bearer secret', 'x-drover-run': 'p:t/1', 'x-drover-task': 't' }
const call = (name: string, args: object) => ({
  jsonrpc: '2.0',
  id: 7,
  method: 'tools/call',
  params: { name, arguments: args },
})

async function place(t: TestContext, use: Use, folder = mkdtempSync(join(tmpdir(), 'drover-tools-'))) {
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const tools = openToolsPlace(join(folder, 'port'), use)
  t.after(() => tools.close())
  const url = await tools.url()
  const say = async (about: object | string, headers: Record<string, string> = shown, method = 'POST') => {
    const body = typeof about === 'string' ? about : JSON.stringify(about)
    const response = await fetch(url, { method, headers, ...(method === 'POST' ? { body } : {}) })
    const text = await response.text()
    return { status: response.status, said: text === '' ? undefined : JSON.parse(text) }
  }
  return { folder, url, say, tools }
}

const noted: Use = async () => ({ ok: true, about: { text: 'Noted.', fields: { n: 1 } } })

test('an agent is greeted, told the tools, and may use them, each time as who its token says', async (t) => {
  const used: [string, unknown, Shown][] = []
  const { say } = await place(t, async (ask, said, by) => {
    used.push([ask, said, by])
    return noted(ask, said, by)
  })
  const greeting = await say({ jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-03-26' } })
  assert.equal(greeting.said.result.protocolVersion, '2025-03-26')
  assert.equal((await say({ jsonrpc: '2.0', method: 'notifications/initialized' })).status, 202)
  const { said } = await say({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
  assert.ok(said.result.tools.some(({ name }: { name: string }) => name === 'report'))
  const answer = await say(call('progress', { label: 'half' }))
  assert.deepEqual(answer.said, {
    jsonrpc: '2.0',
    id: 7,
    result: { content: [{ type: 'text', text: 'Noted.' }], structuredContent: { n: 1 } },
  })
  const [[ask, told, by]] = used as [(typeof used)[number]]
  assert.deepEqual([ask, told, by.runId, by.task, by.token], ['progress', { label: 'half' }, 'p:t/1', 't', 'secret'])
})

test('what it may not do, or what makes no sense, is said to it and changes nothing', async (t) => {
  const { say } = await place(t, async () => ({ ok: false, code: 'refused', problem: 'not now' }))
  assert.equal((await say(call('progress', {}), {})).status, 401)
  assert.equal((await say('', shown, 'GET')).status, 405)
  for (const nonsense of ['no json', '[]', '1']) assert.equal((await say(nonsense)).status, 400)
  assert.match((await say(call('rm', {}))).said.result.content[0].text, /there is no tool "rm"/)
  assert.deepEqual((await say(call('report', {}))).said.result, {
    content: [{ type: 'text', text: 'not now' }],
    isError: true,
  })
  assert.equal((await say({ jsonrpc: '2.0', id: 1, method: 'resources/list' })).said.error.code, -32601)
})

test('the next daemon listens where the last one did, so that an agent which outlived it finds it', async (t) => {
  const first = await place(t, noted)
  await first.tools.close()
  const second = await place(t, noted, first.folder)
  assert.equal(second.url, first.url)
  const third = await place(t, noted, first.folder) // taken: it listens elsewhere
  assert.notEqual(third.url, first.url)
})
