import type { CalendarBody, CalendarDays, MaintenanceBody, Suppresses } from '@yosugara/protocol';
import { CompiledCalendar, type SettingLike } from '../calendars/index.js';

const MINUTE_MS = 60_000;
/** Of results of now, and of lines with times of their own. */
const MAX_MINUTES = 64;

/** Why nobody is told of a facility, or why it is not looked at. */
export interface UnderMaintenance {
  readonly window: string;
  readonly suppresses: Suppresses;
  readonly reason: string;
  /** null: not within 400 days. */
  readonly endsAtMs: number | null;
}

/** A window that is about to end. */
export interface EndingWindow {
  /** The same whoever finds it, and however often. */
  readonly id: string;
  readonly window: string;
  readonly facilities: readonly string[];
  readonly reason: string;
  readonly endsAtMs: number;
  readonly message: string;
}

interface Window {
  readonly id: string;
  readonly body: MaintenanceBody;
  readonly times: CompiledCalendar;
}

/** The windows of a snapshot of settings. Those that are disabled are none. */
export class MaintenanceWindows {
  readonly #windows: ReadonlyMap<string, Window>;
  /** Those that are open at some time of a minute: nearly always none. */
  readonly #ofMinute = new Map<number, readonly Window[]>();

  private constructor(windows: readonly Window[]) {
    this.#windows = new Map(windows.map((window) => [window.id, window]));
  }

  /** @param before what was not changed since keeps what it found. */
  static of(settings: Iterable<SettingLike>, before?: MaintenanceWindows): MaintenanceWindows {
    const windows: Window[] = [];
    for (const { kind, id, enabled, body: any } of settings) {
      if (kind !== 'maintenance' || !enabled) continue;
      const body = any as MaintenanceBody;
      const old = before === undefined ? undefined : before.#windows.get(id);
      windows.push(old?.body === body ? old : { id, body, times: new CompiledCalendar(timesOf(body), new Map()) });
    }
    return new MaintenanceWindows(windows);
  }

  /**
   * The window that takes most away, and of those the one that ends last; null = none is open.
   * @param isIn whether the node is that facility, or is in it or below it.
   */
  under(isIn: (facility: string) => boolean, atMs: number): UnderMaintenance | null {
    let found: UnderMaintenance | null = null;
    for (const { id, body, times } of this.#openAbout(atMs)) {
      if (!times.isOpen(atMs) || !body.facilities.some(isIn)) continue;
      const { suppresses, reason } = body;
      const one = { window: id, suppresses, reason, endsAtMs: times.nextChange(atMs) };
      if (found === null || isStronger(one, found)) found = one;
    }
    return found;
  }

  #openAbout(atMs: number): readonly Window[] {
    const minute = Math.floor(atMs / MINUTE_MS);
    const known = this.#ofMinute.get(minute);
    if (known !== undefined) return known;
    const [fromMs, toMs] = [minute * MINUTE_MS, (minute + 1) * MINUTE_MS];
    const open = [...this.#windows.values()].filter(({ times }) => times.openSpans(fromMs, toMs).length > 0);
    if (this.#ofMinute.size >= MAX_MINUTES) this.#ofMinute.clear();
    this.#ofMinute.set(minute, open);
    return open;
  }

  /**
   * Windows whose warning became due after `afterMs` and at `throughMs` at the latest; of a window that is shorter than its warning, when
   * it begins. Asked from one `throughMs` to the next, each end is warned of once.
   */
  ending(afterMs: number, throughMs: number): readonly EndingWindow[] {
    const found: EndingWindow[] = [];
    for (const { id, body, times } of this.#windows.values()) {
      const { warnBeforeEndMinutes, facilities, reason } = body;
      if (warnBeforeEndMinutes === null || !times.isOpen(throughMs)) continue;
      const endsAtMs = times.nextChange(throughMs);
      if (endsAtMs === null) continue;
      const dueMs = endsAtMs - warnBeforeEndMinutes * MINUTE_MS;
      const wasDue = dueMs <= afterMs && times.isOpen(afterMs) && times.nextChange(afterMs) === endsAtMs;
      if (dueMs > throughMs || wasDue) continue;
      const minutes = Math.max(1, Math.ceil((endsAtMs - throughMs) / MINUTE_MS));
      const message = `maintenance window ${id} ends in ${minutes} min, at ${new Date(endsAtMs).toISOString()}: ${reason}`;
      found.push({ id: `maintenance/${id}/${endsAtMs}`, window: id, facilities, reason, endsAtMs, message });
    }
    return found;
  }
}

/** For whoever wonders why nobody was told. */
export function maintenanceSentence({ window, reason, endsAtMs }: UnderMaintenance): string {
  const until = endsAtMs === null ? '' : ` until ${new Date(endsAtMs).toISOString()}`;
  return `in the maintenance window ${window}${until}: ${reason}`;
}

const isStronger = (one: UnderMaintenance, other: UnderMaintenance): boolean =>
  one.suppresses === other.suppresses
    ? (one.endsAtMs ?? Number.POSITIVE_INFINITY) > (other.endsAtMs ?? Number.POSITIVE_INFINITY)
    : one.suppresses === 'monitoring';

/** A window is a calendar that is open while it lasts: one rule for zones, summer time and times beyond midnight. */
function timesOf({ timeZone, when, validFrom, validTo }: MaintenanceBody): CalendarBody {
  const row = (days: CalendarDays, from: string, to: string): CalendarBody['rows'][number] => ({
    ...{ description: '', year: null, month: null, days, shiftDays: 0, substitute: null, from, to, operate: true },
  });
  switch (when.kind) {
    case 'once':
      return { timeZone, validFrom: when.from, validTo: when.to, rows: [row({ kind: 'all' }, '00:00', '24:00')] };
    case 'weekly':
      return {
        timeZone,
        validFrom,
        validTo,
        rows: [row({ kind: 'weekday', weekdays: when.weekdays, week: 'every' }, when.from, when.to)],
      };
    case 'monthly':
      return { timeZone, validFrom, validTo, rows: [row(when.days, when.from, when.to)] };
  }
}
