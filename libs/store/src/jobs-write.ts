import { isAtFirst } from '@yosugara/operations';
import type { JobBatch, SessionToStore } from '@yosugara/runtime';
import type { ClientBase } from 'pg';
import { keepAnswers } from './command-answers.js';
import { AT } from './jobs-rows.js';
import { numberOf } from './priorities.js';
import { lastOfEach, rowKey, storable, storableJson } from './row-key.js';

/**
 * All of a batch but what `OperationsRepository.write` writes. In a transaction that holds the epoch. Few statements, however much there is, done
 * one after the other as they stand here; they are sent without waiting for answers in between (`Connections.jobs`).
 */
export async function writeJobs(client: ClientBase, batch: JobBatch): Promise<void> {
  await Promise.all([
    removeSessions(client, batch.removed),
    insertSessions(client, batch.sessions),
    updateSessions(client, batch.sessions),
    writeRuns(client, batch.sessions),
    writeOutputs(client, batch.outputs),
    writeHistory(client, batch.history),
    writeMarks(client, batch.marks),
    writeLinks(client, batch.links),
    writeSpools(client, batch.spools),
    keepAnswers(client, batch.answers ?? []),
  ]);
}

async function removeSessions(client: ClientBase, removed: JobBatch['removed']): Promise<void> {
  if (removed.length > 0) await client.query('delete from job_session where id = any($1)', [removed]);
}

async function insertSessions(client: ClientBase, sessions: readonly SessionToStore[]): Promise<void> {
  const rows = sessions.flatMap(({ head, begins }) => (begins === undefined ? [] : [{ ...headRow(head), ...beginsRow(begins) }]));
  if (rows.length === 0) return;
  await client.query(
    `insert into job_session (id, unit, revision, root, owner_role, request, trigger_type, trigger_id, trigger_info, scheduled_at, started_at, ended_at,
       state, end_status, end_value, variables, ignores_times, test_command, keep_days, keep_until)
     select id, unit, revision, root, owner_role, decode(request, 'hex'), trigger_type, trigger_id, trigger_info, ${AT('scheduled_ms')}, ${AT('started_ms')}, ${AT('ended_ms')},
       state, end_status, end_value, variables, ignores_times, test_command, keep_days, ${AT('ended_ms')} + keep_days * interval '1 day'
     from jsonb_to_recordset($1::jsonb)
       as t(${HEAD_TYPES}, unit text, revision integer, root text, owner_role text, request text, trigger_type text, trigger_id text, trigger_info text,
         ignores_times boolean, test_command text, keep_days integer, place integer) order by place`,
    [storableJson(rows.map((row, place) => ({ ...row, place })))],
  );
}

const HEAD_TYPES = `id text, scheduled_ms float8, started_ms float8, ended_ms float8, state text, end_status text, end_value integer, variables jsonb`;

const headRow = (head: SessionToStore['head']) => ({
  ...{
    id: head.id,
    unit: head.unit,
    revision: head.revision,
    root: head.root,
    ignores_times: head.ignoresTimes,
    test_command: head.testCommand,
  },
  ...{ trigger_type: head.trigger.type, trigger_id: head.trigger.id, trigger_info: head.trigger.info },
  ...changingRow(head),
});
const changingRow = (head: SessionToStore['head']) => ({
  ...{ id: head.id, scheduled_ms: head.scheduledAtMs, started_ms: head.startedAtMs, ended_ms: head.endedAtMs },
  ...{ state: head.state, end_status: head.endStatus, end_value: head.endValue, variables: head.variables },
});
const beginsRow = ({ ownerRole, request, keepDays }: NonNullable<SessionToStore['begins']>) => ({
  ...{ owner_role: ownerRole, keep_days: keepDays, request: request === null ? null : rowKey(request).toString('hex') },
});

async function updateSessions(client: ClientBase, sessions: readonly SessionToStore[]): Promise<void> {
  const rows = sessions.flatMap(({ head, begins }) => (begins === undefined ? [changingRow(head)] : []));
  if (rows.length === 0) return;
  await client.query(
    `update job_session s set scheduled_at = ${AT('t.scheduled_ms')}, started_at = ${AT('t.started_ms')}, ended_at = ${AT('t.ended_ms')},
       state = t.state, end_status = t.end_status, end_value = t.end_value, variables = t.variables,
       keep_until = ${AT('t.ended_ms')} + s.keep_days * interval '1 day'
     from jsonb_to_recordset($1::jsonb) as t(${HEAD_TYPES}) where s.id = t.id`,
    [storableJson(rows)],
  );
}

async function writeRuns(client: ClientBase, sessions: readonly SessionToStore[]): Promise<void> {
  const runs = sessions.flatMap(({ head, jobs }) => jobs.map((run) => ({ session: head.id, run })));
  if (runs.length === 0) return;
  await client.query(
    `insert into job_run (session, job, run, first_written_by)
     select s.number, t.job, t.run, case when t.at_first then pg_current_xact_id()::xid end
     from unnest($1::text[], $2::text[], $3::jsonb[], $4::boolean[]) as t(session, job, run, at_first) join job_session s on s.id = t.session
     on conflict (session, job) do update set run = excluded.run, first_written_by = null`,
    [
      runs.map(({ session }) => session),
      runs.map(({ run }) => run.job),
      runs.map(({ run }) => storableJson(run)),
      runs.map(({ run }) => isAtFirst(run)),
    ],
  );
}

