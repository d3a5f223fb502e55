import { createHash } from 'node:crypto'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { environment } from './load-config.ts'
import type { Places } from './places.ts'

/** A short path: a socket's name has 107 usable bytes on Linux and 103 on macOS, and projects lie deep. */
export function socketPlace({ gitDir }: Places): { folder: string; socket: string } {
  const short = createHash('sha256').update(gitDir).digest('hex').slice(0, 12)
  const folder = join(environment.XDG_RUNTIME_DIR || '/tmp', `drover-${userInfo().uid}`, short)
  return { folder, socket: join(folder, 's') }
}
