import type { Holder } from '../../app/holder.ts'
import { command, type Flags } from '../command.ts'
import { escaped } from '../escape.ts'
import { placeOf } from '../place.ts'
import { drivingFlags, runOptions } from '../run-options.ts'
import { listed } from '../task-options.ts'
import { stay } from './daemon.ts'

export const worker = command({
  name: 'worker',
  summary: 'Drive a project of another machine too, over PostgreSQL',
  about:
    'A daemon in the foreground, until a signal. The database is what --db, DROVER_DATABASE_URL or the settings say. In a folder without a clone it makes one; ' +
    'then it joins the project there, trusts what this clone’s git configuration runs, and works beside the other machines. Twice is fine.',
  options: {
    project: { type: 'string', arg: 'id', about: 'Which project of the database; the only one needs no name' },
    remote: { type: 'string', arg: 'url', about: 'Where the clone comes from, in a folder without one' },
    workers: runOptions.workers,
    label: {
      type: 'string',
      multiple: true,
      arg: 'labels',
      about: 'What this machine has: tasks with such a label run only where it is',
    },
  },
  examples: [
    'drover worker --db postgres://drover@db.example.com/drover --remote git@example.com:shop.git',
    'drover worker -w 8 --label gpu',
  ],
  async run(context, { project: wanted, remote, workers, label }) {
    const { globals, terminal, print } = context
    const { joinProject } = await import('../../app/join.ts')
    const { isClone, ...joined } = await joinProject({ ...placeOf(globals, terminal), project: wanted, remote })
    const opened = await context.project({ ...drivingFlags({ workers }), ...labelFlags(label) })
    const { machine, config } = opened
    const slots = config.settings.workers
    const onReady = ({ pid }: Holder): void =>
      print.done(
        { ...joined, machine, cloned: isClone, workers: slots, pid },
        `${machine} works for ${joined.project} in ${escaped(joined.root)}${isClone ? ', a new clone' : ''}: pid ${pid}, until a signal comes`,
        'drover status',
      )
    return stay(context, opened, { onReady })
  },
})

const labelFlags = (label: readonly string[] | undefined): Flags =>
  label === undefined ? {} : { 'machine.labels': listed(label) }
