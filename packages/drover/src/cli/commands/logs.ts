import { join } from 'node:path'
import { DroverError } from '../../domain/error.ts'
import type { Task } from '../../domain/task.ts'
import { resolveTask } from '../../flow/operations/resolve-task.ts'
import type { Reading } from '../../ports/reading.ts'
import { command } from '../command.ts'
import { escapedLines } from '../escape.ts'
import type { Project } from '../../app/open-project.ts'
import { aboutNothing } from '../about-nothing.ts'
import { openTail, type Reader } from '../tail.ts'
import { readable } from '../transcript.ts'
import { tell } from '../story.ts'
import { readCount } from '../task-options.ts'
import { stoppedBy } from '../terminal.ts'

export const logs = command({
  name: 'logs <task>',
  summary: 'What the agent of a task said',
  about: 'Of its last attempt: what the agent said and which tools it used, or what a command printed on both streams.',
  options: {
    follow: { type: 'boolean', short: 'f', about: 'Stay until the attempt is over' },
    lines: { type: 'string', short: 'n', arg: 'n', about: 'How many of the last lines', default: '100' },
    attempt: { type: 'string', arg: 'n', about: 'Of this attempt' },
    events: { type: 'boolean', about: 'What happened to the task instead' },
    raw: { type: 'boolean', about: 'The lines of the agent’s own protocol, as they are' },
  },
  examples: ['drover logs task-a1b2', 'drover logs -f task-a1b2', 'drover logs task-a1b2 --attempt 1 --lines 20'],
  async run({ project, print, terminal }, values, [word = '']) {
    const opened = await project()
    const { reading, places, clock } = opened
    const task = await resolveTask(reading, word)
    const most = readCount('--lines', values.lines, { least: 0 })
    if (values.events) return printEvents(reading, task, { most, print })
    const attempt = values.attempt === undefined ? task.attempt : readCount('--attempt', values.attempt)
    if (attempt > task.attempt) throw new DroverError('no-attempt', { task: task.id, attempt })
    const folder = join(places.folder, 'attempts', task.id, String(attempt))
    const read = values.raw ? undefined : await reader(opened, task, attempt, folder)
    const tails = [openTail(join(folder, 'out'), read), openTail(join(folder, 'err'))]
    const first = (
      await Promise.all(
        tails.map(async (tail) => lastOf(await tail.last(most), values.follow ? [] : tail.half(), most)),
      )
    ).flat()
    const show = (lines: readonly string[]): void =>
      print.json
        ? lines.forEach((line) => print.jsonLine({ task: task.id, attempt, line }))
        : print.lines(lines.flatMap(escapedLines))
    show(first)
    if (first.length === 0 && !print.json)
      print.note(
        attempt === 0 ? `${task.id} has no attempt yet.` : `Attempt ${attempt} of ${task.id} has said nothing yet.`,
      )
    if (!values.follow) return 0
    const { stop } = terminal.signals()
    for (let isOver = false; !stop.aborted; await clock.sleep(200, stop)) {
      const more = (await Promise.all(tails.map((tail) => tail.more()))).flat()
      show(more)
      if (isOver && more.length === 0) {
        show(tails.flatMap((tail) => tail.half()))
        return 0
      }
      isOver = (await reading.attempt(task.id, attempt))?.finishedAt !== null
    }
    return stoppedBy(stop)
  },
})

/** How the agent's lines are read; nothing for a program whose output is meant for people. */
async function reader(project: Project, task: Task, attempt: number, folder: string): Promise<Reader | undefined> {
  const agent = (await project.reading.attempt(task.id, attempt))?.agent
  if (agent === undefined || task.run !== null) return undefined
  const { openAgents } = await import('../../app/open-agents.ts')
  const driver = openAgents(project.config, project.places).driverFor(agent)
  return driver.silent ? undefined : readable(driver.talk(aboutNothing(folder)), project.clock.now())
}

/** Half a line is a line when nobody waits for the rest of it. */
const lastOf = (whole: readonly string[], half: readonly string[], most: number): string[] =>
  most === 0 ? [] : [...whole, ...half].slice(-most)

async function printEvents(
  reading: Reading,
  task: Task,
  {
    most,
    print,
  }: { most: number; print: { json: boolean; lines(lines: readonly string[]): void; jsonLine(value: unknown): void } },
): Promise<void> {
  const lines: string[] = []
  for (let after = 0; ;) {
    const page = await reading.events(after, { task: task.id }, 500)
    lines.push(...page.map(tell).filter((line) => line !== undefined))
    if (page.length === 0) break
    after = page.at(-1)!.seq
  }
  const last = most === 0 ? [] : lines.slice(-most)
  if (print.json) for (const line of last) print.jsonLine({ task: task.id, line })
  else print.lines(last)
}
