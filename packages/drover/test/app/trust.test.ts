import assert from 'node:assert/strict'
import { test } from 'node:test'
import { trustedHere, trustHere } from '../../src/app/trust.ts'
import { makeWorld } from '../support/world.ts'

test('what is agreed to on a machine is agreed to there alone, and takes nothing from the others', async (t) => {
  const world = await makeWorld(t)
  const { records } = await world.ledger()
  const on = (machine: string) => ({ records, machine })
  await trustHere(on('bob'), { 'core.sshcommand': 'of bob' })
  await trustHere(on('ada'), { 'filter.lfs.clean': 'of ada' })
  assert.deepEqual(await trustedHere(on('ada')), { 'filter.lfs.clean': 'of ada' })
  assert.deepEqual(await trustedHere(on('bob')), { 'core.sshcommand': 'of bob' })
  await trustHere(on('ada'), {})
  assert.deepEqual(await trustedHere(on('ada')), {})
  assert.deepEqual(await trustedHere(on('bob')), { 'core.sshcommand': 'of bob' })
})

test('what was agreed to before machines had names counts where nobody has looked since', async (t) => {
  const world = await makeWorld(t)
  const { records } = await world.ledger()
  await records.trust({ 'filter.lfs.clean': 'as it was' })
  assert.deepEqual(await trustedHere({ records, machine: 'ada' }), { 'filter.lfs.clean': 'as it was' })
  await trustHere({ records, machine: 'ada' }, { 'filter.lfs.clean': 'as it is' })
  assert.deepEqual(await trustedHere({ records, machine: 'ada' }), { 'filter.lfs.clean': 'as it is' })
  assert.deepEqual(await trustedHere({ records, machine: 'bob' }), { 'filter.lfs.clean': 'as it was' })
})
