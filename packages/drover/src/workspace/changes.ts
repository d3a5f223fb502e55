/** One path that differs between two trees. */
export interface Change {
  path: string
  was: { mode: string; oid: string } | null
  is: { mode: string; oid: string } | null
}

export const gitlink = '160000'

/** Reads `diff-tree -r -z --raw --no-renames`. */
export function readChanges(raw: string): Change[] {
  const parts = raw.split('\0')
  const changes: Change[] = []
  for (let n = 0; n + 1 < parts.length; n += 2) {
    const found = /^:(\d{6}) (\d{6}) ([0-9a-f]+) ([0-9a-f]+) [A-Z]/.exec(parts[n]!.trimStart())
    if (!found) continue
    const [, before, after, from, to] = found as unknown as [string, string, string, string, string]
    changes.push({ path: parts[n + 1]!, was: side(before, from), is: side(after, to) })
  }
  return changes
}

const side = (mode: string, oid: string) => (mode === '000000' ? null : { mode, oid })

export const pathsOf = (changes: readonly Change[]): string[] => changes.map(({ path }) => path)

// Characters that some file systems drop from a name, so that `.g\u200cit` is `.git` there.
const dropped = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g

/** Paths that git refuses to check out, or that would reach into a git folder on some system. */
export const refusedPaths = (changes: readonly Change[]): string[] =>
  pathsOf(changes.filter(({ path, is }) => is && isRefused(path)))

const isRefused = (path: string): boolean =>
  path.split('/').some((part) => part === '' || part === '.' || part === '..') ||
  path.split(/[/\\:]/).some((part) => /^(?:\.git|git~\d+)[ .]*$/i.test(part.replace(dropped, '')))
