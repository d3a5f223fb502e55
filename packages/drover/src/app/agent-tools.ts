import { DroverError } from '../domain/error.ts'
import type { Crew } from '../flow/crew.ts'
import { readReport } from '../flow/report-file.ts'
import type { Agent } from '../flow/operations/spawn.ts'
import { askHuman, checkSubtaskStatus, createSubtask, recordFinding, signalDecomposition } from './agent-wishes.ts'
import { usage, words } from './said-fields.ts'
import type { AgentAsk, Answer, Request, ToolAnswer } from './socket-words.ts'

type FromAgent = Extract<Request, { ask: AgentAsk }>
type Tool = (crew: Crew, said: Record<string, unknown>, by: Agent) => Promise<ToolAnswer>

const tools: Record<AgentAsk, Tool> = {
  report,
  progress,
  create_subtask: createSubtask,
  check_subtask_status: checkSubtaskStatus,
  signal_decomposition: signalDecomposition,
  record_finding: recordFinding,
  ask_human: askHuman,
}

/** What agents may say to the daemon. Who they are follows from the token, never from what they claim; one speaks at a time. */
export function answerAgents(crew: Crew): (request: FromAgent) => Promise<Answer> {
  let before: Promise<unknown> = Promise.resolve()
  return ({ ask, runId, task, token, request, said }) => {
    const attempt = Number(/\/(\d+)$/.exec(runId)?.[1])
    if (!crew.here.isTokenOf(token, task, attempt)) return Promise.resolve(refused)
    const by: Agent = { kind: 'agent', task, attempt, request: String(request).slice(0, 64) }
    // Limits are counted and repetitions are found before anything is written.
    const answer = before.then(() => use(tools[ask], crew, said, by))
    before = answer
    return answer
  }
}

async function use(tool: Tool, crew: Crew, said: unknown, by: Agent): Promise<Answer> {
  try {
    const fields = typeof said === 'object' && said !== null ? { ...said } : {}
    return { ok: true, about: await tool(crew, fields, by) }
  } catch (error) {
    return problemOf(error)
  }
}

function problemOf(error: unknown): Answer {
  const problem = error instanceof Error ? error.message : String(error)
  if (!(error instanceof DroverError)) return { ok: false, code: 'internal', problem }
  if (error.code === 'refused-token' || error.code === 'busy') return refused
  // The ledger could not be written: what was said is not lost by it.
  if (error.exit === 75 || error.exit === 1) return { ok: false, code: 'internal', problem }
  const isTheirs = error.code === 'usage' || error.code === 'bad-title' || error.code === 'bad-value'
  return { ok: false, code: isTheirs ? 'usage' : 'refused', problem }
}

const refused: Answer = {
  ok: false,
  code: 'refused-token',
  problem: 'this attempt is over, or the token belongs to another',
}

async function report(crew: Crew, said: Record<string, unknown>, by: Agent): Promise<ToolAnswer> {
  const read = readReport(said)
  if (!read) throw usage('this is no report: it needs a verdict of PASS, PASS_WITH_WARNINGS, BLOCK, FAIL')
  await tell(crew, { type: 'task.reported', data: { report: read } }, by)
  return { text: `Reported ${read.verdict}. You are done: end your turn.`, fields: { verdict: read.verdict } }
}

async function progress(crew: Crew, said: Record<string, unknown>, by: Agent): Promise<ToolAnswer> {
  const { label, phase, detail } = said
  const data = { label: words(label, 500), phase: words(phase, 50), detail: words(detail, 10_000) }
  await tell(crew, { type: 'task.progress', data }, by)
  return { text: 'Noted.', fields: {} }
}

type Telling = Parameters<Crew['ledger']['append']>[0][number] & { type: 'task.reported' | 'task.progress' }

async function tell({ ledger }: Crew, event: Telling, by: Agent): Promise<void> {
  const { outcome } = await ledger.append([{ ...event, task: by.task, attempt: by.attempt }], by)
  if (outcome !== 'appended' && outcome !== 'already') throw new DroverError('refused-token', {})
}
