/** The words closest to a mistyped one, nearest first: at most three, and only near ones. */
export function nearest(word: string, words: readonly string[]): string[] {
  const reach = Math.max(2, Math.floor(word.length / 3))
  return words
    .map((other) => ({
      other,
      apart: other.startsWith(word) ? 1 : distance(word.toLowerCase(), other.toLowerCase(), reach),
    }))
    .filter(({ apart }) => apart <= reach)
    .toSorted((a, b) => a.apart - b.apart)
    .slice(0, 3)
    .map(({ other }) => other)
}

/** Edits between two words, a swap of neighbours counted as one. */
function distance(a: string, b: string, reach: number): number {
  if (Math.abs(a.length - b.length) > reach) return reach + 1
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j]!, before[j - 2]! + 1)
    }
    before = last
    last = row
  }
  return last[b.length]!
}
