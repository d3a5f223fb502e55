import { glance } from '../../domain/summary.ts'
import { command, type Context } from '../command.ts'
import { follow } from '../follow.ts'
import { parkedWords } from '../rest.ts'
import { openScreen, type Screen } from '../screen.ts'
import { look, type Moment, momentJson } from '../standing.ts'
import { tell } from '../story.ts'
import { stoppedBy } from '../terminal.ts'
import { oneLine, view } from '../view.ts'

interface Watch {
  epic: string | undefined
  oneline: boolean
  ascii: boolean
}

export const watch = command({
  name: 'watch',
  summary: 'The same, live',
  about:
    'On a terminal it stays until Ctrl-C; elsewhere it prints a line for every change and ends when nothing runs or waits to run.',
  options: {
    oneline: { type: 'boolean', about: 'One line only' },
    ascii: { type: 'boolean', about: 'No emoji' },
  },
  examples: ['drover watch', 'drover watch --json'],
  run: (context, { oneline, ascii }) =>
    watchLive(context, { epic: undefined, oneline: oneline === true, ascii: ascii === true }),
})

/** Shows every change until a signal comes or, where nobody looks, until there is nothing more to come. */
export async function watchLive(context: Context, options: Watch): Promise<number> {
  const { print, terminal } = context
  const project = await context.project()
  const { stop } = terminal.signals()
  const screen = print.isTerminal && !print.json ? openScreen(terminal.stdout) : undefined
  const show = screen ? drawsOn(screen, context, options) : printsChanges(context, options)
  const story: string[] = []
  try {
    for await (const events of follow(project, { after: await project.reading.lastSeq() }, stop)) {
      story.push(...events.map(tell).filter((line) => line !== undefined))
      story.splice(0, story.length - 6)
      const moment = await look(project, options.epic)
      show(moment, story)
      if (!screen && isQuiet(moment)) return 0
      await project.clock.sleep(100, stop)
    }
  } finally {
    screen?.close()
  }
  return stoppedBy(stop)
}

type Show = (moment: Moment, story: readonly string[]) => void

function printsChanges({ print }: Context, { ascii }: Watch): Show {
  let last = ''
  return (moment) => {
    const line = oneLine(moment.standing, ascii || print.ascii, restsOf(moment, ascii || print.ascii))
    if (line === last) return
    last = line
    if (print.json) print.jsonLine(momentJson(moment))
    else print.lines([line])
  }
}

function drawsOn(screen: Screen, { print }: Context, { oneline, ascii }: Watch): Show {
  const shape = { width: print.width, paint: print.paint, ascii: ascii || print.ascii }
  return (moment, story) =>
    screen.draw(
      oneline
        ? [oneLine(moment.standing, shape.ascii, restsOf(moment, shape.ascii))]
        : view({ moment, story, footer: 'Ctrl-C ends the view, not the work' }, shape),
    )
}

const restsOf = ({ accounts, now }: Moment, ascii: boolean): string[] => parkedWords(accounts, now, ascii)

const isQuiet = ({ standing }: Moment): boolean => {
  const { running, queued } = glance(standing)
  return running + queued === 0
}
