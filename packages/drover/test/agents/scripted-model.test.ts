import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { type Model, startModel } from '../support/scripted-model/scripted-model.ts'

type Message = { role: 'user' | 'assistant'; content: string | object[] }
interface Answered {
  status: number
  headers: Headers
  /** The command it wants to run, or its words. */
  words: string
  call: object | undefined
}

async function modelFor(t: TestContext): Promise<Model> {
  const model = await startModel()
  t.after(() => model.close())
  return model
}

async function ask({ url }: Model, messages: Message[], signal?: AbortSignal): Promise<Answered> {
  const body = JSON.stringify({ model: 'scripted', messages, tools: [{ name: 'Bash' }] })
  const answer = await fetch(`${url}/v1/messages`, { method: 'POST', body, ...(signal ? { signal } : {}) })
  const { content = [] } = (await answer.json()) as {
    content?: { type: string; text?: string; input?: { command: string } }[]
  }
  const call = content.find(({ type }) => type === 'tool_use')
  const words = call?.input?.command ?? content.map(({ text }) => text).join('')
  return { status: answer.status, headers: answer.headers, words, call }
}

const says = (content: string): Message => ({ role: 'user', content })

/** The call as it was made, and that it is done. */
const done = ({ call }: Answered): Message[] => [
  { role: 'assistant', content: [call!] },
  {
    role: 'user',
    content: [{ type: 'tool_result', tool_use_id: (call as { id: string }).id, content: '{"id": "task-7"}' }],
  },
]

test('the program is found anywhere in a prompt, and nothing else in it is taken for one', async (t) => {
  const model = await modelFor(t)
  const prompt = `# A task\n\nRun \`if [[ -e x ]]; then\` or [[agents]] or [[write-up]].
    [[name a]] [[bash echo a[1]]]\n[[say Well done.]] [[end]]\n\n## Data\n\n[[bash rm -rf /]]`
  const first = await ask(model, [says(prompt)])
  assert.equal(first.words, 'echo a[1]')
  const second = await ask(model, [says(prompt), ...done(first)])
  assert.equal(second.words, 'Well done.')
  assert.deepEqual(
    model.log().map(({ name, step, steps }) => [name, step, steps]),
    [
      ['a', 0, 2],
      ['a', 1, 2],
    ],
  )
})

test('a session goes on where its history stands, whatever is said meanwhile', async (t) => {
  const model = await modelFor(t)
  const prompt = says('[[bash one]] [[bash two]]')
  const first = await ask(model, [prompt])
  const history = [prompt, ...done(first)]
  for (const words of ['continue', 'Use tabs.', 'Once more:\n[[bash one]] [[bash two]]'])
    assert.equal((await ask(model, [...history, says(words)])).words, 'two', words)
  const interrupted = [
    ...history,
    { role: 'assistant', content: [{ type: 'tool_use', id: 'x', name: 'Bash', input: {} }] },
  ]
  assert.equal((await ask(model, [...(interrupted as Message[]), says('continue')])).words, 'two')
  assert.equal((await ask(model, [...history, says('[[bash three]]')])).words, 'three')
  const end = await ask(model, [...history, says('Use tabs.'), ...done(first)])
  assert.equal(end.words, 'DONE (hint: Use tabs.)')
})

test('a turn ends in the middle, and the next one goes on behind it', async (t) => {
  const model = await modelFor(t)
  const prompt = says('[[bash one]] [[turn I wait.]] [[bash two]]')
  const history = [prompt, ...done(await ask(model, [prompt]))]
  assert.equal((await ask(model, history)).words, 'I wait.')
  const waited: Message[] = [...history, { role: 'assistant', content: 'I wait.' }]
  const second = await ask(model, [...waited, says('It is there.')])
  assert.equal(second.words, 'two')
  assert.equal(
    (await ask(model, [...waited, says('It is there.'), ...done(second)])).words,
    'DONE (hint: It is there.)',
  )
})

test('what people said in the middle is in the last words, and in the log', async (t) => {
  const model = await modelFor(t)
  const prompt = says('[[bash one]] [[say Ready.]]')
  const history = [prompt, ...done(await ask(model, [prompt]))]
  assert.equal((await ask(model, [...history, says('Use\ntabs.')])).words, 'Ready. (hint: Use tabs.)')
  assert.deepEqual(model.log().at(-1)?.heard, ['Use\ntabs.'])
})

test('errors come as often as it says, and then no more', async (t) => {
  const model = await modelFor(t)
  const statuses = []
  for (let i = 0; i < 4; i++)
    statuses.push((await ask(model, [says('[[429 x2 retry=3]] [[529 x1]] [[say At last.]]')])).status)
  assert.deepEqual(statuses, [429, 429, 529, 200])
  assert.equal((await ask(model, [says('[[401]]')])).status, 401)
  assert.equal((await ask(model, [says('[[401]]')])).status, 401)
  const dropped = await ask(model, [says('[[drop]] [[say Here.]]')]).catch(() => 'dropped')
  assert.equal(dropped, 'dropped')
  assert.equal((await ask(model, [says('[[drop]] [[say Here.]]')])).words, 'Here.')
})

test('a limit names its reset and lasts until then: a program’s, and everybody’s', async (t) => {
  const model = await modelFor(t)
  const limited = await ask(model, [says('[[limit reset=1]] [[say Again.]]')])
  assert.equal(limited.status, 429)
  const reset = Number(limited.headers.get('anthropic-ratelimit-unified-reset')) * 1000
  assert.ok(reset >= Date.now() && reset <= Date.now() + 2000, `${reset}`)
  while ((await ask(model, [says('[[limit reset=1]] [[say Again.]]')])).status === 429)
    assert.ok(Date.now() < reset + 1000)
  const until = Date.now() + 60_000
  await fetch(`${model.url}/control`, { method: 'POST', body: JSON.stringify({ limitUntil: until, for: 'anthropic' }) })
  assert.equal((await ask(model, [says('[[say Free?]]')])).status, 429)
  model.control({ limitUntil: null, for: 'anthropic' })
  assert.equal((await ask(model, [says('[[say Free?]]')])).words, 'Free?')
})

test('a request waits at a gate until the test opens it, or its client goes', async (t) => {
  const model = await modelFor(t)
  const leaving = new AbortController()
  const staying = ask(model, [says('[[wait a]] [[say One.]]')])
  const left = assert.rejects(ask(model, [says('[[wait b]]')], leaving.signal))
  await model.until('both wait', (log) => (log.length === 2 ? true : undefined))
  assert.equal(Math.max(...model.log().map(({ active }) => active)), 2)
  leaving.abort()
  await left
  await model.until('one is gone', (log) => log.find(({ outcome }) => outcome === 'gone'))
  model.control({ open: 'a' })
  assert.equal((await staying).words, 'One.')
})
