import type { SettingKey } from '@yosugara/protocol';
import { type ReadSetting, readSettings, SettingsSnapshot } from './snapshot.js';
import type { LiveSetting, SettingsSource, SettingsStamp } from './types.js';

/** Read and put into indexes at once: some milliseconds, between which the process does its other duties. */
const PAGE = 500;
/** Changes that come while all is read; more than that, and the next look goes on with it. */
const MOST_ROUNDS = 5;

/** Keeps a snapshot at the database's version: whole at first, and whenever its version is not of the database's past; else what changed. */
export class SettingsFollower {
  readonly snapshot: SettingsSnapshot;
  readonly #source: SettingsSource;
  #looking: Promise<void> | null = null;

  constructor(source: SettingsSource, snapshot = new SettingsSnapshot()) {
    this.#source = source;
    this.snapshot = snapshot;
  }

  /**
   * What is committed when this is called is in the snapshot when it resolves: a look that had begun before is waited for and followed by another.
   * @throws what the source throws; the snapshot stays as it was.
   */
  async refresh(): Promise<void> {
    await this.#looking?.catch(() => undefined);
    await this.look();
  }

  /** One look at a time: whoever comes meanwhile hears of the one that runs. */
  async look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = null;
    });
    await this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const known = this.snapshot.stamp;
    const { stamp, isKnown } = await this.#source.since(known);
    if (known.version === stamp.version && known.epoch === stamp.epoch) return;
    if (known.version < 0 || !isKnown) await this.#readWhole(stamp);
    else await this.#readChanges(this.snapshot, stamp);
  }

  /** Page by page, and then what changed meanwhile: no transaction is held open for it. */
  async #readWhole(begun: SettingsStamp): Promise<void> {
    const fresh = new SettingsSnapshot();
    let after: SettingKey | null = null;
    for (let page: readonly LiveSetting[]; ; ) {
      page = await this.#source.all(after, PAGE);
      fresh.add(readSettings(page));
      after = page.at(-1) ?? null;
      if (page.length < PAGE) break;
    }
    fresh.apply([], [], begun);
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const { stamp } = await this.#source.since(fresh.stamp);
      if (stamp.version === fresh.version) break;
      await this.#readChanges(fresh, stamp);
    }
    this.snapshot.replaceBy(fresh, fresh.stamp);
  }

  /** What is there of later versions than `stamp` is read, too, and once more the next time. */
  async #readChanges(into: SettingsSnapshot, stamp: SettingsStamp): Promise<void> {
    const since = into.version;
    const changed: ReadSetting[] = [];
    let after: (SettingKey & { readonly version: number }) | null = null;
    for (;;) {
      const page: readonly (LiveSetting & { readonly version: number })[] = await this.#source.changedSince(since, after, PAGE);
      changed.push(...readSettings(page));
      after = page.at(-1) ?? null;
      if (page.length < PAGE) break;
    }
    into.apply(changed, await this.#source.removedSince(since), stamp);
  }
}
