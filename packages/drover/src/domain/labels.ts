import type { Machine } from './rows.ts'

/**
 * Most labels are only words. Some choose a machine: those that any machine has been given, and those that the settings name before
 * one has. A task that bears one is for machines that have it.
 */
export const choosingLabels = (machines: readonly Pick<Machine, 'labels'>[], named: readonly string[]): string[] => [
  ...new Set([...named, ...machines.flatMap(({ labels }) => labels)]),
]

/** What a machine needs to work on a task with these labels, in the order in which they always stand. */
export const neededOf = (labels: readonly string[], choosing: readonly string[]): string[] =>
  [...new Set(labels)].filter((label) => choosing.includes(label)).toSorted()

export const hasAll = (labels: readonly string[], needed: readonly string[]): boolean =>
  needed.every((label) => labels.includes(label))
