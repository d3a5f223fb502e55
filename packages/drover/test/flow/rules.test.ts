import assert from 'node:assert/strict'
import { test } from 'node:test'
import { realClock as clock } from '../../src/app/clock.ts'
import { defaultSettings } from '../../src/domain/settings.ts'
import { openDrivers } from '../../src/drivers/drivers.ts'
import { rulesFor } from '../../src/flow/rules.ts'
import { taskWith } from '../domain/task.ts'

test('research begins anew after a failure, also where its agent could go on with what it left', () => {
  const drivers = openDrivers({})
  const crew = { settings: defaultSettings(), clock, driverFor: (name: string) => drivers.driverFor(name)! }
  const freshOf = (type: 'research' | 'fix') => rulesFor(crew, taskWith({ agent: 'claude', type })).fresh
  assert.deepEqual([freshOf('research'), freshOf('fix')], [true, false])
})
