import type { Task, TaskStatus } from '../domain/task.ts'
import type { Style } from './color.ts'

const glyphs: Record<TaskStatus, { glyph: string; ascii: string; style: Style }> = {
  ready: { glyph: '⏳', ascii: '.', style: 'blue' },
  blocked: { glyph: '🔴', ascii: '!', style: 'red' },
  claimed: { glyph: '🟢', ascii: '>', style: 'green' },
  in_progress: { glyph: '🟢', ascii: '>', style: 'green' },
  landing: { glyph: '🛬', ascii: 'v', style: 'cyan' },
  paused: { glyph: '⏸️', ascii: '=', style: 'yellow' },
  decomposed: { glyph: '🔀', ascii: '+', style: 'magenta' },
  completed: { glyph: '✅', ascii: '*', style: 'green' },
  failed: { glyph: '❌', ascii: 'x', style: 'red' },
  cancelled: { glyph: '🚫', ascii: '-', style: 'gray' },
}

export const glyphOf = ({ status }: Pick<Task, 'status'>, ascii: boolean): string =>
  glyphs[status][ascii ? 'ascii' : 'glyph']
export const styleOf = ({ status }: Pick<Task, 'status'>): Style => glyphs[status].style
export const statusWords = ({ status, blockedReason }: Pick<Task, 'status' | 'blockedReason'>): string =>
  status === 'blocked' && blockedReason ? `blocked (${blockedReason})` : status.replace('_', ' ')
