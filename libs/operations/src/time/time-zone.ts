const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;
const MAX_REMEMBERED = 512;
const MAX_ZONES = 1_000;
const MINUTE_US = 60_000_000;

/** Offsets of one IANA zone. Transitions lie on whole quarters of an hour, so one look-up serves a quarter. */
class Zone {
  readonly #format: Intl.DateTimeFormat;
  readonly #offsets = new Map<number, number>();

  constructor(format: Intl.DateTimeFormat) {
    this.#format = format;
  }

  /** ms to add to UTC. */
  offsetAt(utcMs: number): number {
    const quarter = Math.floor(utcMs / QUARTER_MS);
    const known = this.#offsets.get(quarter);
    if (known !== undefined) return known;
    if (this.#offsets.size >= MAX_REMEMBERED) this.#offsets.clear();
    const offset = this.#compute(quarter * QUARTER_MS);
    this.#offsets.set(quarter, offset);
    return offset;
  }

  #compute(utcMs: number): number {
    const part: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(utcMs)) part[type] = Number(value);
    const local = Date.UTC(part['year']!, part['month']! - 1, part['day']!, part['hour']!, part['minute']!, part['second']!);
    return Number.isFinite(local) ? local - utcMs : 0;
  }
}

const zones = new Map<string, Zone | null>();

/** null: there is no such zone, or it is UTC. */
function zoneOf(name: string): Zone | null {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const zone = makeZone(name);
  if (zones.size < MAX_ZONES) zones.set(name, zone);
  return zone;
}

function makeZone(name: string): Zone | null {
  const fields = {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  } as const;
  try {
    const format = new Intl.DateTimeFormat('en-US', { ...fields, timeZone: name, hourCycle: 'h23', calendar: 'gregory' });
    return format.resolvedOptions().timeZone === 'UTC' ? null : new Zone(format);
  } catch {
    return null;
  }
}

/** µs to add to UTC to have the wall clock of the zone. */
export function zoneOffsetUs(timeZone: string | undefined, utcUs: number): number {
  const zone = timeZone === undefined ? null : zoneOf(timeZone);
  return zone === null ? 0 : zone.offsetAt(utcUs / 1_000) * 1_000;
}

/**
 * When a wall clock of that zone shows `localUs`. An hour that comes twice (end of summer time) is the one nearer to the time of
 * receipt; one that never comes (its beginning) is read with the offset before it, as if nobody had touched the clock.
 */
export function fromLocalUs(localUs: number, timeZone: string | undefined, receivedAtUs: number): number {
  const zone = timeZone === undefined ? null : zoneOf(timeZone);
  if (zone === null) return localUs;
  const localMs = localUs / 1_000;
  const before = zone.offsetAt(localMs - DAY_MS);
  const after = zone.offsetAt(localMs + DAY_MS);
  const first = localUs - before * 1_000;
  if (before === after) return first;
  const second = localUs - after * 1_000;
  const firstHolds = zone.offsetAt(first / 1_000) === before;
  const secondHolds = zone.offsetAt(second / 1_000) === after;
  if (!secondHolds) return first;
  if (!firstHolds) return second;
  return Math.abs(first - receivedAtUs) <= Math.abs(second - receivedAtUs) ? first : second;
}

/**
 * The first moment at which a clock of that zone has come to `localMs`. What it shows twice is the first time, what it jumps over is the
 * jump: times in order are moments in order, so whatever lies between two times is one stretch, and what follows it begins where it ends.
 */
export function firstReachedMs(localMs: number, timeZone: string): number {
  const zone = zoneOf(timeZone);
  if (zone === null) return localMs;
  const before = zone.offsetAt(localMs - DAY_MS);
  const after = zone.offsetAt(localMs + DAY_MS);
  const first = localMs - before;
  if (before === after || zone.offsetAt(first) === before) return first;
  const second = localMs - after;
  if (zone.offsetAt(second) === after) return second;
  let [low, high] = [Math.floor((localMs - DAY_MS) / QUARTER_MS), Math.ceil((localMs + DAY_MS) / QUARTER_MS)];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (zone.offsetAt(middle * QUARTER_MS) === before) low = middle;
    else high = middle;
  }
  return high * QUARTER_MS;
}

/**
 * Names of zones that mean one offset, in minutes. Left out, since two places of the world mean different things by them: CST (America,
 * China, Cuba), IST (India, Ireland, Israel), BST (Britain, Bangladesh), AST, ECT. Such a name says nothing.
 */
const NAMED: ReadonlyMap<string, number> = new Map([
  ...[['Z', 0] as const, ['UTC', 0] as const, ['GMT', 0] as const, ['WET', 0] as const, ['WEST', 60] as const],
  ...[['CET', 60] as const, ['CEST', 120] as const, ['EET', 120] as const, ['EEST', 180] as const, ['MSK', 180] as const],
  ...[['JST', 540] as const, ['KST', 540] as const, ['HKT', 480] as const, ['SGT', 480] as const, ['AWST', 480] as const],
  ...[['AEST', 600] as const, ['AEDT', 660] as const, ['NZST', 720] as const, ['NZDT', 780] as const],
  ...[['EST', -300] as const, ['EDT', -240] as const, ['CDT', -300] as const, ['MST', -420] as const, ['MDT', -360] as const],
  ...[['PST', -480] as const, ['PDT', -420] as const, ['AKST', -540] as const, ['AKDT', -480] as const, ['HST', -600] as const],
]);

/** µs to add to UTC; undefined = the name does not say. */
export function namedOffsetUs(name: string): number | undefined {
  const minutes = NAMED.get(name);
  return minutes === undefined ? undefined : minutes * MINUTE_US;
}
