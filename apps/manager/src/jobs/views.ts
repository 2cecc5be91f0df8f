import { type CompiledUnit, type JobRun, type OperationLevel, operationsFor } from '@yosugara/operations';
import type { JobInSession, JobSessionDetail, JobSessionRow, JobUnitBody } from '@yosugara/protocol';
import type { SessionRow } from '@yosugara/runtime';

export const iso = (ms: number): string => new Date(ms).toISOString();
export const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));

export const sessionView = (row: SessionRow): JobSessionRow => ({
  ...{ id: row.id, unit: row.unit, revision: row.revision, root: row.root, trigger: { ...row.trigger } },
  ...{ scheduledAt: iso(row.scheduledAtMs), startedAt: isoOrNull(row.startedAtMs), endedAt: isoOrNull(row.endedAtMs) },
  ...{ state: row.state, endStatus: row.endStatus, endValue: row.endValue, ownerRole: row.ownerRole },
  isTest: row.ignoresTimes || row.testCommand !== null,
});

export function sessionDetail(row: SessionRow, runs: readonly JobRun[], unit: CompiledUnit | null): JobSessionDetail {
  const { name, timeZone }: Pick<JobUnitBody, 'name' | 'timeZone'> = unit?.body ?? { name: row.unit, timeZone: 'UTC' };
  return {
    ...sessionView(row),
    ...{
      unitName: name,
      timeZone,
      variables: { ...row.variables },
      ignoresTimes: row.ignoresTimes,
      testCommand: row.testCommand,
    },
    operations: [...operationsFor('session', row.state)],
    jobs: treeOf(runs, unit),
  };
}

/** Parents before what is in them, in the order of the unit; last what the unit has not (it cannot be read). */
function treeOf(runs: readonly JobRun[], unit: CompiledUnit | null): JobInSession[] {
  const byJob = new Map(runs.map((run) => [run.job, run]));
  const isThere = (job: string) => byJob.has(job);
  const known = [...(unit?.jobs.keys() ?? [])].filter(isThere);
  const unknown = runs.filter(({ job }) => unit?.jobs.has(job) !== true);
  return [...known.map((job) => jobView(byJob.get(job)!, unit, isThere)), ...unknown.map((run) => jobView(run, null, isThere))];
}

/** @param isThere of a session that began with a part of the unit, jobnets around it are not there. */
export function jobView(run: JobRun, unit: CompiledUnit | null, isThere: (job: string) => boolean): JobInSession {
  const compiled = unit?.jobs.get(run.job);
  const within = compiled?.within.filter(isThere) ?? [];
  const nodes: Record<string, number> = {};
  for (const { state } of run.nodes) nodes[state] = (nodes[state] ?? 0) + 1;
  return {
    ...{ job: run.job, name: compiled?.body.name ?? '', type: compiled?.body.type ?? 'unknown' },
    ...{ parent: within.at(-1) ?? '', depth: within.length + 1 },
    ...{ state: run.state, endStatus: run.endStatus, endValue: run.endValue, attempt: run.attempt, why: run.why },
    ...{ startedAt: isoOrNull(run.startedAtMs), endedAt: isoOrNull(run.endedAtMs), notBefore: isoOrNull(run.notBeforeMs) },
    ...{ waitsFor: [...(compiled?.waitsFor ?? [])], queue: queueOf(unit, run.job), nodes },
    operations: [...operationsFor(levelOf(unit, run.job), run.state)],
  };
}

export const levelOf = (unit: CompiledUnit | null, job: string): OperationLevel =>
  unit?.jobs.get(job)?.body.type === 'jobnet' ? 'jobnet' : 'job';

export function queueOf(unit: CompiledUnit | null, job: string): string | null {
  const body = unit?.jobs.get(job)?.body;
  return body !== undefined && 'queue' in body ? body.queue : null;
}
