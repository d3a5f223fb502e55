import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { World } from '../support/world.ts'

interface Wanted {
  branch?: string
  /** The repository's folder, beside the home of its user. */
  folder?: string
  format?: 'sha1' | 'sha256'
  settings?: string
  files?: Record<string, string>
  /** What the person did before `drover init`, their first commit made. */
  before?(world: HardWorld): void
  init?: boolean
}

/** A world that remembers what its person wrote, and can tell where each byte of it is now. */
export class HardWorld extends World {
  override readonly root: string
  readonly branch: string
  private readonly committed: string[] = []
  private readonly open = new Map<string, string>()

  constructor({ branch = 'main', folder = 'project' }: Pick<Wanted, 'branch' | 'folder'>) {
    super()
    this.branch = branch
    this.root = join(this.folder, folder)
    mkdirSync(this.root, { recursive: true })
  }

  override write(files: Record<string, string>): void {
    super.write(files)
    for (const [path, text] of Object.entries(files)) this.open.set(path, text)
  }

  override commit(files: Record<string, string>, message?: string): string {
    const commit = super.commit(files, message)
    this.committed.push(...this.open.values())
    this.open.clear()
    return commit
  }

  /** The person threw this away, or wrote over it, with their own hand. */
  letGo(...paths: string[]): void {
    for (const path of paths) this.open.delete(path)
  }

  get tip(): string {
    return this.git('rev-parse', `refs/heads/${this.branch}`)
  }

  /** A file as the target has it. */
  landed(path: string): string {
    return this.git('show', `refs/heads/${this.branch}:${path}`)
  }

  note = async (id: string): Promise<string> => (await this.task(id)).blockedNote ?? ''

  /** Which tasks stand on the target, oldest first. */
  tasksOnTarget(): string[] {
    const format = '--format=%(trailers:key=Drover-Task,valueonly,separator=%x2C)'
    return this.git('log', '--first-parent', '--reverse', format, this.branch).split('\n').filter(Boolean)
  }

  /** All that was written here, and `more`, is in the checkout, in the target's history or in a rescue ref. */
  assertNothingLost(...more: (string | Buffer)[]): void {
    const reachable = this.git('rev-list', '--objects', `refs/heads/${this.branch}`, '--glob=refs/drover/rescue/*')
    const places = new Set([...reachable.split('\n').map((line) => line.split(' ')[0]!), ...this.files()])
    const missing = [...this.committed, ...this.open.values(), ...more].filter((text) => !places.has(this.oid(text)))
    assert.deepEqual(
      missing.map((text) => text.toString().slice(0, 80)),
      [],
      'bytes are lost',
    )
  }

  private files(): string[] {
    return readdirSync(this.root, { recursive: true, encoding: 'buffer' } as { recursive: true; encoding: 'buffer' })
      .map((name) => Buffer.concat([Buffer.from(`${this.root}/`), name]))
      .filter((path) => !/^\/\.(?:git|drover)(?:\/|$)/.test(path.toString().slice(this.root.length)))
      .flatMap((path) => {
        const kind = lstatSync(path)
        if (kind.isSymbolicLink()) return [this.oid(readlinkSync(path, { encoding: 'buffer' }))]
        return kind.isFile() ? [this.oid(readFileSync(path))] : []
      })
  }

  private oid(bytes: string | Buffer): string {
    const body = Buffer.from(bytes)
    return createHash(this.format).update(`blob ${body.length}\0`).update(body).digest('hex')
  }

  private get format(): string {
    return this.git('rev-parse', '--show-object-format')
  }
}

export async function makeHard(t: TestContext, wanted: Wanted = {}): Promise<HardWorld> {
  const { format = 'sha1', settings = '', files = {}, before, init = true } = wanted
  const world = new HardWorld(wanted)
  t.after(() => world.close())
  world.git('init', '-q', '-b', world.branch, `--object-format=${format}`)
  const own = `retry_delay = "20ms"\nstop_grace = "1s"\n${settings}`
  world.commit({ 'README.md': '# A project\n', '.drover.toml': own, ...files }, 'first')
  before?.(world)
  if (init) await world.ok('init')
  return world
}
