import type { Alarm } from '@yosugara/protocol';
import type { DiskFacts, NodeReport } from './types.js';

/** A loop that is late by this much will soon be late for a lease. */
const LOOP_SLOW_MS = 500;

const CODES = { warn: 'DISK_WARN', high: 'DISK_HIGH', full: 'DISK_FULL' } as const;

/** What an operator must know of a host before it takes part in a failure; that it cannot serve is among its own troubles (libs/failover). */
export function hostAlarms({ node, host, vip }: NodeReport): readonly Alarm[] {
  const alarms: Alarm[] = host.disks.flatMap((disk) => diskAlarm(node, disk));
  if (host.loopDelayMs >= LOOP_SLOW_MS)
    alarms.push({
      level: 'yellow',
      code: 'LOOP_SLOW',
      text: `the controller of ${node} was held up for ${Math.round(host.loopDelayMs)} ms lately: is the host short of processor time?`,
    });
  const { vipConflict = null } = host;
  if (vip && vipConflict !== null)
    alarms.push({ level: 'red', code: 'VIP_DUPLICATE', text: `two hosts have the VIP: ${node} holds it, and ${vipConflict}` });
  return alarms;
}

function diskAlarm(node: string, { name, level, freeBytes, totalBytes }: DiskFacts): Alarm[] {
  if (level === 'ok') return [];
  const text = `the ${name} volume of ${node} has ${size(freeBytes)} of ${size(totalBytes)} left`;
  return [{ level: level === 'full' ? 'red' : 'yellow', code: CODES[level], text }];
}

const size = (bytes: number): string =>
  bytes >= 10 * 1024 ** 3 ? `${Math.round(bytes / 1024 ** 3)} GiB` : `${Math.round(bytes / 1024 ** 2)} MiB`;
