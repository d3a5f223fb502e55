import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { objectsIn } from '../../src/drivers/json.ts'
import { answer, ask, messagesIn, refuse, tell } from '../../src/drivers/json-rpc.ts'

test('a line is one message: a request, a notice, a result or a refusal', () => {
  assert.deepEqual(messagesIn(ask('turn', 'turn/start', { a: 1 })), [
    { kind: 'request', id: 'turn', method: 'turn/start', params: { a: 1 } },
  ])
  assert.deepEqual(messagesIn(tell('initialized')), [{ kind: 'notice', method: 'initialized', params: {} }])
  assert.deepEqual(messagesIn(answer(7, { b: 2 })), [{ kind: 'result', id: 7, result: { b: 2 } }])
  assert.deepEqual(messagesIn(refuse(0, -32601, 'not here')), [
    { kind: 'refusal', id: 0, code: -32601, text: 'not here', more: {} },
  ])
  for (const line of ['', 'null', '7', '[]', '{}', '{"id":1}', '{"id":null,"result":{}}', '{"result":{}}'])
    assert.deepEqual(messagesIn(line), [])
})

test('of a broken line what is whole is read, and nothing inside of what is whole', () => {
  const one = '{"a":{"b":"} \\" {"}}'
  const two = '{"c":[{"d":1}]}'
  const [first, second] = [JSON.parse(one), JSON.parse(two)]
  assert.deepEqual(objectsIn(`${one}${two}`), [first, second])
  assert.deepEqual(objectsIn(`warning {x}: ${one}`), [first])
  assert.deepEqual(objectsIn(`\u0000\uFFFD${one} and ${two} more`), [first, second])
  assert.deepEqual(objectsIn(`{"type":"text","te${two}xt":"hello"}`), [second])
  assert.deepEqual(objectsIn(`{"type":"text","text":"${'x'.repeat(9)}`), [])
  assert.deepEqual(objectsIn(JSON.stringify({ said: two })), [{ said: two }])
})

test('behind words an object may be as long as it likes', () => {
  const long = { text: 'x'.repeat(1024 * 1024) }
  assert.deepEqual(objectsIn(`warning: ${JSON.stringify(long)}`), [long])
})

test('a long line costs little, whatever is in it', () => {
  const started = performance.now()
  for (const piece of ['{"', '{"a":', 'x', '{"a":"', '[', '{"a":{"b":1},'])
    objectsIn(piece.repeat((10 * 1024 * 1024) / piece.length))
  assert.ok(performance.now() - started < 10_000)
})

test('no line makes it throw', () => {
  const bits = fc.constantFrom('{"', '}', '"', '\\', '{', '[', ']', ':', ',', 'a', '1', '\u0000', ' ')
  fc.assert(
    fc.property(
      fc.array(bits).map((all) => all.join('')),
      (line) => void messagesIn(line),
    ),
  )
})
