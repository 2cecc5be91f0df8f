import type { ProbeMemory } from '@yosugara/runtime';
import type { SnmpValue } from './value.js';

/** One reading of an agent's counters. */
export interface Reading {
  /** Its clock, sysUpTime in 10 ms: it goes back when the agent was restarted, and the counters with it. */
  readonly upTime: number;
  readonly atMs: number;
  readonly counts: ReadonlyMap<string, SnmpValue>;
}

/** A reading, and how long ago it was. */
export interface Before {
  readonly counts: ReadonlyMap<string, SnmpValue>;
  readonly seconds: number;
}

const MAX_READINGS = 50_000;
/** Of one reading that is left for whoever takes over: a switch with hundreds of ports begins anew, then. */
const MAX_LEFT = 100;
/** So often one is left, by the agent's clock. */
const LEAVE_EVERY_TICKS = 6_000;
/** Longer ago, counters of 32 bits may have gone round more than once. */
const MAX_TICKS = 720_000;

/** The reading before, of each monitor at each node. What has not been asked for longest goes when there are too many. */
export class ReadingsBefore {
  readonly #readings = new Map<string, Reading>();

  /**
   * Keeps it and gives the one before: null = there is none, or the agent has begun anew since.
   * @param memory where, once a minute, one is left for whoever takes over; he goes by the agent's clock, which is the same for both.
   */
  since(key: string, reading: Reading, memory?: ProbeMemory): Before | null {
    const before = this.#readings.get(key) ?? null;
    this.#readings.delete(key);
    this.#readings.set(key, reading);
    if (this.#readings.size > MAX_READINGS) this.#readings.delete(this.#readings.keys().next().value!);
    const left = leftIn(memory);
    leave(memory, left, reading);
    if (before !== null) {
      const isUsable = reading.upTime >= before.upTime && reading.atMs > before.atMs;
      return isUsable ? { counts: before.counts, seconds: (reading.atMs - before.atMs) / 1_000 } : null;
    }
    const ticks = reading.upTime - (left?.upTime ?? reading.upTime);
    return left === null || ticks <= 0 || ticks > MAX_TICKS ? null : { counts: left.counts, seconds: ticks / 100 };
  }
}

type Left = Omit<Reading, 'atMs'>;

function leave(memory: ProbeMemory | undefined, left: Left | null, { upTime, counts }: Reading): void {
  const ticks = left === null ? null : upTime - left.upTime;
  if (memory === undefined || upTime === 0 || (ticks !== null && ticks >= 0 && ticks < LEAVE_EVERY_TICKS)) return;
  const kept = [...counts].flatMap(([oid, value]) => (value.kind === 'counter' ? [[oid, value.bits, String(value.count)]] : []));
  if (kept.length <= MAX_LEFT) memory.keep({ upTime, counts: kept });
}

/** One that is not understood is none. */
function leftIn(memory: ProbeMemory | undefined): Left | null {
  const { upTime, counts } = (memory?.stored ?? {}) as { upTime?: unknown; counts?: unknown };
  if (typeof upTime !== 'number' || !Array.isArray(counts)) return null;
  const read = counts.flatMap((one: unknown): readonly [string, SnmpValue][] => {
    const [oid, bits, count] = Array.isArray(one) ? (one as unknown[]) : [];
    const isRight =
      typeof oid === 'string' && (bits === 32 || bits === 64) && typeof count === 'string' && /^\d{1,20}$/.test(count);
    return isRight ? [[oid, { kind: 'counter', bits, count: BigInt(count) }]] : [];
  });
  return { upTime, counts: new Map(read) };
}

/** By how much it grew; null = it cannot be said. A 32-bit one that is lower than before went round (RFC 2578 7.1.6), a 64-bit one began anew. */
export function grewBy(before: SnmpValue | undefined, after: SnmpValue | undefined): number | null {
  if (after?.kind !== 'counter' || before?.kind !== 'counter' || before.bits !== after.bits) return null;
  const grown = after.count - before.count;
  if (grown >= 0n) return Number(grown);
  return after.bits === 32 ? Number(grown + 0x1_0000_0000n) : null;
}