async function writeOutputs(client: ClientBase, outputs: JobBatch['outputs']): Promise<void> {
  if (outputs.length === 0) return;
  // An end that is said again brings the same output again.
  await client.query(
    `insert into job_output (session, job, facility, attempt, at, stdout, stderr, stdout_bytes, stderr_bytes)
     select s.number, t.job, t.facility, t.attempt, ${AT('t.at_ms')}, t.stdout, t.stderr, t.stdout_bytes, t.stderr_bytes
     from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::float8[], $6::text[], $7::text[], $8::bigint[], $9::bigint[])
       as t(session, job, facility, attempt, at_ms, stdout, stderr, stdout_bytes, stderr_bytes) join job_session s on s.id = t.session
     on conflict do nothing`,
    [
      outputs.map(({ session }) => session),
      outputs.map(({ job }) => job),
      outputs.map(({ facility }) => facility),
      outputs.map(({ attempt }) => attempt),
      outputs.map(({ atMs }) => atMs),
      outputs.map(({ stdout }) => storable(stdout)),
      outputs.map(({ stderr }) => storable(stderr)),
      outputs.map(({ stdoutBytes }) => stdoutBytes),
      outputs.map(({ stderrBytes }) => stderrBytes),
    ],
  );
}

async function writeHistory(client: ClientBase, lines: JobBatch['history']): Promise<void> {
  if (lines.length === 0) return;
  await client.query(
    `insert into job_history (session, at, job, facility, from_state, to_state, who, text)
     select s.number, ${AT('t.at_ms')}, t.job, t.facility, t.from_state, t.to_state, t.who, t.text
     from unnest($1::text[], $2::float8[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[]) with ordinality
       as t(session, at_ms, job, facility, from_state, to_state, who, text, at) join job_session s on s.id = t.session order by t.at`,
    [
      lines.map(({ session }) => session),
      lines.map(({ atMs }) => atMs),
      lines.map(({ job }) => job),
      lines.map(({ facility }) => facility),
      lines.map(({ from }) => from),
      lines.map(({ to }) => to),
      lines.map(({ who }) => who),
      lines.map(({ text }) => storable(text)),
    ],
  );
}

async function writeMarks(client: ClientBase, marks: JobBatch['marks']): Promise<void> {
  if (marks.length === 0) return;
  const last = [...new Map(marks.map((mark) => [mark.trigger, mark])).values()];
  await client.query(
    `insert into job_mark (trigger, fired_up_to, state)
     select trigger, ${AT('fired_ms')}, state from unnest($1::text[], $2::float8[], $3::jsonb[]) as t(trigger, fired_ms, state)
     on conflict (trigger) do update set fired_up_to = excluded.fired_up_to, state = excluded.state`,
    [
      last.map(({ trigger }) => trigger),
      last.map(({ firedUpToMs }) => firedUpToMs),
      last.map(({ state }) => (state === null || state === undefined ? null : storableJson(state))),
    ],
  );
}

async function writeLinks(client: ClientBase, links: JobBatch['links']): Promise<void> {
  if (links.length === 0) return;
  const each = [...lastOfEach(links, ({ id }) => rowKey(id)).values()];
  const all = each.map(({ one }) => one);
  await client.query(
    `insert into job_link (key, id, at, message_id, message, priority, "values")
     select key, id, ${AT('at_ms')}, message_id, message, priority, vals
     from unnest($1::bytea[], $2::text[], $3::float8[], $4::text[], $5::text[], $6::smallint[], $7::jsonb[])
       as t(key, id, at_ms, message_id, message, priority, vals)
     on conflict (key) do nothing`,
    [
      each.map(({ key }) => key),
      all.map(({ id }) => storable(id)),
      all.map(({ atMs }) => atMs),
      all.map(({ messageId }) => storable(messageId)),
      all.map(({ message }) => storable(message)),
      all.map(({ priority }) => numberOf(priority)),
      all.map(({ values }) => storableJson(values)),
    ],
  );
}

async function writeSpools(client: ClientBase, spools: JobBatch['spools']): Promise<void> {
  if (spools.length === 0) return;
  const last = [...new Map(spools.map((mark) => [JSON.stringify([mark.agent, mark.spool]), mark])).values()];
  await client.query(
    `insert into agent_spool (agent, spool, number) select * from unnest($1::text[], $2::text[], $3::bigint[])
     on conflict (agent, spool) do update set number = greatest(agent_spool.number, excluded.number), at = clock_timestamp()`,
    [last.map(({ agent }) => agent), last.map(({ spool }) => spool), last.map(({ number }) => number)],
  );
}
