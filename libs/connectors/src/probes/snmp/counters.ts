import type { SnmpValue } from './value.js';

/** One reading of an agent's counters. */
export interface Reading {
  /** Its clock, sysUpTime in 10 ms: it goes back when the agent was restarted, and the counters with it. */
  readonly upTime: number;
  readonly atMs: number;
  readonly counts: ReadonlyMap<string, SnmpValue>;
}

const MAX_READINGS = 50_000;

/**
 * The reading before, of each monitor at each node. In memory: after a take-over the first tick of each only begins.
 * What has not been asked for longest goes when there are too many.
 */
export class ReadingsBefore {
  readonly #readings = new Map<string, Reading>();

  /** Keeps it and gives the one before: null = there is none, or the agent has begun anew since. */
  swap(key: string, reading: Reading): Reading | null {
    const before = this.#readings.get(key) ?? null;
    this.#readings.delete(key);
    this.#readings.set(key, reading);
    if (this.#readings.size > MAX_READINGS) this.#readings.delete(this.#readings.keys().next().value!);
    return before === null || reading.upTime < before.upTime || reading.atMs <= before.atMs ? null : before;
  }
}

/** By how much it grew; null = it cannot be said. A 32-bit one that is lower than before went round (RFC 2578 7.1.6), a 64-bit one began anew. */
export function grewBy(before: SnmpValue | undefined, after: SnmpValue | undefined): number | null {
  if (after?.kind !== 'counter' || before?.kind !== 'counter' || before.bits !== after.bits) return null;
  const grown = after.count - before.count;
  if (grown >= 0n) return Number(grown);
  return after.bits === 32 ? Number(grown + 0x1_0000_0000n) : null;
}
