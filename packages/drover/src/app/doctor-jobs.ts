import type { Part } from '../ports/ledger.ts'
import { newerDrover, numberOf, workflowVersion } from '../domain/workflow-version.ts'
import { type Finding, ok, warn } from './finding.ts'
import { isGone, type Incarnation } from './incarnation.ts'
import type { Project } from './open-project.ts'

interface Row extends Incarnation {
  job: string
  version: string
  isKnown: boolean
  isOwned: boolean
}

/** On PostgreSQL: jobs that nobody will go on with as things stand. */
export async function checkJobs({ ledger, ledgerAt }: Project): Promise<Finding[]> {
  if ('file' in ledgerAt || !(await ledger.ask(areThere))) return []
  const jobs = await ledger.ask(livingJobs)
  const stranded = jobs.filter((job) => !job.isKnown && !isNewer(job)).map(shown)
  const newer = jobs.filter((job) => !job.isKnown && isNewer(job)).map(shown)
  const orphans = jobs.filter((job) => job.isKnown && job.isOwned && isGone(job)).map(({ job }) => job)
  const remedy = 'drover daemon start   # it takes them up'
  return [
    ...(stranded.length > 0
      ? [warn('jobs', `no living machine knows the version they began with: ${stranded.join(', ')}`, remedy)]
      : []),
    ...(newer.length > 0 ? [warn('jobs', `they wait for a newer drover: ${newer.join(', ')}`, update)] : []),
    ...(orphans.length > 0 ? [warn('jobs', `their machine is gone: ${orphans.join(', ')}`, remedy)] : []),
    ...(stranded.length + newer.length + orphans.length === 0
      ? [ok('jobs', `${jobs.length} at work or waiting for a machine`)]
      : []),
  ]
}

/** What a task that is at work waits for, when no drover that is here knows its workflow. */
export async function waitsForNewer({ ledger, ledgerAt }: Project, task: string): Promise<string | undefined> {
  const jobs = 'file' in ledgerAt ? await ledger.ask(() => jobsInFile(task)) : await ledger.ask(livingJobs)
  const found = jobs.find((job) => job.job.startsWith(`${task}/`) && !job.isKnown && isNewer(job))
  return found && newerDrover(found.version)
}

const update = 'npm install -g drover@latest'
const isNewer = ({ version }: Pick<Row, 'version'>): boolean => numberOf(version) > numberOf(workflowVersion)
const shown = ({ job, version }: Row): string => `${job} (${version})`

function* areThere(): Part<boolean> {
  const [row] = yield { texts: ["select to_regclass('job_given_up') is not null as there"], values: [] }
  return Boolean(row?.there)
}

function* livingJobs(): Part<Row[]> {
  const rows = yield { texts: [query], values: [] }
  return rows.map((row) => ({ ...row }) as unknown as Row)
}

function* jobsInFile(task: string): Part<Pick<Row, 'job' | 'version' | 'isKnown'>[]> {
  const rows = yield { texts: ['select id, version from job where done = 0 and task = ', ''], values: [task] }
  return rows.map(({ id, version }) => ({ job: String(id), version: String(version), isKnown: false }))
}

const query = `select job.id as job, job.version, job.status = 'PENDING' as "isOwned",
    coalesce(executor.id, '') as id, coalesce(executor.machine, '') as machine, coalesce(executor.host, '') as host,
    coalesce(executor.pid, 0) as pid, coalesce(executor.born, '') as born,
    exists (select 1 from executor as other where other.dead_at is null and other.version = job.version) as "isKnown"
  from job left join executor on executor.id = job.holder order by job.ordinal`
