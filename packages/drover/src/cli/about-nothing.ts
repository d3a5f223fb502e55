import type { Spec } from '../ports/driver.ts'

/** For reading what an agent said long ago, nothing else about its attempt matters. */
export const aboutNothing = (folder: string): Spec => ({
  run: null,
  prompt: '',
  promptFile: '',
  session: null,
  perhaps: [],
  newSession: '',
  worktree: folder,
  folder,
  model: null,
  permission: 'full',
  tools: null,
  budgetUsd: null,
  readOnly: false,
})
