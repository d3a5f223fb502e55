/** Bumped only when running jobs could not go on with the new code; small changes go through `DBOS.patch`. */
export const workflowVersion = 'drover-wf-1'

/** Which of two was made later. What is no version of ours is older than any. */
export const numberOf = (version: string): number => Number(/^drover-wf-(\d+)$/.exec(version)?.[1] ?? 0)

export const newerDrover = (version: string): string => `a machine with a newer drover (${version})`
