import { readFileSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Settings } from '../domain/settings.ts'
import { environment } from './load-config.ts'
import type { Places } from './places.ts'

export interface Identity {
  name: string
  email: string
}

/** Who works here, as git knows them: read from git's own files, because a process would cost more than the command. */
export function readIdentity(places: Places, settings: Settings): Identity & { committer: Identity } {
  const home = environment.HOME ?? ''
  const files = [
    environment.GIT_CONFIG_GLOBAL ?? join(home, '.gitconfig'),
    join(environment.XDG_CONFIG_HOME || join(home, '.config'), 'git', 'config'),
    '/etc/gitconfig',
  ]
  const found = [join(places.gitDir, 'config'), ...files].map(readUser)
  const name = environment.GIT_AUTHOR_NAME || first(found, 'name') || userName()
  const email = environment.GIT_AUTHOR_EMAIL || first(found, 'email') || `${userName()}@${hostname()}`
  return { name, email, committer: { name: settings['git.name'] || name, email: settings['git.email'] || email } }
}

const first = (found: readonly Partial<Identity>[], key: keyof Identity): string | undefined =>
  found.find((user) => user[key])?.[key]

/** `[user] name = …` of one file; includes are not followed. */
function readUser(file: string): Partial<Identity> {
  let section = ''
  const user: Partial<Identity> = {}
  for (const line of lines(file)) {
    const header = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line)
    if (header) section = header[1]!.toLowerCase()
    const pair = section === 'user' && /^\s*(name|email)\s*=\s*(.*?)\s*$/i.exec(line)
    if (pair) user[pair[1]!.toLowerCase() as keyof Identity] = pair[2]!.replace(/^"(.*)"$/, '$1')
  }
  return user
}

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return 'nobody'
  }
}

export const machineName = (settings: Settings): string =>
  (settings['machine.name'] || hostname()).replace(/[^A-Za-z0-9._-]/g, '-')
