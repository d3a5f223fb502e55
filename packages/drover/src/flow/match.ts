/** Whether a path matches one of the globs: `*` within a folder, `**` over folders, `?` one character. */
export const matchesAny = (path: string, globs: readonly string[]): boolean =>
  globs.some((glob) => matches(path.split('/'), parts(glob)))

const parts = (glob: string): string[] =>
  glob
    .replace(/^\.?\//, '')
    .replace(/\/$/, '/**')
    .split('/')

function matches(path: readonly string[], glob: readonly string[]): boolean {
  if (glob.length === 0) return path.length === 0
  const [head, ...rest] = glob
  if (head === '**') return path.some((_, i) => matches(path.slice(i), rest)) || rest.length === 0 || matches([], rest)
  return path.length > 0 && matchesName(path[0]!, head!) && matches(path.slice(1), rest)
}

/** Linear in both: the last star is the only place to come back to. */
function matchesName(name: string, glob: string): boolean {
  let [n, g, star, mark] = [0, 0, -1, 0]
  while (n < name.length) {
    if (glob[g] === '*') {
      star = g++
      mark = n
    } else if (g < glob.length && (glob[g] === '?' || glob[g] === name[n])) {
      n++
      g++
    } else if (star >= 0) {
      g = star + 1
      n = ++mark
    } else return false
  }
  while (glob[g] === '*') g++
  return g === glob.length
}
