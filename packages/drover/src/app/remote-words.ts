import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Project } from './open-project.ts'
import { placesBelow } from './places.ts'
import { travels } from './travels.ts'

/** What a person should know of the remote that work travels by, read from what whoever drives has noted. */
export function remoteWords({ places, config }: Pick<Project, 'places' | 'config'>): string[] {
  if (!travels(config.settings)) return []
  const away = remoteAway({ places, config })
  return [...(away === undefined ? [] : [away]), ...apartWords(places.gitDir, placesBelow(places).run)]
}

export function remoteAway({ places, config }: Pick<Project, 'places' | 'config'>): string | undefined {
  const words = travels(config.settings) ? read(join(placesBelow(places).run, 'remote-away')) : undefined
  return words === undefined ? undefined : `The remote is away: ${words}`
}

function apartWords(gitDir: string, run: string): string[] {
  const noted = read(join(run, 'remote-apart'))
  if (noted === undefined) return []
  const about = JSON.parse(noted) as Apart & { branch: string; own: string }
  // They have gone on since: whoever drives looks again.
  if (read(join(gitDir, 'refs/heads', about.branch))?.trim() !== about.own) return []
  return [wordsOfApart(about.branch, about)]
}

interface Apart {
  remote: string
  ahead: number
  behind: number
}

export function wordsOfApart(branch: string, { remote, ahead, behind }: Apart): string {
  const there = `${remote}/${branch}`
  if (ahead === 0)
    return `Your ${branch} is ${commits(behind)} behind ${there}, and something in your checkout keeps it there`
  const own = `Your ${branch} has ${commits(ahead)} that ${ahead === 1 ? 'is' : 'are'} not on ${there}, so agents do not see ${ahead === 1 ? 'it' : 'them'}`
  return behind === 0 ? own : `${own}; it lacks ${commits(behind)} of ${there}`
}

const commits = (count: number): string => `${count} commit${count === 1 ? '' : 's'}`

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined // nothing was noted
  }
}
