import type { Git, Place } from './git.ts'

/** All changes but those under these paths. */
export const addBut = async (git: Git, place: Place, paths: readonly string[]): Promise<void> => {
  const specs = ['.', ...paths.map((path) => `:(exclude,literal,top)${path}`)]
  await git.run(place, ['add', '-A', '--pathspec-from-file=-', '--pathspec-file-nul'], { input: inLines(specs) })
}

/** Folders with a repository of their own that the index does not know. */
export async function nestedIn(git: Git, place: Place): Promise<string[]> {
  const { out } = await git.run(place, ['ls-files', '-z', '--others', '--exclude-standard'])
  return out.split('\0').flatMap((path) => (path.endsWith('/') ? [path.slice(0, -1)] : []))
}

/** As git's `-z` options read them. */
export const inLines = (paths: readonly string[]): string => paths.map((path) => `${path}\0`).join('')
