import { Calendars, MaintenanceWindows, type SettingLike } from '@yosugara/operations';
import type { SettingKind } from '@yosugara/protocol';
import type { SettingsSnapshot } from './snapshot.js';

const CALENDAR_KINDS: readonly SettingKind[] = ['calendar', 'calendar-pattern'];
const WINDOW_KINDS: readonly SettingKind[] = ['maintenance'];

/** Calendars and maintenance windows as the settings say now. What a change leaves alone keeps what was found of it. */
export class SettingsTimes {
  readonly #snapshot: SettingsSnapshot;
  #calendars: Calendars | null = null;
  #windows: MaintenanceWindows | null = null;
  #isOld = { calendars: true, windows: true };
  readonly stop: () => void;

  constructor(snapshot: SettingsSnapshot) {
    this.#snapshot = snapshot;
    this.stop = snapshot.watch(({ isWhole, changed, removed }) => {
      const touches = (kinds: readonly SettingKind[]) =>
        isWhole || [...changed, ...removed].some(({ kind }) => kinds.includes(kind));
      if (touches(CALENDAR_KINDS)) this.#isOld.calendars = true;
      if (touches(WINDOW_KINDS)) this.#isOld.windows = true;
    });
  }

  get calendars(): Calendars {
    if (this.#calendars === null || this.#isOld.calendars)
      this.#calendars = Calendars.of(this.#all(CALENDAR_KINDS), this.#calendars ?? undefined);
    this.#isOld.calendars = false;
    return this.#calendars;
  }

  get windows(): MaintenanceWindows {
    if (this.#windows === null || this.#isOld.windows)
      this.#windows = MaintenanceWindows.of(this.#all(WINDOW_KINDS), this.#windows ?? undefined);
    this.#isOld.windows = false;
    return this.#windows;
  }

  #all(kinds: readonly SettingKind[]): readonly SettingLike[] {
    return kinds.flatMap((kind) => [...this.#snapshot.all(kind).values()]);
  }
}
