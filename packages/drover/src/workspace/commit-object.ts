import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { plainLine } from './message.ts'
import { exists } from './small-files.ts'

export interface Person {
  name: string
  email: string
}

export interface Commit {
  tree: string
  parents: readonly string[]
  author: Person
  committer: Person
  /** Milliseconds since 1970. */
  at: number
  message: string
}

/**
 * Writes a commit into the object folder, as `git commit-tree` does, and saves its process: of a task's nine, two.
 * The same commit is the same object, so doing it twice is doing it once.
 */
export function writeCommit(common: string, commit: Commit): string {
  const body = Buffer.from(textOf(commit))
  const object = Buffer.concat([Buffer.from(`commit ${body.length}\0`), body])
  const oid = createHash(commit.tree.length === 64 ? 'sha256' : 'sha1')
    .update(object)
    .digest('hex')
  const path = join(common, 'objects', oid.slice(0, 2), oid.slice(2))
  if (!exists(path)) place(common, path, stored(object))
  return oid
}

/** Not flushed, as git does not by itself flush a loose object: the file system writes it before its name. */
function place(common: string, path: string, bytes: Uint8Array): void {
  const draft = join(common, 'objects', `tmp_obj_${randomBytes(6).toString('hex')}`) // the name that git's own clean-up knows
  writeFileSync(draft, bytes, { flag: 'wx', mode: 0o444 })
  if (!exists(dirname(path))) mkdirSync(dirname(path), { recursive: true })
  renameSync(draft, path)
}

const longestBlock = 0xffff

/**
 * A zlib stream that packs nothing: a commit takes one block of the disk either way, and making a compressor ready takes ten
 * times as long as this. `git gc` packs it like any other object.
 */
export function stored(bytes: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.of(0x78, 0x01)]
  for (let at = 0; at < bytes.length || at === 0; at += longestBlock) {
    const block = bytes.subarray(at, at + longestBlock)
    const head = Buffer.alloc(5)
    head[0] = at + longestBlock >= bytes.length ? 1 : 0
    head.writeUInt16LE(block.length, 1)
    head.writeUInt16LE(~block.length & 0xffff, 3)
    parts.push(head, block)
  }
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(adler32(bytes))
  return Buffer.concat([...parts, sum])
}

function adler32(bytes: Uint8Array): number {
  let [a, b] = [1, 0]
  for (const byte of bytes) {
    a = (a + byte) % 65521
    b = (b + a) % 65521
  }
  return b * 0x10000 + a
}

function textOf({ tree, parents, author, committer, at, message }: Commit): string {
  const signed = ({ name, email }: Person) =>
    `${nameOf(name) || 'drover'} <${nameOf(email)}> ${Math.floor(at / 1000)} +0000`
  const header = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${signed(author)}`,
    `committer ${signed(committer)}`,
  ]
  return `${header.join('\n')}\n\n${message}`
}

/** What may stand in a commit's header: one line without git's brackets. */
const nameOf = (text: string): string => plainLine(text).replace(/[<>]/g, '').trim()
