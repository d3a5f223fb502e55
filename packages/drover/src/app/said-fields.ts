import { DroverError } from '../domain/error.ts'

/** Fields as they come from an agent: every one looked at, nothing believed. */
export const words = (value: unknown, most: number): string => (typeof value === 'string' ? value.slice(0, most) : '')

export function needed(said: Record<string, unknown>, name: string, most = 10_000): string {
  const value = words(said[name], most).trim()
  if (value === '') throw usage(`${name} is needed, as a text`)
  return value
}

export const flag = (value: unknown): boolean => value === true || value === 'true'

export function texts(said: Record<string, unknown>, name: string): string[] {
  const value = said[name] ?? []
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) throw usage(`${name} is a list of texts`)
  return value.map((one) => one.slice(0, 2000))
}

export const usage = (problem: string): DroverError => new DroverError('usage', { problem, command: 'mcp' })
