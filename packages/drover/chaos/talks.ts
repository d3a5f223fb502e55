/** Kinds of tasks that are done by an agent that is talked to (`test/support/talking-agent.mjs`). */
export const talks = ['talker', 'asker', 'finder', 'splitter', 'spawner', 'spender', 'limited', 'loggedOut'] as const
export type Talk = (typeof talks)[number]

export const isTalk = (kind: string): kind is Talk => talks.some((one) => one === kind)

export const questionOf = (id: string): string => `Which way for ${id}?`
export const childTitle = (id: string): string => `Beside ${id}`

const use = (tool: string, said: object): string => `use ${tool} ${JSON.stringify(said)}`
const lines = (count: number, id: string): string[] =>
  Array.from({ length: count }, (_, n) => `append work/${id} line ${n}`)

/** What an agent that another one's agent asked for is to do: it knows its id when it is there. */
const child = '<<append work/@task a line>> <<append work/@task another>>'

/** Each step of a session is done once. */
const steps: Record<Talk, (id: string) => string[]> = {
  // Long enough to be killed in.
  talker: (id) => [`write work/${id} ${id}`, 'sh sleep 0.25', ...lines(12, id)],
  asker: (id) => [
    ...lines(2, id),
    use('ask_human', { question: questionOf(id), options: ['this', 'that'] }),
    'end',
    `append work/${id} as it was answered`,
  ],
  finder: (id) => [
    ...lines(2, id),
    use('progress', { label: `looks for ${id}`, phase: 'running' }),
    use('record_finding', { query: id, summary: `${id} was found`, relevance: 'much', sourceRef: `${id}:1` }),
  ],
  splitter: (id) => [
    ...lines(2, id),
    use('signal_decomposition', {
      reason: 'it is two',
      suggestedSubtasks: [
        { title: `One half of ${id}`, description: child },
        { title: `The other half of ${id}`, description: child, after: [1] },
      ],
    }),
    'end',
  ],
  spawner: (id) => [
    ...lines(2, id),
    use('create_subtask', { title: childTitle(id), description: child, waitForCompletion: true }),
    'end',
    `append work/${id} when it was there`,
  ],
  spender: (id) => [...lines(2, id), 'cost 9', 'spent', `append work/${id} for as much again`],
  limited: (id) => [...lines(2, id), 'limit', `append work/${id} after the limit`],
  loggedOut: (id) => [...lines(2, id), 'auth', `append work/${id} after the login`],
}

export const words = (kind: Talk, id: string): string =>
  steps[kind](id)
    .map((step) => `[[${step}]]`)
    .join(' ')
