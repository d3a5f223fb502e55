import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copilotDriver } from '../../src/drivers/copilot.ts'
import { geminiDriver } from '../../src/drivers/gemini.ts'
import type { Spec } from '../../src/ports/driver.ts'
import { fold, inShort, linesOf, spec, tearApart, whole } from './spec.ts'

const words = (path: string) => ({ path, args: [], env: {} })
const drivers = { gemini: geminiDriver(words('gemini')), copilot: copilotDriver(words('copilot')) }
const resumed = { session: 'the-session' }

const rows: [capture: string, about: Partial<Spec>, expected: ReturnType<typeof inShort>][] = [
  [
    'gemini/basic',
    {},
    {
      session: 'c0136c0c-f56f-4cbc-9c48-de8ee6483bb7',
      texts: ['fin', 'second'],
      tools: whole('execute', 'execute', 'execute'),
      turns: ['done', 'done'],
      used: [62324, 61, 0],
    },
  ],
  // The history that it tells anew is none of the turn.
  [
    'gemini/resume',
    resumed,
    {
      session: 'the-session',
      texts: ['second (hint: continue please)'],
      tools: [],
      turns: ['done'],
      used: [12735, 8, 0],
    },
  ],
  [
    'gemini/asking',
    { permission: 'default' },
    {
      session: 'c5413a23-56ab-4c23-b51a-4252c42a5bf3',
      texts: ['fin'],
      tools: whole('other'),
      turns: ['done'],
      used: [36772, 33, 0],
    },
  ],
  [
    'gemini/interrupt',
    {},
    {
      session: '10f6eeb2-2172-4e1a-80e2-2cc7ba8148a8',
      texts: ['fin (hint: continue)'],
      tools: whole('execute', 'execute', 'execute'),
      turns: ['interrupted', 'done'],
      used: [24951, 24, 0],
    },
  ],
  [
    'gemini/elimit',
    {},
    {
      session: 'bf089912-c060-4ae9-81b5-ebb1f65ccfc8',
      texts: [],
      tools: whole('execute'),
      turns: ['limit'],
      used: [0, 0, 0],
    },
  ],
  [
    'gemini/e401',
    {},
    {
      session: 'b388edb8-b583-410e-823b-2889e16ecefc',
      texts: [],
      tools: whole('execute'),
      turns: ['auth'],
      used: [0, 0, 0],
    },
  ],
  ['gemini/unknown', resumed, { session: null, texts: [], tools: [], turns: ['crashed'], used: [0, 0, 0] }],
  // Its counts are of the whole process: 41400 and then 51930.
  [
    'copilot/basic',
    {},
    {
      session: 'd0646e67-0ded-4fad-939e-a97d88fe3bf3',
      texts: ['Info: /home/dev/repo/b.txt', 'fin', 'second'],
      tools: whole('edit', 'execute', 'execute'),
      turns: ['done', 'done'],
      used: [51930, 76, 0],
    },
  ],
  // A tool that was broken off is over, though nothing is told of it.
  [
    'copilot/interrupt',
    {},
    {
      session: '122ba18d-58ff-4d29-b2c3-bdcbb954f3e5',
      texts: ['fin (hint: <current_datetime>2026-11-21T17:57:34.342+00:00</current_datetime> continue)'],
      tools: whole('execute', 'execute', 'execute'),
      turns: ['interrupted', 'done'],
      used: [41476, 89, 0],
    },
  ],
  [
    'copilot/e500',
    {},
    {
      session: 'fa2af77c-47ca-4112-a598-8de4b29bf169',
      texts: [
        'Error: Failed to get response from the AI model; retried 5 times (total retry wait time: 14.94 seconds) Last error: 500 scripted error 500',
      ],
      tools: whole('execute'),
      turns: ['overloaded'],
      used: [10202, 20, 0],
    },
  ],
]

for (const [capture, about, expected] of rows)
  test(`what ${capture} said is understood`, () => {
    const talk = talkOf(capture, about)
    assert.deepEqual(inShort(fold(talk, linesOf(capture))), expected)
  })

for (const [capture, about] of rows)
  test(`broken lines of ${capture} never throw, and never end a turn that has not ended`, () =>
    tearApart(() => talkOf(capture, about), capture))

function talkOf(capture: string, about: Partial<Spec>) {
  return drivers[capture.startsWith('gemini') ? 'gemini' : 'copilot'].talk({ ...spec, ...about })
}
