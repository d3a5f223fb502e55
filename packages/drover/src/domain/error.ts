/** Who must act when this happens. */
type Kind = 'user' | 'config' | 'state' | 'internal'

interface Row<D> {
  kind: Kind
  exit: number
  say: (about: D) => string
  hint: (about: D) => string
}

const row = <D>(kind: Kind, exit: number, say: Row<D>['say'], hint: Row<D>['hint']): Row<D> => ({
  kind,
  exit,
  say,
  hint,
})
const list = (words: readonly string[]) => words.map((word) => `  ${word}`).join('\n')
const near = (nearest: readonly string[]) =>
  nearest.length > 0 ? `did you mean ${nearest.join(', ')}?` : 'drover list --all'

/** Every error drover can show: who acts, the exit code, the words, and a command to run next. */
export const errors = {
  usage: row<{ problem: string; command?: string }>(
    'user',
    2,
    (d) => d.problem,
    (d) => `drover help${d.command ? ` ${d.command}` : ''}`,
  ),
  'unknown-command': row<{ name: string; nearest: string[] }>(
    'user',
    2,
    (d) => `there is no command "${d.name}"`,
    (d) => (d.nearest.length > 0 ? `drover ${d.nearest[0]}` : 'drover help'),
  ),
  'unknown-option': row<{ name: string; command: string; nearest: string[] }>(
    'user',
    2,
    (d) => `drover ${d.command} has no option ${d.name}`,
    (d) => (d.nearest.length > 0 ? `drover ${d.command} ${d.nearest[0]}` : `drover help ${d.command}`),
  ),
  'no-git': row<{ folder: string }>(
    'user',
    3,
    (d) => `${d.folder} is not in a git repository`,
    () => 'git init && git commit --allow-empty -m "first commit"',
  ),
  'no-commit': row<{ folder: string }>(
    'user',
    3,
    (d) => `the repository in ${d.folder} has no commit yet`,
    () => 'git commit --allow-empty -m "first commit"',
  ),
  'no-branch': row<object>(
    'user',
    2,
    () => 'the checkout is on no branch, so there is none that work could land on',
    () => 'git switch <branch>, then drover init',
  ),
  'bare-repository': row<{ folder: string }>(
    'user',
    3,
    (d) => `${d.folder} is a bare repository: drover works beside a checkout`,
    (d) => `git -C ${d.folder} worktree add <folder> <branch>, then drover init there`,
  ),
  'no-project': row<{ folder: string; lost?: { file: string; kept: string } }>(
    'user',
    3,
    (d) =>
      d.lost ? `the ledger of ${d.folder} is gone; drover kept a copy of it` : `${d.folder} is not in a drover project`,
    (d) => (d.lost ? `mkdir -p .drover && cp ${d.lost.kept} ${d.lost.file}` : 'drover init'),
  ),
  'bad-id': row<{ id: string }>(
    'user',
    2,
    (d) => `"${d.id}" cannot be an id: use letters, digits, "-", "_" and inner ".", at most 100`,
    () => 'drover add --help',
  ),
  'bad-title': row<{ problem: string }>(
    'user',
    2,
    (d) => `the title ${d.problem}`,
    () => 'drover add --help',
  ),
  'bad-value': row<{ name: string; value: string; expected: string }>(
    'user',
    2,
    (d) => `${d.name} cannot be "${d.value}": ${d.expected}`,
    () => 'drover help',
  ),
  'id-taken': row<{ id: string }>(
    'state',
    5,
    (d) => `there is already a task or epic "${d.id}"`,
    (d) => `drover show ${d.id}`,
  ),
  'no-task': row<{ id: string; nearest: string[] }>(
    'user',
    4,
    (d) => `there is no task "${d.id}"`,
    (d) => near(d.nearest),
  ),
  'no-epic': row<{ id: string; nearest: string[] }>(
    'user',
    4,
    (d) => `there is no epic "${d.id}"`,
    (d) => (d.nearest.length > 0 ? near(d.nearest) : 'drover epic list'),
  ),
  'no-attempt': row<{ task: string; attempt: number }>(
    'user',
    4,
    (d) => `${d.task} has no attempt ${d.attempt}`,
    (d) => `drover show ${d.task}`,
  ),
  ambiguous: row<{ id: string; candidates: string[] }>(
    'user',
    4,
    (d) => `"${d.id}" could be ${d.candidates.join(', ')}`,
    () => 'drover list --all',
  ),
  circle: row<{ path: string[] }>(
    'user',
    2,
    (d) => `these needs form a circle: ${d.path.join(' → ')}`,
    (d) => `drover need rm ${d.path[0]} ${d.path[1]}`,
  ),
  'self-need': row<{ id: string }>(
    'user',
    2,
    (d) => `${d.id} cannot need itself`,
    () => 'drover need --help',
  ),
  'too-deep': row<{ id: string }>(
    'user',
    2,
    (d) => `${d.id} would be deeper than task.n.m`,
    () => 'drover add --help',
  ),
  'parent-closed': row<{ id: string; status: string }>(
    'state',
    5,
    (d) => `${d.id} is ${d.status}, so it takes no more sub-tasks`,
    (d) => `drover show ${d.id}`,
  ),
  'on-the-parent': row<{ id: string; parent: string; verb: string }>(
    'state',
    5,
    (d) => `${d.id} is part of ${d.parent}: only the parent can be given to "${d.verb}"`,
    (d) => `drover ${d.verb} ${d.parent}`,
  ),
  'impossible-move': row<{ task: string; status: string; event: string; can: string[] }>(
    'state',
    5,
    (d) => `${d.task} is ${d.status}, so ${d.event} cannot happen`,
    (d) =>
      d.can.length > 0
        ? `possible now: ${d.can.map((verb) => `drover ${verb} ${d.task}`).join(' · ')}`
        : `drover why ${d.task}`,
  ),
  busy: row<{ task: string; why: string }>(
    'state',
    75,
    (d) => `${d.task}: ${d.why}`,
    () => 'try again in a moment',
  ),
  'bad-import': row<{ problems: string[] }>(
    'user',
    2,
    (d) => `nothing was imported:\n${list(d.problems)}`,
    () => 'mend these lines and import again; --dry-run checks without writing',
  ),
  'bad-file': row<{ file: string; problem: string }>(
    'user',
    2,
    (d) => `${d.file}: ${d.problem}`,
    (d) => `look at ${d.file}`,
  ),
  'bad-session': row<{ file: string; problem: string }>(
    'user',
    2,
    (d) => `nothing was taken over from ${d.file}: ${d.problem}`,
    (d) => `drover import ${d.file} --dry-run`,
  ),
  'other-history': row<{ task: string; problem: string }>(
    'state',
    5,
    (d) => `nothing was taken over: ${d.problem}`,
    (d) => `drover show ${d.task}`,
  ),
  'no-base': row<{ commit: string; repository: string }>(
    'state',
    5,
    (d) => `unfinished work stands on ${d.commit.slice(0, 12)}, which this repository does not have`,
    (d) => `git fetch ${d.repository === '' ? '--all' : d.repository}`,
  ),
  'file-exists': row<{ file: string }>(
    'user',
    5,
    (d) => `${d.file} is there already`,
    (d) => `drover export ${d.file} --force`,
  ),
  'bad-setting': row<{ where: string; problem: string; nearest?: string | undefined }>(
    'config',
    2,
    (d) => `${d.where}: ${d.problem}`,
    (d) => (d.nearest ? `did you mean "${d.nearest}"?` : 'drover config list'),
  ),
  'not-our-ledger': row<{ file: string }>(
    'config',
    5,
    (d) => `${d.file} was not made by this drover`,
    (d) => `mv ${d.file} ${d.file}.old && drover init`,
  ),
  'newer-ledger': row<{ file: string; found: number; known: number }>(
    'config',
    75,
    (d) => `${d.file} has schema ${d.found}, this drover knows ${d.known}`,
    () => 'npm install -g drover@latest',
  ),
  'broken-ledger': row<{ file: string; problem: string }>(
    'internal',
    1,
    (d) => `the ledger ${d.file} cannot be read: ${d.problem}`,
    () => 'drover doctor',
  ),
  'unwritable-ledger': row<{ file: string; problem: string }>(
    'config',
    1,
    (d) => `the ledger ${d.file} cannot be written: ${d.problem}`,
    (d) => `ls -l ${d.file}; df -h ${d.file}; ulimit -f`,
  ),
  'ledger-gone': row<{ file: string; kept: string | null }>(
    'state',
    1,
    (d) => `the ledger ${d.file} was deleted or replaced while drover drove this project, so drover has stopped`,
    (d) =>
      d.kept === null
        ? 'drover init'
        : `mkdir -p ${d.file.replace(/[^/]*$/, '')} && cp ${d.kept} ${d.file} && drover run`,
  ),
  'ledger-busy': row<{ file: string }>(
    'state',
    75,
    (d) => `the ledger ${d.file} was busy for too long`,
    () => 'try again in a moment',
  ),
  'no-ledger': row<{ where: string; project: string | undefined }>(
    'user',
    3,
    (d) =>
      d.project === undefined
        ? `${d.where} holds no drover project`
        : `${d.where} holds no project called ${d.project}`,
    () => 'drover init --db URL',
  ),
  'ledger-away': row<{ where: string; problem: string }>(
    'state',
    75,
    (d) => `the database ${d.where} cannot be reached: ${d.problem}`,
    () => 'drover config list --show-origin   # database_url',
  ),
  'ledger-refused': row<{ where: string; problem: string }>(
    'config',
    1,
    (d) => `the database ${d.where} does not let drover work in it: ${d.problem}`,
    () => 'drover config list --show-origin   # database_url',
  ),
  'which-project': row<{ where: string; projects: string[] }>(
    'user',
    2,
    (d) => `${d.where} holds several projects: ${d.projects.join(', ')}`,
    (d) => `drover worker --project ${d.projects[0] ?? 'ID'}, or "project: …" in .drover/config.yaml`,
  ),
  'needs-postgres': row<{ where: string }>(
    'user',
    2,
    (d) => `machines share a project in a PostgreSQL database, and the ledger here is ${d.where}`,
    () => 'drover worker --db postgres://user@host/database, or DROVER_DATABASE_URL',
  ),
  'no-clone': row<{ folder: string; isEmpty: boolean }>(
    'user',
    3,
    (d) =>
      d.isEmpty
        ? `there is no clone in ${d.folder}, and no remote is named to make one of`
        : `${d.folder} is no clone, and not empty: none is made there`,
    (d) => `drover worker${d.isEmpty ? '' : ' -C NEW-FOLDER'} --remote URL`,
  ),
  'other-clone': row<{ folder: string; problem: string }>(
    'user',
    5,
    (d) => `${d.folder} belongs to something else: ${d.problem}`,
    () => 'drover worker -C NEW-FOLDER --remote URL',
  ),
  'no-sharing': row<object>(
    'config',
    1,
    () => 'land.push is off here: work could reach no other machine, and none of it this one',
    () => 'drover config get land.push --show-origin',
  ),
  'disk-full': row<{ file: string }>(
    'state',
    75,
    (d) => `there is no room on the disk for ${d.file}`,
    () => 'df -h .',
  ),
  'no-account': row<{ name: string; known: string[] }>(
    'user',
    4,
    (d) => `no agent has an account "${d.name}"`,
    (d) => (d.known.length > 0 ? `one of: ${d.known.join(', ')}` : 'name them in [agents.claude] accounts'),
  ),
  'already-running': row<{ pid: number; since: string; what: string }>(
    'state',
    5,
    (d) => `${d.what} already drives this project: pid ${d.pid}, since ${d.since}`,
    () => 'drover daemon status',
  ),
  'taken-over': row<{ machine: string }>(
    'state',
    75,
    (d) => `the database heard nothing of ${d.machine} for longer than its lease: others do its work now`,
    () => 'drover daemon start   # it joins anew',
  ),
  'same-name': row<{ machine: string; host: string; pid: number }>(
    'config',
    5,
    (d) => `a machine called ${d.machine} drives this project already: pid ${d.pid} on ${d.host}`,
    () => 'DROVER_MACHINE_NAME=another-name drover worker',
  ),
  'newer-work': row<{ job: string; version: string }>(
    'state',
    75,
    (d) =>
      `${d.job} was begun by a newer drover, whose workflow (${d.version}) this one does not know: nothing is touched`,
    () => 'npm install -g drover@latest',
  ),
  'no-daemon': row<{ problem?: string }>(
    'state',
    6,
    (d) => `no daemon answers${d.problem ? `: ${d.problem}` : ''}`,
    () => 'drover daemon start',
  ),
  'no-agent': row<{ agent: string; problem: string }>(
    'config',
    7,
    (d) => `the agent "${d.agent}" cannot work: ${d.problem}`,
    () => 'drover doctor',
  ),
  'not-an-attempt': row<{ missing: string[] }>(
    'user',
    2,
    (d) =>
      `this is for agents, inside an attempt's worktree: ${d.missing.join(', ')} must be set, as drover does for them`,
    () => 'drover help parcel',
  ),
  'spawn-limit': row<{ problem: string; setting: string }>(
    'state',
    5,
    (d) => d.problem,
    (d) => `drover config get ${d.setting}`,
  ),
  'refused-token': row<object>(
    'state',
    5,
    () => 'this attempt is over, or the token belongs to another',
    () => 'drover list',
  ),
  'old-node': row<{ found: string; needed: string }>(
    'config',
    1,
    (d) => `drover needs Node ${d.needed} or newer; this is ${d.found}`,
    () => 'install a newer Node, 26 recommended',
  ),
  'old-git': row<{ found: string; needed: string }>(
    'config',
    1,
    (d) => `drover needs git ${d.needed} or newer; this is ${d.found}`,
    () => 'install a newer git',
  ),
  git: row<{ command: string; problem: string }>(
    'internal',
    1,
    (d) => `git ${d.command} failed: ${d.problem}`,
    () => 'drover doctor',
  ),
  'untrusted-config': row<{ keys: string[] }>(
    'state',
    5,
    (d) => `git's configuration has drivers that drover has not seen before: ${d.keys.join(', ')}`,
    () => 'drover doctor --trust',
  ),
  'remote-away': row<{ problem: string }>(
    'state',
    75,
    (d) => `the remote cannot be reached: ${d.problem}`,
    () => 'drover doctor',
  ),
  'no-rescue': row<{ name: string }>(
    'user',
    4,
    (d) => `nothing is kept under "${d.name}"`,
    () => 'drover rescue list',
  ),
  'needs-yes': row<{ what: string }>(
    'user',
    2,
    (d) => `${d.what} needs a yes, and there is no terminal to ask on`,
    () => 'run it again with --yes',
  ),
  unsupported: row<{ what: string }>(
    'user',
    1,
    (d) => d.what,
    () => 'use WSL',
  ),
  interrupted: row<object>(
    'user',
    130,
    () => 'interrupted',
    () => 'drover resume',
  ),
} as const

export type ErrorCode = keyof typeof errors
type About<C extends ErrorCode> = Parameters<(typeof errors)[C]['say']>[0]

export class DroverError<C extends ErrorCode = ErrorCode> extends Error {
  override name = 'DroverError'
  readonly code: C
  readonly about: About<C>
  readonly hint: string
  readonly exit: number

  constructor(code: C, about: About<C>, cause?: unknown) {
    const entry = errors[code] as unknown as Row<About<C>>
    super(entry.say(about), cause === undefined ? undefined : { cause })
    this.code = code
    this.about = about
    this.hint = entry.hint(about)
    this.exit = entry.exit
  }
}
