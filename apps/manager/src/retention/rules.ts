import { type FileDays, type KeptDays, keptDays, RETENTION_ID, type Retained, type RetentionBody } from '@yosugara/protocol';
import type { SettingsSnapshot, SettingsTimes } from '@yosugara/runtime';
import { isInWindow } from './window.js';

/** How long what is kept, and when rows may be deleted, as setting and file say now. */
export class RetentionRules {
  readonly file: FileDays;
  readonly #snapshot: () => SettingsSnapshot;
  readonly #times: Pick<SettingsTimes, 'calendars'>;

  constructor(file: FileDays, snapshot: () => SettingsSnapshot, times: Pick<SettingsTimes, 'calendars'>) {
    this.file = file;
    this.#snapshot = snapshot;
    this.#times = times;
  }

  /** null: there is none, or it is not enabled. */
  get body(): RetentionBody | null {
    const setting = this.#snapshot().get('retention', RETENTION_ID);
    return setting?.enabled === true ? (setting.body as RetentionBody) : null;
  }

  /** @param tried in place of what the setting says. */
  kept(tried: RetentionBody['days'] = this.body?.days ?? {}): Readonly<Record<Retained, KeptDays>> {
    return keptDays(this.file, tried);
  }

  isOpen(atMs: number): boolean {
    const { body } = this;
    return body === null || (isInWindow(body.window, atMs) && this.#times.calendars.isOpen(body.calendar, atMs));
  }
}
