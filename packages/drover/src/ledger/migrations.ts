/** Numbered and additive; never edited after a release. `{int}` and the like differ because each database names them so. */
export const migrations: readonly string[] = [
  `
create table status (name text primary key) without rowid;
create table reason (name text primary key) without rowid;
create table event_type (name text primary key) without rowid;
create table project (one integer primary key check (one = 1), id text not null, target text not null, created_at integer not null);
create table trusted (key text primary key, value text not null) without rowid;

create table epic (
  id text primary key, title text not null, description text not null, priority integer not null, labels text not null,
  status text not null check (status in ('open', 'closed')), created_at integer not null
);
create unique index epic_id on epic (id collate nocase);

create table task (
  ordinal integer primary key,
  id text not null unique, kind text not null, parent_id text references task (id), sequence integer,
  title text not null, description text not null, type text not null, epic_id text references epic (id),
  priority integer not null, labels text not null, scope text not null, acceptance text not null, checks text not null,
  run text, agent text, judge text, land text, timeout_ms integer, max_attempts integer not null, verify integer not null,
  status text not null references status (name), blocked_reason text references reason (name), blocked_note text not null,
  rest text, open_needs integer not null,
  attempt integer not null, attempts integer not null, lost_in_a_row integer not null, not_before integer not null,
  fresh integer not null, approved text, base_commit text, landings integer not null, commit_id text, landed_commit text,
  verdict text, session text, last_error text, imported integer not null,
  created_by text not null, email text, modified_by text, completed_by text,
  created_at integer not null, updated_at integer not null, started_at integer, finished_at integer, usage text not null,
  check ((status = 'blocked') = (blocked_reason is not null))
);
create unique index task_id on task (id collate nocase);
create index task_ready on task (priority desc, ordinal) where status = 'ready' and kind <> 'subtask';
create index task_due on task (not_before) where status = 'ready' and kind <> 'subtask';
create index task_standing on task (kind, status, blocked_reason, epic_id);
create index task_parent on task (parent_id, sequence) where parent_id is not null;
create index task_epic on task (epic_id) where epic_id is not null;
create index task_finished on task (finished_at) where status = 'completed';

create table need (
  task text not null references task (id), needs text not null references task (id) deferrable initially deferred,
  primary key (task, needs)
) without rowid;
create index need_needs on need (needs, task);

create table attempt (
  task text not null references task (id), attempt integer not null,
  machine text not null, slot integer not null, agent text not null, fresh integer not null,
  holder text, commit_id text, read_offset integer not null default 0,
  outcome text, error text, claimed_at integer not null, started_at integer, finished_at integer, ended_at integer,
  primary key (task, attempt)
) without rowid;
create index attempt_open on attempt (task, attempt) where ended_at is null;

create table event (
  seq integer primary key autoincrement, key text not null unique, at integer not null,
  task text, epic text, attempt integer, machine text, slot integer, actor text not null,
  type text not null references event_type (name), data text not null
);
create index event_task on event (task, seq) where task is not null;
create index event_type_seq on event (type, seq);

create table hint (id text primary key, task text not null references task (id), text text not null, at integer not null, delivered_at integer, how text) without rowid;
create index hint_waiting on hint (task, at) where delivered_at is null;

create table landing (
  task text not null references task (id), attempt integer not null, n integer not null,
  tip text, commit_id text, evidence text, log text, outcome text not null, reason text, detail text,
  checkouts text, branch text, at integer not null, duration_ms integer,
  primary key (task, attempt, n)
) without rowid;
create index landing_at on landing (at);

create table machine (name text primary key, slots integer not null, pid integer not null, joined_at integer not null, left_at integer) without rowid;
create table wish (id integer primary key autoincrement, what text not null, about text not null, answer text, at integer not null);

create table job (
  id text primary key, ordinal integer not null, kind text not null, task text not null, attempt integer not null, lane text,
  holder text, done integer not null default 0
) without rowid;
create index job_living on job (ordinal) where done = 0;
create index job_of on job (task, attempt) where done = 0;
create table step (job text not null references job (id), seq integer not null, name text not null, result text not null, primary key (job, seq)) without rowid;
`,
  `
alter table task add column model text;
alter table task add column repos text not null default '[]';
alter table task add column session_agent text;
alter table task add column account text;
alter table task add column budgets integer not null default 0;
alter table task add column starts_from text;
alter table attempt add column account text;
alter table attempt add column model text;
alter table attempt add column session text;
alter table attempt add column usage text not null default '{"inputTokens":0,"cachedInputTokens":0,"outputTokens":0,"costUsd":0}';
alter table hint add column said integer;
alter table need add column until text not null default 'completed' check (until in ('completed', 'over'));

create table account (
  name text primary key, agent text not null, parked_until integer, why text check (why in ('limit', 'auth')), text text not null,
  parked_at integer not null, room integer, parkings integer not null default 0
) without rowid;
create index attempt_account on attempt (account, claimed_at) where account is not null;
drop index task_ready;
create index task_ready on task ((case when run is not null then '$' else coalesce(agent, '') end), priority desc, ordinal)
  where status = 'ready' and kind <> 'subtask';
create table session (id text primary key, total text not null) without rowid;
create table question (
  id text primary key, task text not null references task (id), attempt integer not null, text text not null, options text not null,
  deadline integer, at integer not null, answer text, answered_at integer
) without rowid;
create index question_open on question (task, at) where answer is null;
create table finding (
  seq integer primary key, task text not null references task (id), attempt integer not null,
  query text not null, summary text not null, relevance text not null, source_ref text not null
);
create index finding_task on finding (task, seq);
create table proposal (
  task text not null references task (id), attempt integer not null, reason text not null, parts text not null,
  primary key (task, attempt)
) without rowid;
`,
  `
alter table machine add column lost integer not null default 0;
`,
  `
alter table machine add column labels text not null default '[]';
alter table job add column version text not null default 'drover-wf-1';
`,
]
