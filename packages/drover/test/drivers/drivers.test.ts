import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { known } from '../../src/drivers/known.ts'
import { openDrivers, programOf } from '../../src/drivers/drivers.ts'
import { findProgram } from '../../src/drivers/find-program.ts'
import { spec } from './spec.ts'

const has =
  (...programs: string[]) =>
  (program: string) =>
    programs.includes(program)

test('an agent gets its prompt on stdin, a task’s own command gets none', () => {
  const driver = openDrivers({ mine: { command: 'my-agent "$X"', env: { X: '1' } } }).driverFor('mine')!
  assert.deepEqual(driver.spawn(spec), { file: 'sh', args: ['-c', 'my-agent "$X"'], env: { X: '1' }, stdin: 'prompt' })
  assert.deepEqual(driver.spawn({ ...spec, run: 'make all' }), {
    file: 'sh',
    args: ['-c', 'make all'],
    env: { X: '1' },
    stdin: 'none',
  })
  assert.equal(driver.silent, true)
})

test('the agents that are known need no word in the settings', () => {
  const drivers = openDrivers({})
  assert.deepEqual(drivers.names, Object.keys(known))
  for (const name of drivers.names) {
    const driver = drivers.driverFor(name)!
    assert.equal(driver.name, name)
    assert.ok(driver.program?.login && driver.program.install, name)
    assert.ok(
      ![driver.spawn(spec).file, ...driver.spawn(spec).args].join(' ').includes(spec.prompt),
      'no prompt in argv',
    )
  }
  assert.equal(drivers.driverFor('claude-code')?.name, 'claude')
})

test('the settings change what is known, and add to it', () => {
  const drivers = openDrivers({
    claude: { command: 'claude -p --model x' },
    codex: { env: { A: 'b' }, path: '/opt/codex' },
    other: { acp: 'other --acp' },
    mine: { command: 'mine' },
    empty: {},
  })
  assert.equal(drivers.driverFor('claude-code')?.spawn(spec).args[1], 'claude -p --model x')
  assert.equal(drivers.driverFor('codex')!.spawn(spec).file, '/opt/codex')
  assert.equal(drivers.driverFor('codex')!.spawn(spec).env['A'], 'b')
  assert.match(drivers.driverFor('other')!.spawn(spec).args.join(' '), /exec other --acp/)
  assert.deepEqual(
    drivers.names.filter((name) => name === 'mine' || name === 'empty'),
    ['mine'],
  )
  for (const name of ['empty', 'nobody', 'toString', '__proto__', '']) assert.equal(drivers.driverFor(name), undefined)
})

test('an agent can work when the program its command begins with is there', () => {
  const drivers = openDrivers({
    env: { command: 'A=1 B=x mine --now' },
    shell: { command: 'cd x && mine' },
    odd: { command: '"my agent" x' },
  })
  assert.equal(drivers.available('claude', has('claude')), true)
  assert.equal(drivers.available('claude-code', has('claude')), true)
  assert.equal(drivers.available('claude', has('codex')), false)
  assert.equal(drivers.available('env', has('mine')), true)
  assert.equal(drivers.available('env', has()), false)
  assert.equal(
    drivers.available('nobody', () => true),
    false,
  )
  assert.equal(drivers.available('shell', has()), true) // only the shell can tell
  assert.equal(drivers.available('odd', has()), true)
  assert.equal(programOf('./agent.sh --x'), './agent.sh')
})

test('a program is found on the PATH, or by its own path', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'drover-drivers-'))
  t.after(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, 'bin/folder'), { recursive: true })
  writeFileSync(join(root, 'bin/agent'), '')
  chmodSync(join(root, 'bin/agent'), 0o755)
  writeFileSync(join(root, 'bin/text'), '')
  const path = `/no/such/folder:${join(root, 'bin')}:`
  assert.equal(findProgram('agent', path, '/'), join(root, 'bin/agent'))
  assert.equal(findProgram('bin/agent', '', root), join(root, 'bin/agent'))
  assert.equal(findProgram(join(root, 'bin/agent'), '', '/'), join(root, 'bin/agent'))
  for (const program of ['text', 'folder', 'absent', './agent'])
    assert.equal(findProgram(program, path, root), undefined)
})
