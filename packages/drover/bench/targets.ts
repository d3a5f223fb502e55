export interface Target {
  /** What is measured, as the table in the documents says it. */
  says: string
  unit: '×' | 'ms' | 's' | 'MB' | ''
  /** More than this is a fault; a row without it is told for comparison only. */
  most?: number
}

/** Every target there is. Times of a machine mean little: most rows are ratios of pairs that ran one after the other on one filesystem. */
export const targets = {
  'drive 1k': { says: '100 no-op tasks, 4 workers, 1,000 files, beside bare git', unit: '×', most: 1.5 },
  'drive 20k': { says: 'the same with 20,000 files', unit: '×', most: 1.15 },
  'drive cpu 1k': { says: 'processor time of the whole process tree, 1,000 files, beside bare git', unit: '×' },
  'drive git': { says: 'git processes per task', unit: '', most: 9 },
  'drive shells': { says: 'shells per task: three of drover, the agent’s wrapper and its command', unit: '', most: 5 },
  'drive commits': { says: 'ledger commits per task', unit: '', most: 10 },
  'drive blocked': {
    says: 'event loop that stands, per task: longer than 1 ms, without what others ran',
    unit: 'ms',
    most: 3,
  },
  'drive loop cpu': { says: 'processor time of the thread of the event loop, per task', unit: 'ms' },
  'drive active': { says: 'active event loop per task', unit: 'ms' },
  'drive cpu': { says: 'processor time per task, the whole process tree', unit: 'ms' },
  'start version': { says: '`drover --version` beside `node -e 0`', unit: '×', most: 1.2 },
  'start status 10': { says: '`drover status`, 10 tasks, beside `node -e 0`', unit: '×', most: 2 },
  'start status 10k': { says: '`drover status`, 10,000 tasks, beside `node -e 0`', unit: '×', most: 2 },
  'start clone': { says: '`bin/drover status` of a clone, which looks for newer sources first', unit: '×' },
  'latency add': { says: 'from `add` to the agent’s start, daemon idle, median', unit: 'ms', most: 100 },
  'latency add p95': { says: 'from `add` to the agent’s start, 95th percentile', unit: 'ms' },
  'latency need': { says: 'from an agent’s end to the start of the agent that needed it, median', unit: 'ms' },
  'latency need p95': {
    says: 'from an agent’s end to the start of the agent that needed it, 95th percentile',
    unit: 'ms',
  },
  'agent claude': {
    says: 'a trivial run of the real Claude Code, from `add` to its landing, beside that program alone; its model takes 0.3 s for an answer',
    unit: '×',
    most: 1.1,
  },
  'agent alone': { says: 'that program alone, median', unit: 'ms' },
  'agent claude at once': { says: 'the same with a model that answers at once, as none does', unit: '×' },
  'agent drover at once': {
    says: 'and that beside Claude Code with the arguments and tools that drover gives it',
    unit: '×',
  },
  'agent alone at once': { says: 'that program alone with such a model, median', unit: 'ms' },
  'growth claim 10k': { says: 'claim among 10,000 tasks beside 1,000', unit: '×', most: 2 },
  'growth claim 100k': { says: 'claim among 100,000 tasks beside 1,000', unit: '×', most: 2 },
  'growth import': { says: '`import-jsonl` of 100,000 tasks, one transaction: processor time', unit: 's', most: 5 },
  'growth status 100k': { says: '`drover status`, 100,000 tasks, beside `node -e 0`', unit: '×' },
  'growth why 100k': { says: '`drover why`, 100,000 tasks, beside `node -e 0`', unit: '×' },
  'growth list 100k': { says: '`drover list`, 100,000 tasks, beside `node -e 0`', unit: '×' },
  'growth drive 100k': { says: '24 no-op tasks, 4 workers, 100,000 files, beside bare git', unit: '×' },
  'memory peak': { says: 'largest memory of the daemon while 8 agents print 1 GB in all', unit: 'MB', most: 120 },
  'memory idle': { says: 'memory of the daemon afterwards, idle', unit: 'MB', most: 100 },
  'dbos 1': { says: 'no-op tasks, 1 slot, on PostgreSQL and DBOS, beside SQLite', unit: '×', most: 3 },
  'dbos 4': { says: 'no-op tasks, 4 slots, on PostgreSQL and DBOS, beside SQLite', unit: '×', most: 3 },
  'dbos 16': { says: 'no-op tasks, 16 slots, on PostgreSQL and DBOS, beside SQLite', unit: '×', most: 3 },
  'dbos 1 alone': {
    says: 'the same, 1 slot, beside as many empty workflows and steps of DBOS that polls every 10 ms',
    unit: '×',
  },
  'dbos 4 alone': { says: 'and with 4 slots', unit: '×' },
  'dbos 16 alone': { says: 'and with 16 slots', unit: '×' },
  'dbos 4 usual': { says: 'beside such workflows of DBOS with default settings, 4 slots', unit: '×' },
  'dbos 1 rate': { says: 'tasks in a second on PostgreSQL and DBOS, 1 slot', unit: '' },
  'dbos 4 rate': { says: 'tasks in a second on PostgreSQL and DBOS, 4 slots', unit: '' },
  'dbos 16 rate': { says: 'tasks in a second on PostgreSQL and DBOS, 16 slots', unit: '' },
  'dbos queries': { says: 'what PostgreSQL is asked for a task, 4 slots', unit: '', most: 280 },
  'dbos commits': { says: 'transactions of PostgreSQL for a task, 4 slots, also those that only read', unit: '' },
  'dbos add': {
    says: 'from `add` to the agent’s start on PostgreSQL and DBOS, default settings, median',
    unit: 'ms',
    most: 150,
  },
  'dbos add p95': { says: 'the same, 95th percentile', unit: 'ms' },
  'dbos afar': { says: 'the same where `add` was on another machine, median', unit: 'ms', most: 150 },
  'dbos afar p95': { says: 'where `add` was on another machine, 95th percentile', unit: 'ms' },
  'dbos need': {
    says: 'on PostgreSQL, from an agent’s end to the start of the agent that needed it, median',
    unit: 'ms',
  },
  'dbos add sqlite': { says: 'from `add` to the agent’s start on PostgreSQL and DBOS, beside SQLite', unit: '×' },
  'dbos add alone': { says: 'the same beside enqueue to start of DBOS alone, default settings', unit: '×', most: 1 },
  'dbos start alone': { says: 'enqueue to start of DBOS alone, default settings, median', unit: 'ms' },
  'dbos start alone p95': { says: 'enqueue to start of DBOS alone, default settings, 95th percentile', unit: 'ms' },
  'dbos import': { says: '`import-jsonl` of 10,000 tasks on PostgreSQL, beside SQLite', unit: '×', most: 5 },
  'dbos import takes': { says: '`import-jsonl` of 10,000 tasks on PostgreSQL', unit: 's', most: 5 },
  'recovery adopted': {
    says: '16 agents, 10,000 tasks, `kill -9` of drover: start until every agent is adopted',
    unit: 's',
    most: 2,
  },
  'recovery again': {
    says: 'the same with the agents killed too: start until every agent goes on',
    unit: 's',
    most: 2,
  },
  'recovery ratio': { says: 'adopting beside the start of a daemon that has nothing to do', unit: '×' },
  'soak memory': { says: '500 tasks: growth of memory after the first 100', unit: 'MB', most: 50 },
  'soak files': { says: '500 tasks: growth of open files after the first 100', unit: '', most: 4 },
  'soak worktrees': { says: '500 tasks, 4 workers: the most worktrees', unit: '', most: 4 },
} as const satisfies Record<string, Target>

export type Row = keyof typeof targets

/** What one part of the suite found. */
export type Found = Partial<Record<Row, number>>

export interface Options {
  dir: string
  rounds: number
  tasks: number
  workers: number
  files: readonly number[]
  /** Words for the person who waits; they go to stderr. */
  say(words: string): void
}

export const targetOf = (row: Row): Target => targets[row]
export const isMet = (row: Row, value: number): boolean => value <= (targetOf(row).most ?? Infinity)
