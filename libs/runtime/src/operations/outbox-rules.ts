import { type Result, resultId } from '@yosugara/operations';
import type { QueuedEntry } from './outbox-ports.js';

const FIRST_MS = 1_000;
const MOST_MS = 60_000;
const MOST_ASKED_MS = 600_000;

/** How long after a try that was not taken. @param attempts before it. @param askedMs by the other side. */
export function afterTryMs(attempts: number, askedMs = 0): number {
  return Math.max(Math.min(FIRST_MS * 2 ** Math.min(attempts, 16), MOST_MS), Math.min(askedMs, MOST_ASKED_MS));
}

/** Of whoever tells that somebody could not be told. */
export const OUTBOX_PLUGIN = 'outbox';

/** @returns null — it was itself such a word: it would go round for ever. */
export function notTold({ told, attempts }: QueuedEntry, why: string, atMs: number): Result | null {
  const { result } = told;
  if (result.plugin === OUTBOX_PLUGIN) return null;
  const tries = attempts === 0 ? '' : ` after ${attempts + 1} tries`;
  return {
    id: resultId('OUTBOX', 'INTERNAL', told.notification, '', told.id),
    ...{ trigger: 'internal', plugin: OUTBOX_PLUGIN, monitor: 'OUTBOX', facility: 'INTERNAL', sender: null },
    ...{ item: told.notification, sub: '', priority: 'warning', application: 'notifications' },
    message: `the notification ${told.notification} (${told.kind}) was given up${tries}: ${why}`,
    original: `${result.priority} of ${result.monitor} on ${result.facility}: ${result.message}`,
    atMs,
    notifications: [],
  };
}
