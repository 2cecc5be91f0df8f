import type { JobRun, JobSession } from '@yosugara/operations';
import type { SessionHead, SessionRow } from '@yosugara/runtime';

export const MS = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`;
export const AT = (ms: string): string => `to_timestamp(${ms}::float8 / 1000.0)`;

export interface HeadRow {
  readonly number: string;
  readonly id: string;
  readonly unit: string;
  readonly revision: number;
  readonly root: string | null;
  readonly owner_role: string;
  readonly trigger_type: JobSession['trigger']['type'];
  readonly trigger_id: string | null;
  readonly trigger_info: string;
  readonly scheduled_ms: number;
  readonly started_ms: number | null;
  readonly ended_ms: number | null;
  readonly state: JobSession['state'];
  readonly end_status: JobSession['endStatus'];
  readonly end_value: number | null;
  readonly variables: Readonly<Record<string, string>>;
  readonly ignores_times: boolean;
  readonly test_command: string | null;
}

export const HEAD_COLUMNS = `s.number, s.id, s.unit, s.revision, s.root, s.owner_role, s.trigger_type, s.trigger_id, s.trigger_info,
  ${MS('s.scheduled_at')} as scheduled_ms, ${MS('s.started_at')} as started_ms, ${MS('s.ended_at')} as ended_ms,
  s.state, s.end_status, s.end_value, s.variables, s.ignores_times, s.test_command`;

export const headOf = (row: HeadRow): SessionHead => ({
  ...{ id: row.id, unit: row.unit, revision: row.revision, root: row.root },
  trigger: { type: row.trigger_type, id: row.trigger_id, info: row.trigger_info },
  ...{ scheduledAtMs: row.scheduled_ms, startedAtMs: row.started_ms, endedAtMs: row.ended_ms },
  ...{ state: row.state, endStatus: row.end_status, endValue: row.end_value },
  ...{ variables: row.variables, ignoresTimes: row.ignores_times, testCommand: row.test_command },
});

export const sessionRowOf = (row: HeadRow): SessionRow => ({ ...headOf(row), ownerRole: row.owner_role });

export const sessionOf = (row: HeadRow, jobs: Iterable<JobRun>): JobSession => ({
  ...headOf(row),
  jobs: new Map(Array.from(jobs, (run) => [run.job, run])),
});
