/** What begins the next turn of a session that holds these words: what it may have been told and never got comes before the prompt. */
export function promptBeyond(
  held: string,
  { prompt, perhaps }: { prompt: string; perhaps: readonly string[] },
): string {
  return [...perhaps.filter((words) => !held.includes(words.trim())), prompt].join('\n\n')
}
