/** What a step returns is what its repetition returns: JSON and nothing else. */
export function strict<T>(result: T): T {
  const text = JSON.stringify(result)
  if (text === undefined) throw new Error('a step must return JSON')
  return JSON.parse(text) as T
}
