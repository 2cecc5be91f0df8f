import type { CalendarBody, CalendarPatternBody, Setting } from '@yosugara/protocol';
import { CompiledCalendar } from './compiled.js';
import { dayNumber } from './local-time.js';
import type { Patterns } from './rows.js';

/** What is looked at of a setting. */
export type SettingLike = Pick<Setting, 'kind' | 'id' | 'enabled' | 'body'>;

interface Entry {
  readonly enabled: boolean;
  readonly body: CalendarBody;
  /** Those it names, as they were when it was compiled. */
  readonly bodies: readonly (unknown | null)[];
  compiled: CompiledCalendar | null;
}

/** All calendars of a snapshot of settings, compiled when they are first asked. */
export class Calendars {
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #patterns: ReadonlyMap<string, CalendarPatternBody>;

  private constructor(entries: ReadonlyMap<string, Entry>, patterns: ReadonlyMap<string, CalendarPatternBody>) {
    this.#entries = entries;
    this.#patterns = patterns;
  }

  /** @param before what was not changed since keeps what it found. */
  static of(settings: Iterable<SettingLike>, before?: Calendars): Calendars {
    const patterns = new Map<string, CalendarPatternBody>();
    const found: SettingLike[] = [];
    for (const setting of settings) {
      if (setting.kind === 'calendar') found.push(setting);
      else if (setting.kind === 'calendar-pattern' && setting.enabled)
        patterns.set(setting.id, setting.body as CalendarPatternBody);
    }
    const entries = found.map(
      ({ id, enabled, body }) =>
        [
          id,
          entryOf(body as CalendarBody, enabled, patterns, before === undefined ? undefined : before.#entries.get(id)),
        ] as const,
    );
    return new Calendars(new Map(entries), patterns);
  }

  /**
   * Whether what names that calendar is in force. Without one it always is, and so it is with one that is disabled (which restricts
   * nothing) or is not there (nobody is left untold by a mistake).
   */
  isOpen(id: string | null, atMs: number): boolean {
    if (id === null) return true;
    const entry = this.#entries.get(id);
    return entry === undefined || !entry.enabled || this.#compiled(entry).isOpen(atMs);
  }

  /** Whether or not it is enabled; null = there is none. */
  get(id: string): { readonly enabled: boolean; readonly calendar: CompiledCalendar } | null {
    const entry = this.#entries.get(id);
    return entry === undefined ? null : { enabled: entry.enabled, calendar: this.#compiled(entry) };
  }

  #compiled(entry: Entry): CompiledCalendar {
    return (entry.compiled ??= new CompiledCalendar(entry.body, daysOfPatterns(entry.body, this.#patterns)));
  }
}

function entryOf(
  body: CalendarBody,
  enabled: boolean,
  patterns: ReadonlyMap<string, CalendarPatternBody>,
  before: Entry | undefined,
): Entry {
  const bodies = patternIds(body).map((id) => patterns.get(id) ?? null);
  const isSame =
    before?.body === body && before.bodies.length === bodies.length && before.bodies.every((one, at) => one === bodies[at]);
  return { enabled, body, bodies, compiled: isSame ? before.compiled : null };
}

const patternIds = ({ rows }: CalendarBody): readonly string[] =>
  rows.flatMap(({ days }) => (days.kind === 'pattern' ? [days.pattern] : []));

export function daysOfPatterns(calendar: CalendarBody, patterns: ReadonlyMap<string, CalendarPatternBody>): Patterns {
  return new Map(patternIds(calendar).map((id) => [id, new Set((patterns.get(id)?.dates ?? []).map(dayNumber))]));
}
