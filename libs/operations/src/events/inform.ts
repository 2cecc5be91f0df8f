import { MERGE_LIMITS } from './merge.js';
import type { Trap } from './trap.js';

/**
 * So long after an INFORM its copy for the other node may come: its sender says it again until it is answered (RFC 3413 3.3 (6)),
 * and a node that is away answers nothing. Cisco's default is 60 s, net-snmp's 6 s.
 */
export const INFORM_COMES_AGAIN_US = 120_000_000;
/** sysUpTime counts hundredths of a second (RFC 3418). */
const TICK_US = 10_000;

/**
 * How much earlier than it came an INFORM may have been said. Copies have one sysUpTime, and an agent says it a second time only
 * when it has begun anew and run for as long again. So two INFORMs that say an uptime of U are said U apart, and a copy that is
 * taken to be late by less than half of U cannot be taken for the other one, however late that came itself.
 * An agent without a clock (U = 0) gets nothing.
 */
export function informLateByUs({ pdu, sysUpTime }: Pick<Trap, 'pdu' | 'sysUpTime'>): number {
  if (pdu !== 'inform') return 0;
  const { windowUs } = MERGE_LIMITS;
  return Math.max(0, Math.min(INFORM_COMES_AGAIN_US, Math.floor((sysUpTime * TICK_US - windowUs) / 2)));
}
