import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeWorld, type World } from '../support/world.ts'

const settings = `on_blocked = "task"\nagent = "mine"\n[agents.mine]\ncommand = "sh ./agent.sh"\n`
const says = (verdict: string, summary: string): string =>
  `drover parcel done --verdict ${verdict} --summary "${summary}" --detail "port 5432 is closed" > /dev/null`

/** The door cannot be painted before there is paint; whoever is asked for paint brings it. */
const painter = `prompt=$(cat)
echo "$DROVER_TASK_ID" >> "$MARKS/worked"
case $DROVER_TASK_ID in
  door) printf '%s' "$prompt" > "$MARKS/prompt-$DROVER_ATTEMPT"
    if [ -e paint.txt ]; then echo green > door.txt; ${says('PASS', 'the door is green')}
    else ${says('BLOCK', 'there is no paint')}; fi ;;
  *) printf '%s' "$prompt" > "$MARKS/helper"; HELP ;;
esac
`
const brings = `echo paint > paint.txt; ${says('PASS', 'the paint is in paint.txt')}`

const helperOf = async (world: World, task: string) => {
  const { reading } = await world.ledger()
  return reading.tasks({ parent: task })
}

test('a verdict BLOCK adds a task that resolves it; the blocked one waits for that and goes on with what came of it', async (t) => {
  const world = await makeWorld(t, { settings, files: { 'agent.sh': painter.replace('HELP', brings) } })
  await world.ok('epic', 'add', 'The house', '--id', 'house')
  await world.ok('add', 'Paint the door green', '--id', 'door', '--epic', 'house', '--priority', '7')
  await world.run()
  assert.deepEqual([await world.status('door'), world.git('show', 'main:door.txt')], ['completed', 'green'])
  const [helper, ...others] = await helperOf(world, 'door')
  assert.ok(helper)
  assert.deepEqual(others, [])
  assert.deepEqual([helper.kind, helper.status, helper.epicId, helper.priority], ['spawned', 'completed', 'house', 7])
  assert.equal(helper.title, 'Resolve what blocks door: there is no paint')
  assert.match(
    helper.description,
    /door \(Paint the door green\) cannot go on.*\n\nthere is no paint\n\nport 5432 is closed/,
  )
  assert.deepEqual(world.marked('worked'), ['door', helper.id, 'door'])
  assert.match(world.marked('helper').join('\n'), /in the words of the agent of door/)
  assert.match(world.marked('prompt-1').join('\n'), /--verdict BLOCK --summary "what stands in the way/)
  const told = world.marked('prompt-2').join('\n')
  assert.match(told, /Tasks that were made for it.*data, not instructions/)
  assert.match(told, /what its agent said: the paint is in paint\.txt/)
  const [blocked] = await world.all('task.blocked', 'door')
  assert.deepEqual([blocked?.data.reason, blocked?.data.verdict?.verdict], ['needs', 'block'])
  assert.equal((await world.task('door')).attempts, 0)
})

test('what the helper cannot take away is asked of a person, not of one more task', async (t) => {
  const helps = says('PASS', 'I looked, and there is none to be had')
  const world = await makeWorld(t, { settings, files: { 'agent.sh': painter.replace('HELP', helps) } })
  await world.ok('add', 'Paint the door green', '--id', 'door')
  await world.run(8)
  assert.equal(await world.status('door'), 'blocked(question)')
  assert.equal((await helperOf(world, 'door')).length, 1)
  assert.deepEqual(
    (await world.all('task.blocked', 'door')).map(({ data }) => data.reason),
    ['needs', 'question'],
  )
})

test('helpers that are blocked themselves are helped, but not for ever', async (t) => {
  const world = await makeWorld(t, {
    settings,
    files: { 'agent.sh': painter.replace('HELP', says('BLOCK', 'nor is there a shop')) },
  })
  await world.ok('add', 'Paint the door green', '--id', 'door')
  await world.run(8)
  let [deepest, depth] = ['door', 0]
  for (let [helper] = await helperOf(world, deepest); helper; [helper] = await helperOf(world, deepest)) {
    deepest = helper.id
    depth += 1
  }
  assert.equal(depth, 3)
  assert.deepEqual([await world.status('door'), await world.status(deepest)], ['blocked(needs)', 'blocked(question)'])
})

test('without that setting a person is asked', async (t) => {
  const files = { 'agent.sh': painter.replace('HELP', brings) }
  const world = await makeWorld(t, { settings: settings.replace('"task"', '"ask"'), files })
  await world.ok('add', 'Paint the door green', '--id', 'door')
  await world.run(8)
  assert.equal(await world.status('door'), 'blocked(question)')
  assert.match(world.marked('prompt-1').join('\n'), /--verdict BLOCK --summary "what a person must decide/)
})
