import type { AgentAsk } from './socket-words.ts'

interface ToolWords {
  name: AgentAsk
  description: string
  inputSchema: { type: 'object'; properties: Record<string, object>; required?: string[] }
}

const text = (description: string) => ({ type: 'string', description })
const number = (description: string) => ({ type: 'number', description })
const types = ['implementation', 'research', 'fix']

/** What an agent reads of the tools. */
export const mcpTools: readonly ToolWords[] = [
  {
    name: 'report',
    description:
      'Say how the task ended, as the last thing you do. PASS: done, the work may be landed. PASS_WITH_WARNINGS: done, with something to look at. ' +
      'BLOCK: a person must decide, and the summary says what. FAIL: it cannot be done. It may be said again; the last one counts.',
    inputSchema: {
      type: 'object',
      properties: {
        verdict: { type: 'string', enum: ['PASS', 'PASS_WITH_WARNINGS', 'BLOCK', 'FAIL'] },
        summary: text('One line: what is true now, or why it is not'),
        detail: text('More, as Markdown'),
        testsPassed: number('Tests that passed'),
        testsFailed: number('Tests that failed'),
        filesChanged: number('Files that changed'),
        tokensIn: number('Tokens read'),
        tokensOut: number('Tokens written'),
        durationS: number('Seconds it took'),
      },
      required: ['verdict', 'summary'],
    },
  },
  {
    name: 'progress',
    description: 'Tell the person who watches what you are doing now. Say it at each larger step.',
    inputSchema: {
      type: 'object',
      properties: {
        label: text('The step, in a few words'),
        phase: { type: 'string', enum: ['running', 'stuck', 'complete'], description: 'How it goes' },
        detail: text('More about it'),
      },
      required: ['label'],
    },
  },
  {
    name: 'create_subtask',
    description:
      'Give work to another agent: a task of its own, from the target branch, in a worktree of its own. For what lies beside your task, or must be known or done ' +
      'before you can go on. With waitForCompletion you end your turn after this call and are woken in the same session with its result; its commits are not in your ' +
      'worktree until you merge them. The same title and description again is the same task.',
    inputSchema: {
      type: 'object',
      properties: {
        title: text('One line: what should be true afterwards'),
        description: text('All that the other agent needs to know: it sees nothing of your conversation'),
        type: { type: 'string', enum: types, description: 'research changes no file and answers with findings' },
        waitForCompletion: {
          type: 'boolean',
          default: false,
          description: 'Go on only when it is over, however it ended',
        },
      },
      required: ['title', 'description'],
    },
  },
  {
    name: 'check_subtask_status',
    description:
      'How the tasks stand that you created: status, verdict, summary, findings, and the commit they landed as. Do not call it in a loop: ' +
      'to wait for a task, create it with waitForCompletion and end your turn.',
    inputSchema: {
      type: 'object',
      properties: { taskId: text('The id that create_subtask answered; without it, all of them') },
    },
  },
  {
    name: 'signal_decomposition',
    description:
      'Say that this task is too large and should be several tasks, which then take its place. Commit what you have: the first part begins there. ' +
      'After this call end your turn without a report. The parts are done beside each other, by others, unless `after` says otherwise.',
    inputSchema: {
      type: 'object',
      properties: {
        reason: text('Why it should be split'),
        suggestedSubtasks: {
          type: 'array',
          minItems: 2,
          items: {
            type: 'object',
            properties: {
              title: text('One line: what should be true afterwards'),
              description: text('All that its agent needs to know, with how it is seen to be done'),
              estimatedComplexity: { type: 'string', enum: ['small', 'medium', 'large'] },
              after: {
                type: 'array',
                items: { type: 'integer', minimum: 1 },
                description: 'The parts that must be landed before, by their place in this list, from 1',
              },
            },
            required: ['title', 'description'],
          },
        },
      },
      required: ['reason', 'suggestedSubtasks'],
    },
  },
  {
    name: 'record_finding',
    description:
      'Keep something that research brought to light; the tasks that need this one are told. One call for each finding, then report PASS with the answer as summary.',
    inputSchema: {
      type: 'object',
      properties: {
        query: text('The question it answers'),
        summary: text('What was found'),
        relevance: text('Why it matters, or how much'),
        sourceRef: text('Where it stands: file and line, commit, or address'),
      },
      required: ['summary', 'relevance', 'sourceRef'],
    },
  },
  {
    name: 'ask_human',
    description:
      'Ask a person what only a person can decide. Nobody else answers, also not after the deadline. After this call end your turn without a report: ' +
      'you are woken in the same session with the answer. A question that was answered before is answered at once.',
    inputSchema: {
      type: 'object',
      properties: {
        question: text('The question, with what is needed to decide it'),
        options: {
          type: 'array',
          items: { type: 'string' },
          description: 'Answers to choose from; any other is possible too',
        },
        deadline: text('When the answer is wanted: an ISO 8601 time, or a duration like "2h"'),
      },
      required: ['question'],
    },
  },
]
