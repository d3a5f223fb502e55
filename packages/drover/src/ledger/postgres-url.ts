import { DroverError } from '../domain/error.ts'

/** Whether it names a database of PostgreSQL. */
export const isPostgres = (url: string): boolean => /^postgres(?:ql)?:/.test(url)

/** As it may be shown: who, where and what, never a password nor what stands behind a `?`. */
export function shownUrl(url: string): string {
  const { username, host, pathname } = parsed(url)
  return `postgres://${username === '' ? '' : `${username}@`}${host}${pathname}`
}

/** As `psql` understands it: the driver alone takes `sslmode=require` for more than it says, and warns. */
export function lineUrl(url: string): string {
  const found = parsed(url)
  if (!found.searchParams.has('uselibpqcompat')) found.searchParams.set('uselibpqcompat', 'true')
  return found.href
}

function parsed(url: string): URL {
  try {
    return new URL(url)
  } catch {
    // The cause holds the whole url, and so the password.
    throw new DroverError('bad-setting', {
      where: 'database_url',
      problem: 'it is not a url like postgres://user@host:5432/database',
    })
  }
}

/** One schema for each project, so that several may live in one database. */
export function schemaOf(project: string): string {
  const safe = project.toLowerCase().replace(/[^a-z0-9_]/g, '_')
  return `drover_${safe.slice(0, 50)}`
}
