import { createHash } from 'node:crypto'
import { accessSync, constants, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { environment } from './load-config.ts'
import type { Places } from './places.ts'

const longest = 103

/** A short path: a socket's name has 107 usable bytes on Linux and 103 on macOS, and projects lie deep. */
export function socketPlace({ gitDir }: Places): { folder: string; socket: string } {
  const short = createHash('sha256').update(gitDir).digest('hex').slice(0, 12)
  const placeIn = (root: string) => {
    const folder = join(root, `drover-${userInfo().uid}`, short)
    return { folder, socket: join(folder, 's') }
  }
  const own = environment.XDG_RUNTIME_DIR ?? ''
  const place = placeIn(own)
  // Under sudo, in a container or over ssh it may name a folder that is somebody else's, or not there.
  return isAbsolute(own) && Buffer.byteLength(place.socket) <= longest && isOurs(own) ? place : placeIn('/tmp')
}

function isOurs(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return statSync(folder).isDirectory()
  } catch {
    return false
  }
}
