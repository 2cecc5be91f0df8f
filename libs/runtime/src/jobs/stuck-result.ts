import { type Result, resultId, type StuckQueue } from '@yosugara/operations';
import { INTERNAL_NOTIFICATION } from '../operations/operate.js';

const MOST_NAMED = 5;

/** Said once of each time that it is so: nothing of it moves before somebody does something. */
export function stuckResult({ id, sinceMs, waiting, holders }: StuckQueue, nowMs: number): Result {
  const named = holders.slice(0, MOST_NAMED).join(', ');
  const message =
    `Nothing moves in the queue ${id}: its places belong to jobnets that wait for what waits in it (${named}). ` +
    `${waiting} jobs have waited since ${new Date(sinceMs).toISOString()}. Raise its concurrency, or let one of them run by force.`;
  return {
    ...{ id: resultId('JOB', id, '', 'queue_stuck', String(sinceMs)), trigger: 'internal', plugin: 'internal' },
    ...{ monitor: INTERNAL_NOTIFICATION, facility: INTERNAL_NOTIFICATION, sender: null, item: id, sub: 'queue_stuck' },
    ...{ priority: 'warning', application: 'yosugara', message, original: '', atMs: nowMs, notifications: [] },
  };
}
