import { DroverError } from './error.ts'

/** Letters and digits that cannot be misread: no `l`, no `o`. */
const alphabet = '0123456789abcdefghijkmnpqrstuvwxyz'
const shape = /^[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9])){0,99}$/

/** Makes a short id from random bytes; the caller lengthens it when it is taken. */
export function makeId(prefix: 'task' | 'epic' | 'hint' | 'question', random: Uint8Array): string {
  return `${prefix}-${Array.from(random, (byte) => alphabet[byte % alphabet.length]).join('')}`
}

/** An id that may stand in a ref, a folder name and an argument list. */
export function checkId(id: string): string {
  if (!shape.test(id) || id.endsWith('.lock')) throw new DroverError('bad-id', { id })
  return id
}

export const subtaskId = (parent: string, sequence: number): string => `${parent}.${sequence}`

/** Splits `x.4` into its parent and its number; anything else is not a sub-task's id. */
export function splitSubtaskId(id: string): { parent: string; sequence: number } | undefined {
  const found = /^(.+)\.([1-9]\d{0,5})$/.exec(id)
  return found ? { parent: found[1]!, sequence: Number(found[2]) } : undefined
}

export const jobId = (task: string, attempt: number): string => `${task}/${attempt}`
export const landingJobId = (task: string, attempt: number): string => `${task}/${attempt}/land`

/** The one key under which an attempt ends, whoever says so first. */
export const endKey = (task: string, attempt: number): string => `${task}/${attempt}/end`

/** The mark every process of an attempt carries in its environment, matched whole. */
export const runId = (project: string, task: string, attempt: number): string => `${project}:${task}/${attempt}`
