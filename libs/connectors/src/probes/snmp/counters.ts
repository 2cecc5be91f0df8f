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
/** Of one reading that is left for whoever takes over: a switch with a thousand ports, each with a counter of 64 bits and one of 32. */
export const MAX_LEFT = 2_000;
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
    const left = before === null ? leftIn(memory) : null;
    leave(memory, reading);
    if (before !== null) {
      const isUsable = reading.upTime >= before.upTime && reading.atMs > before.atMs;
      return isUsable ? { counts: before.counts, seconds: (reading.atMs - before.atMs) / 1_000 } : null;
    }
    const ticks = reading.upTime - (left?.upTime ?? reading.upTime);
    return left === null || ticks <= 0 || ticks > MAX_TICKS ? null : { counts: left.counts, seconds: ticks / 100 };
  }
}

type Left = Omit<Reading, 'atMs'>;

/** As it is stored: counters of one column together, by the last number of their OIDs, so that hundreds of them are no hundreds of names. */
type Column = readonly [oid: string, bits: 32 | 64, counts: Readonly<Record<string, string>>];

function leave(memory: ProbeMemory | undefined, { upTime, counts }: Reading): void {
  const left = upTimeIn(memory);
  const ticks = left === null ? null : upTime - left;
  if (memory === undefined || upTime === 0 || (ticks !== null && ticks >= 0 && ticks < LEAVE_EVERY_TICKS)) return;
  const columns = new Map<string, { oid: string; bits: 32 | 64; counts: Record<string, string> }>();
  let kept = 0;
  for (const [oid, value] of counts) {
    if (value.kind !== 'counter') continue;
    const dot = oid.lastIndexOf('.');
    const of = { oid: oid.slice(0, dot), bits: value.bits };
    const key = `${of.oid} ${of.bits}`;
    const column = columns.get(key) ?? { ...of, counts: {} };
    columns.set(key, column);
    column.counts[oid.slice(dot + 1)] = String(value.count);
    kept++;
  }
  if (kept <= MAX_LEFT)
    memory.keep({ upTime, columns: [...columns.values()].map((each): Column => [each.oid, each.bits, each.counts]) });
}

function upTimeIn(memory: ProbeMemory | undefined): number | null {
  const { upTime } = (memory?.stored ?? {}) as { upTime?: unknown };
  return typeof upTime === 'number' ? upTime : null;
}

/** One that is not understood is none. */
function leftIn(memory: ProbeMemory | undefined): Left | null {
  const upTime = upTimeIn(memory);
  const { columns } = (memory?.stored ?? {}) as { columns?: unknown };
  if (upTime === null || !Array.isArray(columns)) return null;
  return { upTime, counts: new Map(columns.flatMap(countsIn)) };
}

function countsIn(column: unknown): readonly (readonly [string, SnmpValue])[] {
  const [oid, bits, counts] = Array.isArray(column) ? (column as unknown[]) : [];
  if (typeof oid !== 'string' || (bits !== 32 && bits !== 64) || counts === null || typeof counts !== 'object') return [];
  return Object.entries(counts).flatMap(([row, count]: [string, unknown]) =>
    typeof count === 'string' && /^\d{1,20}$/.test(count)
      ? [[`${oid}.${row}`, { kind: 'counter', bits, count: BigInt(count) }] as const]
      : [],
  );
}

/** By how much it grew; null = it cannot be said. A 32-bit one that is lower than before went round (RFC 2578 7.1.6), a 64-bit one began anew. */
export function grewBy(before: SnmpValue | undefined, after: SnmpValue | undefined): number | null {
  if (after?.kind !== 'counter' || before?.kind !== 'counter' || before.bits !== after.bits) return null;
  const grown = after.count - before.count;
  if (grown >= 0n) return Number(grown);
  return after.bits === 32 ? Number(grown + 0x1_0000_0000n) : null;
}
