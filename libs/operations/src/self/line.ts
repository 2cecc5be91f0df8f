import type { Priority } from '@yosugara/protocol';
import { PRIORITIES } from '@yosugara/protocol';
import type { Result } from '../monitors/result.js';
import type { SyslogPayload } from '../notifications/payload.js';
import type { Told } from '../notifications/told.js';

/** A line of the file: JSON, without its newline. */
export function internalLine(result: Result, node: string): string {
  const { id, atMs, priority, monitor, facility, item, sub, message, original } = result;
  return JSON.stringify({
    at: new Date(atMs).toISOString(),
    node,
    priority,
    message,
    what: sub,
    item,
    monitor,
    facility,
    original,
    id,
  });
}

/** As whoever sends it wants it. */
export const internalTold = (result: Result): Told => ({
  ...{ id: `${result.id}/INTERNAL`, notification: 'INTERNAL', kind: 'syslog', result, why: 'first', before: null },
});

/** RFC 5424 6.2.1. */
const SEVERITIES: Readonly<Record<Priority, number>> = { critical: 2, unknown: 3, warning: 4, info: 6 };

export const internalPayload = (
  result: Result,
  target: Pick<SyslogPayload, 'host' | 'port' | 'transport' | 'facility' | 'tls' | 'timeoutMs'>,
): SyslogPayload => ({ kind: 'syslog', severity: SEVERITIES[result.priority], message: result.message, ...target });

/** `from` and whatever is worse. */
export const isAtLeast = (priority: Priority, from: Priority): boolean =>
  PRIORITIES.indexOf(priority) <= PRIORITIES.indexOf(from);
