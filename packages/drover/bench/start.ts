import { join } from 'node:path'
import { created } from '../test/support/drafts.ts'
import { builtCli, clone, drover, envOf, inFolder, lean, makeProject, writeTasks } from './project.ts'
import type { Found, Options } from './targets.ts'
import { ratioOf, timeCommands } from './timing.ts'

/** How long a command takes from its start to its end, beside a Node of the same binary that does nothing. */
export const start = ({ dir, rounds, say }: Options): Promise<Found> =>
  inFolder(dir, (small) =>
    inFolder(dir, async (large) => {
      const few = await makeProject(
        small,
        10,
        Array.from({ length: 10 }, (_, i) => created(`t${i}`)),
      )
      const many = await makeProject(large, 10, [])
      writeTasks(join(large, 'tasks.jsonl'), 10_000)
      drover(many, 'import-jsonl', join(large, 'tasks.jsonl'))
      const cli = builtCli()
      const node = process.execPath
      const [bare, version, status, statusOfMany, fromClone] = timeCommands(
        [
          [node, '-e', '0'],
          [node, lean, cli, '--version'],
          [node, lean, cli, 'status'],
          [node, lean, cli, '-C', many, 'status'],
          [clone, 'status'],
        ],
        { rounds: rounds * 5, cwd: few, env: envOf(small) },
      ) as [number[], number[], number[], number[], number[]]
      const found = {
        'start version': ratioOf(version, bare),
        'start status 10': ratioOf(status, bare),
        'start status 10k': ratioOf(statusOfMany, bare),
        'start clone': ratioOf(fromClone, bare),
      }
      say(`start: ${JSON.stringify(found)}`)
      return found
    }),
  )
