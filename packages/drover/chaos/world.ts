import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Part } from '../src/ports/ledger.ts'
import { writeTalker } from '../test/support/talking.ts'
import { World } from '../test/support/world.ts'

export const canary = 'canary-7f3a91-never-to-be-written-down'

/** A world whose drover is a bundle, so that a start is short and a sabotage is in it. */
export class ChaosWorld extends World {
  readonly main: string
  readonly hits: string

  /** `database`: where its ledger is, when it is no file of its own. */
  constructor(main: string, database?: string) {
    super()
    if (database !== undefined) {
      this.database = database
      this.env['DROVER_DATABASE_URL'] = database
    }
    this.main = main
    this.hits = join(this.folder, 'hits')
    Object.assign(this.env, {
      NODE_ENV: 'test',
      NODE_COMPILE_CACHE: join(main, '..', 'compiled'),
      CHAOS_SECRET: canary,
      CI: '1',
    })
  }

  override spawn(words: readonly string[], more: { cwd?: string; env?: Record<string, string> } = {}): ChildProcess {
    const { cwd = this.root, env = {} } = more
    const child = spawn(process.execPath, ['--max-semi-space-size=2', this.main, ...words], {
      cwd,
      env: { ...this.env, ...env },
      stdio: 'pipe',
      detached: true,
    })
    this.running.add(child)
    child.once('exit', () => this.running.delete(child))
    return child
  }

  /** The rows of one question, in words that both dialects know. */
  async look(text: string): Promise<readonly Record<string, unknown>[]> {
    const { ledger } = await this.ledger()
    return ledger.ask(function* (): Part<readonly Record<string, unknown>[]> {
      return yield { texts: [text], values: [] }
    })
  }

  /** A repository that is not a project yet, as a person has it. */
  begin(settings: string, files: Record<string, string>): void {
    mkdirSync(this.root, { recursive: true })
    writeTalker(this)
    this.git('init', '-q', '-b', 'main')
    this.git('config', 'filter.theirs.clean', 'cat')
    this.commit({ '.drover.toml': settings, ...files }, 'first')
  }
}
