import { resolveEpic } from '../../flow/operations/resolve-task.ts'
import { command } from '../command.ts'
import { inboxLines, readInbox } from '../inbox.ts'
import { isoTime, questionJson } from '../json.ts'

export const inbox = command({
  name: 'inbox',
  summary: 'What waits for a person, and how to answer each',
  about:
    'Questions of agents, reviews, conflicts, red gates, budgets, attempts that took their machine with them, and what is paused; for a day also hints that came too late. ' +
    'Nothing is ever answered by itself: a question whose deadline has passed is shown as overdue, and waits on.',
  options: { epic: { type: 'string', short: 'e', arg: 'epic', about: 'Only tasks of this epic' } },
  examples: ['drover inbox', 'drover inbox --json | jq -r ".data.items[].commands[0]"'],
  async run({ project, print }, { epic }) {
    const { reading, clock } = await project()
    const within = epic === undefined ? undefined : (await resolveEpic(reading, epic)).id
    const items = await readInbox(reading, clock.now(), within)
    const json = items.map(({ task, since, questions, ...item }) => ({
      taskId: task.id,
      title: task.title,
      ...item,
      since: isoTime(since),
      questions: questions.map(({ isOverdue, ...question }) => ({ ...questionJson(question), overdue: isOverdue })),
    }))
    print.result({ items: json, total: items.length }, () => inboxLines(items, print, clock.now()))
    if (items.length === 0 && !print.json) print.note('Nothing waits for you.')
  },
})
