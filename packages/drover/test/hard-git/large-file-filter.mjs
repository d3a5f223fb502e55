// Speaks git's long-running filter protocol (version 2), as git-lfs does: pointers in the repository, content in a folder.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs'

const [, , folder] = process.argv
mkdirSync(folder, { recursive: true })

function read(length) {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length;) {
    const got = readSync(0, bytes, at, length - at)
    if (got === 0) process.exit(0)
    at += got
  }
  return bytes
}

/** One packet; nothing for a flush. */
function packet() {
  const length = Number.parseInt(read(4).toString(), 16)
  return length === 0 ? undefined : read(length - 4)
}

function packets() {
  const all = []
  for (let one = packet(); one; one = packet()) all.push(one)
  return all
}

const write = (bytes) => {
  for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at)
}
const say = (text) => write(Buffer.from((Buffer.byteLength(text) + 4).toString(16).padStart(4, '0') + text))
const flush = () => write(Buffer.from('0000'))

packets()
say('git-filter-server\n')
say('version=2\n')
flush()
packets()
say('capability=clean\n')
say('capability=smudge\n')
flush()

function turned(command, content) {
  if (command === 'clean') {
    const oid = createHash('sha256').update(content).digest('hex')
    writeFileSync(`${folder}/${oid}`, content)
    return Buffer.from(`oid ${oid}\n`)
  }
  const oid = /^oid ([0-9a-f]{64})\n$/.exec(content.toString())?.[1]
  return oid ? readFileSync(`${folder}/${oid}`) : content
}

for (;;) {
  const command = packets()[0].toString().trim().slice('command='.length)
  const answer = turned(command, Buffer.concat(packets()))
  say('status=success\n')
  flush()
  for (let at = 0; at < answer.length; at += 60_000) {
    const part = answer.subarray(at, at + 60_000)
    write(Buffer.concat([Buffer.from((part.length + 4).toString(16).padStart(4, '0')), part]))
  }
  flush()
  flush()
}
