import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { errors } from '../../src/domain/error.ts'
import { clone, readDocument } from './markdown.ts'
import { pages } from './reference.ts'

describe('the reference says what the code says', () => {
  for (const [name, make] of Object.entries(pages))
    test(name, async () => {
      const path = join('docs/reference', name)
      const made = await make()
      if (process.env['DROVER_UPDATE']) writeFileSync(join(clone, path), made)
      assert.equal(readDocument(path), made, 'npm test -- docs/reference with DROVER_UPDATE=1 writes it anew')
    })
})

test('the guide knows every error and its exit code', () => {
  const rows = readDocument('docs/guide/trouble.md').matchAll(/^\| `([\w-]+)` \| (\d+) \|/gm)
  const told = Object.fromEntries([...rows].map(([, code, exit]) => [code!, Number(exit)]))
  const known = Object.fromEntries(Object.entries(errors).map(([code, { exit }]) => [code, exit]))
  assert.deepEqual(told, known)
})
