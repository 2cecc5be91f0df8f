import type { Retained } from '@yosugara/protocol';
import type { Pool } from 'pg';
import { letGoOfAudit } from '../audit-repository.js';
import { deleteInParts, type Fence, inParts, type Pace, paceOf } from '../delete-in-parts.js';
import { IngestReport } from '../ingest-report.js';
import { letGoOfMemories, letGoOfRevisions } from '../operations-retention.js';
import type { Partitions } from '../partitions.js';
import { WAYS } from './ways.js';

/** Of one call: a clock that is far ahead must not empty a table before somebody sees it. */
const MOST_DROPS = 5;
const SESSIONS_AT_ONCE = 500;
const DAY_MS = 86_400_000;
/** Counts by minute are kept a few days, those by hour so many more. */
const MINUTES_SHORTER_MS = 27 * DAY_MS;

export interface CleanUp {
  readonly kind: Retained;
  /** What is older goes. */
  readonly beforeMs: number;
}

/** Of the tables that have partitions; whoever makes them ahead is told of those that went. */
export type PartitionsOf = (table: Partitions['table']) => Partitions;

/** What is old of one kind, in small transactions. @returns rows that went, and partitions that went whole. */
export async function cleanUp(
  pool: Pool,
  partitions: PartitionsOf,
  { kind, beforeMs }: CleanUp,
  how: Fence | Pace,
): Promise<{ readonly rows: number; readonly parts: readonly string[] }> {
  const way = WAYS[kind];
  if (way.by === 'partitions') {
    const { fence, onPart } = paceOf(how);
    const parts = await partitions(way.table).dropBefore(beforeMs * 1_000, fence, MOST_DROPS);
    await onPart(0);
    return { rows: 0, parts };
  }
  if (way.by === 'rule') return { rows: await byRule(pool, kind, beforeMs, how), parts: [] };
  let rows = await deleteInParts(pool, { ...way, column: way.time, beforeMs }, how);
  if (kind === 'takeOvers') rows += await besidesTakeOvers(pool, beforeMs, how);
  return { rows, parts: [] };
}

async function byRule(pool: Pool, kind: Retained, beforeMs: number, how: Fence | Pace): Promise<number> {
  switch (kind) {
    case 'counts':
      return await new IngestReport(pool).retain(
        { hoursBeforeMs: beforeMs, minutesBeforeMs: beforeMs + MINUTES_SHORTER_MS },
        how,
      );
    case 'jobs':
      return await inParts(pool, 'letting go of old sessions of jobs', how, OLD_SESSIONS, [beforeMs / 1_000], SESSIONS_AT_ONCE);
    case 'settingHistory':
      return await letGoOfRevisions(pool, beforeMs, how);
    case 'memory':
      return await letGoOfMemories(pool, beforeMs, how);
    case 'audit':
      return await letGoOfAudit(pool, beforeMs, how);
    default:
      // Whoever makes them lets them go.
      return 0;
  }
}

/** With their runs, outputs and histories; those that are not over stay however old they are. */
const OLD_SESSIONS = `delete from job_session where number in (
  select number from job_session where scheduled_at < to_timestamp($1) and ended_at < to_timestamp($1)
  order by scheduled_at limit ${SESSIONS_AT_ONCE})`;

async function besidesTakeOvers(pool: Pool, beforeMs: number, how: Fence | Pace): Promise<number> {
  const reports = { table: 'recover_report', key: ['id'], column: 'started_at', beforeMs };
  const runs = { table: 'clean_up_run', key: ['number'], column: 'started_at', beforeMs, where: "state <> 'running'" };
  return (await deleteInParts(pool, reports, how)) + (await deleteInParts(pool, runs, how));
}
