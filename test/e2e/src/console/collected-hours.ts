import { Partitions } from '@yosugara/store';
import type pg from 'pg';

const HOUR_MS = 3_600_000;

/** So that there is a place for what was measured in the hours before `endMs`: a manager makes none for yesterday, which is what they are after midnight. */
export async function placesFor(pool: pg.Pool, hours: number, endMs = Date.now()): Promise<void> {
  const partitions = new Partitions(pool, 'collected');
  for (let hour = Math.floor(endMs / HOUR_MS) - hours - 1; hour * HOUR_MS <= endMs; hour++) await partitions.ensureHour(hour);
}
