import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DroverError } from '../domain/error.ts'
import type { Away } from '../ports/workspace.ts'
import type { Git, Output } from './git.ts'
import { createMutex } from './mutex.ts'
import { updateRefs, zeros, type Refs } from './refs.ts'
import { readText, writeWhole } from './small-files.ts'

/** The remote that work travels by. What it holds is known only when it is asked. */
export interface Remote {
  /** These refs as they stand there now; a name that ends in `*` stands for all below. Who asks at the same time asks together. */
  ask(names: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, string> | Away>
  fetch(refspecs: readonly string[], signal?: AbortSignal): Promise<Away | undefined>
  /** The large files of a commit that is here, where Git LFS keeps them apart. */
  fetchLarge(commit: string, signal?: AbortSignal): Promise<Away | undefined>
  /** All of these or none, large files first. What came of it must be asked. */
  push(words: readonly string[], more?: Carried): Promise<Pushed>
  /** Where the branch was when the remote was asked last. */
  tip(branch: string): Promise<string | undefined>
}

export interface Carried {
  /** For what git itself does not bring: the commit, where it goes, and what was there before. */
  large?: { ref: string; commit: string; since: string | null }
  /** Folders of objects that stand beside the repository's own. */
  objects?: readonly string[]
  signal?: AbortSignal | undefined
}

/** `no`: the remote itself said so. */
export type Pushed = { outcome: 'done' } | { outcome: 'failed'; no: boolean; words: string }

export const isAway = (answer: unknown): answer is Away =>
  typeof answer === 'object' && answer !== null && 'away' in answer

/** Where nobody can wait for it. */
export const remoteAway = ({ away }: Away): DroverError => new DroverError('remote-away', { problem: away })

export const remoteRef = (branch: string): string => `refs/drover/remote/${branch}`

const askMs = 30_000
/** Large files take their time. */
const moveMs = 15 * 60_000
const never = new AbortController().signal

interface Calling {
  timeoutMs: number
  signal?: AbortSignal | undefined
  input?: string | undefined
  objects?: readonly string[] | undefined
}

interface Options {
  git: Git
  refs: Refs
  /** The user's main checkout: a remote may be a path that begins there. */
  root: string
  runFolder: string
}

export function openRemote({ git, refs, root, runFolder }: Options): Remote {
  const place = { ...git.bare, cwd: root }
  const alone = createMutex()
  const trouble = openTrouble(join(runFolder, 'remote-away'))
  const anyCode = Array.from({ length: 256 }, (_, n) => n - 1)

  /** Before anything is said to it: a way there that nobody has agreed to is not taken. */
  async function nameOf(): Promise<string | Away> {
    const { name, known } = await git.drivers.remote()
    const strange = await git.drivers.strange()
    if (!known) return trouble.is(`there is no remote "${name}": \`git remote add ${name} <url>\``)
    return strange.length === 0
      ? name
      : trouble.is(
          `git's configuration has what nobody has agreed to (${strange.join(', ')}): look at .git/config, then \`drover doctor --trust\``,
        )
  }

  async function call(
    words: readonly string[],
    { timeoutMs, signal = never, input, objects }: Calling,
  ): Promise<Output | Away> {
    const name = await nameOf()
    if (typeof name !== 'string') return name
    if (signal.aborted) return { away: 'nobody waits for it any more' }
    const args = words.map((word) => (word === theRemote ? name : word))
    const asked = { also: anyCode, remote: { timeoutMs, signal } }
    const at = objects ? { ...place, env: { GIT_ALTERNATE_OBJECT_DIRECTORIES: objects.join(':') } } : place
    return git.run(at, args, input === undefined ? asked : { ...asked, input })
  }

  /** A filter of that name, which a person has agreed to. */
  async function hasLarge(): Promise<boolean> {
    const pins = await git.drivers.pins()
    return Boolean(pins['filter.lfs.process'] || pins['filter.lfs.clean'])
  }

  /** What its hook would do, but hooks are off. */
  async function pushLarge(
    { ref, commit, since }: NonNullable<Carried['large']>,
    signal?: AbortSignal,
  ): Promise<Pushed> {
    const input = `${ref} ${commit} ${ref} ${since ?? zeros(commit)}\n`
    const ended = await call(['lfs', 'pre-push', theRemote], { timeoutMs: moveMs, signal, input })
    if (isAway(ended)) return { outcome: 'failed', no: false, words: ended.away }
    return ended.code === 0 ? { outcome: 'done' } : { outcome: 'failed', no: false, words: wordsOf(ended) }
  }

  async function look(names: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string> | Away> {
    const ended = await call(['ls-remote', '--quiet', '--', theRemote, ...names], { timeoutMs: askMs, signal })
    if (isAway(ended)) return ended
    if (ended.code !== 0) return trouble.is(wordsOf(ended))
    trouble.isOver()
    return new Map(ended.out.split('\n').flatMap((line) => entryOf(line, names)))
  }

  let waiting: { names: Set<string>; signals: AbortSignal[]; answer: ReturnType<typeof look> } | undefined
  return {
    ask(names, signal = never) {
      waiting ??= {
        names: new Set(),
        signals: [],
        answer: alone(() => {
          const { names: asked, signals } = waiting!
          waiting = undefined
          return look([...asked], whenAll(signals))
        }),
      }
      for (const name of names) waiting.names.add(name)
      waiting.signals.push(signal)
      return waiting.answer
    },
    fetch: (refspecs, signal) =>
      alone(async () => {
        const quietly = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--refmap=']
        const ended = await call(['fetch', ...quietly, '--', theRemote, ...refspecs], { timeoutMs: moveMs, signal })
        if (isAway(ended)) return ended
        return ended.code === 0 ? trouble.isOver() : trouble.is(wordsOf(ended))
      }),
    async fetchLarge(commit, signal) {
      if (!(await hasLarge())) return undefined
      const ended = await call(['lfs', 'fetch', theRemote, commit], { timeoutMs: moveMs, signal })
      if (isAway(ended)) return ended
      return ended.code === 0 ? trouble.isOver() : trouble.is(wordsOf(ended))
    },
    async push(words, { large, objects, signal } = {}) {
      if (large && (await hasLarge())) {
        const first = await pushLarge(large, signal)
        if (first.outcome === 'failed') return first
      }
      const how = { timeoutMs: moveMs, signal, objects }
      const ended = await call(['push', '--porcelain', '--no-verify', '--atomic', ...words], how)
      if (isAway(ended)) return { outcome: 'failed', no: false, words: ended.away }
      if (ended.code === 0) return { outcome: 'done' }
      return { outcome: 'failed', no: /^!.*\[remote rejected\]/m.test(ended.out), words: wordsOf(ended) }
    },
    tip: (branch) => refs.read(remoteRef(branch)),
  }
}

/** Stands for its name in the words of a call. */
export const theRemote = '\0remote'

function entryOf(line: string, names: readonly string[]): [string, string][] {
  const [oid = '', ref = ''] = line.split('\t')
  const isMeant = (name: string): boolean => (name.endsWith('*') ? ref.startsWith(name.slice(0, -1)) : ref === name)
  return names.some(isMeant) ? [[ref, oid]] : []
}

/** Only when nobody waits any more. */
function whenAll(signals: readonly AbortSignal[]): AbortSignal {
  const all = new AbortController()
  const look = (): void => void (signals.every(({ aborted }) => aborted) && all.abort())
  for (const signal of signals) signal.addEventListener('abort', look, { once: true })
  look()
  return all.signal
}

/** What the remote said, and git after it; never what opens its door. */
function wordsOf({ out, err }: Output): string {
  const rejected = out.split('\n').flatMap((line) => (/^!/.test(line) ? (line.split('\t')[2] ?? []) : []))
  const said = err.split('\n').map((line) => line.trim())
  const useful = said.filter((line) => line !== '' && !/^(?:To |hint:|error: failed to push|Done$)/.test(line))
  const words = [...useful.map((line) => line.replace(/^remote: ?/, '')), ...new Set(rejected)].filter(
    (line) => line !== '',
  )
  return (
    words
      .join('; ')
      .replaceAll(/\/\/[^@/\s]*@/g, '//')
      .slice(0, 1500) || 'it does not answer'
  )
}

/** In a small file, so that `status` can say why nothing goes on. */
function openTrouble(path: string) {
  const set = (words: string | undefined): void => {
    if (words === readText(path)) return
    if (words === undefined) rmSync(path, { force: true })
    else writeWhole(path, words)
  }
  return {
    is(words: string): Away {
      set(words)
      return { away: words }
    },
    isOver: (): undefined => set(undefined) as undefined,
  }
}

/** Points refs of ours that say what the remote holds. */
export async function note(git: Git, refs: Refs, wanted: ReadonlyMap<string, string | undefined>): Promise<void> {
  const lines: string[] = []
  for (const [ref, to] of wanted) {
    const now = await refs.read(ref)
    if (now !== to) lines.push(to === undefined ? `delete ${ref}` : `update ${ref} ${to}`)
  }
  if (lines.length > 0) await updateRefs(git, lines)
}
