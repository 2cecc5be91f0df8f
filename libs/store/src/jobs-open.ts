import { type JobRun, type JobSession, type JobState, runAtFirst } from '@yosugara/operations';
import type { ClientBase } from 'pg';
import { HEAD_COLUMNS, type HeadRow, sessionOf } from './jobs-rows.js';

/** Rows of one answer while everything is loaded: between two of them others have their turn. */
const LOAD_ROWS = 2_000;
/** Sessions whose runs that nothing happened to are in one answer: a name each. */
const LOAD_SESSIONS = 20;

/**
 * All sessions that are not over, in parts. Of very many jobs that wait nothing but their names is read: how a run is at first is known, and that
 * nobody changed its row since is told by who wrote it (migration 0034).
 */
export async function loadOpen(client: ClientBase): Promise<JobSession[]> {
  const { rows: heads } = await client.query<HeadRow>(
    `select ${HEAD_COLUMNS} from job_session s where s.ended_at is null order by s.number`,
  );
  const jobs = new Map<string, JobRun[]>(heads.map(({ number }) => [number, []]));
  await eachOf<AtFirst>(client, RUNS_AT_FIRST, LOAD_SESSIONS, ({ number, state, names }) => {
    const runs = jobs.get(number);
    for (const name of names) runs?.push(runAtFirst(name, state));
  });
  await eachOf<{ number: string; run: JobRun }>(client, OTHER_RUNS, LOAD_ROWS, ({ number, run }) => jobs.get(number)?.push(run));
  return heads.map((head) => sessionOf(head, jobs.get(head.number) ?? []));
}

interface AtFirst {
  readonly number: string;
  readonly state: JobState;
  readonly names: readonly string[];
}

const OPEN_RUNS = 'job_session s join job_run r on r.session = s.number where s.ended_at is null';
const RUNS_AT_FIRST = `
  select s.number, r.run->>'state' as state, json_agg(r.job) as names from ${OPEN_RUNS} and r.first_written_by = r.xmin
  group by s.number, r.run->>'state'`;
const OTHER_RUNS = `select s.number, r.run from ${OPEN_RUNS} and r.first_written_by is distinct from r.xmin`;

async function eachOf<Row extends object>(client: ClientBase, of: string, most: number, take: (row: Row) => void): Promise<void> {
  await client.query(`declare open_runs no scroll cursor for ${of}`);
  for (let count = most; count === most; ) {
    const { rows } = await client.query<Row>(`fetch ${most} from open_runs`);
    for (const row of rows) take(row);
    count = rows.length;
  }
  await client.query('close open_runs');
}
