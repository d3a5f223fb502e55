/**
 * What stands beside DBOS's own tables, in the ledger's schema: who executes, and jobs as the ledger's queries know them. There is
 * one truth of a job, DBOS's row; only those that are not over are shown, because the index of those is what is asked.
 */
export const tablesBeside = (dbos: string): readonly string[] => [
  // SQLite's own; here they are DBOS's.
  `do $$ begin
    if exists (select 1 from pg_class where oid = to_regclass('job') and relkind = 'r') then drop table step; drop table job; end if;
  end $$`,
  'create sequence if not exists job_ordinal as integer',
  `create table if not exists executor (
    id text primary key, machine text not null, host text not null, pid integer not null, born text not null, version text not null,
    beat bigint not null default 0, joined_at bigint not null, dead_at bigint
  )`,
  `create or replace view job as select workflow_uuid as id, priority as ordinal, name as kind, split_part(workflow_uuid, '/', 1) as task,
      split_part(workflow_uuid, '/', 2)::integer as attempt, queue_partition_key as lane, executor_id as holder, owner_xid as owner,
      application_version as version, status, created_at as at, 0 as done
    from "${dbos}".workflow_status where status in ('ENQUEUED', 'PENDING') and name in ('drive', 'land')`,
  `create or replace view job_given_up as select workflow_uuid as id, recovery_attempts - 1 as deaths
    from "${dbos}".workflow_status where status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'`,
]
