import { explain, type Log } from '@yosugara/kernel';
import { SettingsFollower, type SettingsSnapshot, type SettingsSource, UnitsAhead } from '@yosugara/runtime';
import { hostClock } from '../clock.js';

const LOOK_MS = 1_000;

/** The settings of now, in memory: on a Standby, too, so that a take-over has only the last second of them to read. */
export class LiveSettings {
  readonly #follower: SettingsFollower;
  readonly #log: Log;
  readonly #units: UnitsAhead;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: SettingsSource, log: Log) {
    this.#follower = new SettingsFollower(source);
    this.#log = log;
    this.#units = new UnitsAhead(this.snapshot, hostClock);
  }

  get snapshot(): SettingsSnapshot {
    return this.#follower.snapshot;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Whatever is committed now is in the snapshot when this resolves: for whoever begins to run on it. @throws DatabaseUnavailableError */
  async refresh(): Promise<SettingsSnapshot> {
    const before = this.snapshot.version;
    await this.#follower.refresh();
    this.#tell(before);
    return this.snapshot;
  }

  async #look(): Promise<void> {
    const before = this.snapshot.version;
    try {
      await this.#follower.look();
      this.#tell(before);
      await this.#units.look();
    } catch (error) {
      // The database is away, or has no such tables yet.
      this.#log.debug('settings.notFollowed', { why: explain(error) });
    }
  }

  #tell(before: number): void {
    const { version, nodes, unreadable } = this.snapshot;
    if (version === before) return;
    this.#log.info('settings.read', { version, nodes: nodes.size });
    if (unreadable.length > 0)
      this.#log.warn('settings.unreadable', {
        count: unreadable.length,
        first: unreadable.slice(0, 10).map(({ kind, id }) => `${kind}/${id}`),
      });
  }
}
