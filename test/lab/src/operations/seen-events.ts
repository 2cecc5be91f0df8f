import type { LabCluster } from '../cluster/cluster.js';
import { until } from '../host/shell.js';
import type { Watched } from './stand.js';

/** Of a page that says how soon: many looks, and the longest of them; other programs may have the machine. */
const SEEN_DEADLINE_MS = 420_000;

/** As it stands in the events. */
export interface SeenEvent {
  readonly number: number;
  readonly monitor: string;
  readonly plugin: string;
  readonly facility: string;
  readonly item: string;
  /** When it was seen, and when it was in the database; ISO 8601. */
  readonly at: string;
  readonly storedAt: string;
  readonly priority: string;
  readonly message: string;
}

export interface Wanted {
  readonly fits: (event: SeenEvent) => boolean;
  /** Wall clock: what was stored before is of something else. (A look that was under way may have begun before.) */
  readonly sinceMs: number;
}

const ISO = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"';

/** Events of this run, by SQL as they are stored. */
export class SeenEvents {
  readonly #cluster: LabCluster;
  readonly #notification: string;

  constructor(cluster: LabCluster, notification: string) {
    this.#cluster = cluster;
    this.#notification = notification;
  }

  /** The first event of each that is as asked for. @throws Error which of them were not seen, and what was seen of those last. */
  async each(
    what: string,
    watched: readonly Watched[],
    wantedOf: (watched: Watched) => Wanted,
  ): Promise<ReadonlyMap<string, SeenEvent>> {
    const wanted = new Map(watched.map((one) => [one.id, wantedOf(one)]));
    const found = new Map<string, SeenEvent>();
    let last: readonly SeenEvent[] = [];
    const look = async () => {
      // A database that is just on its way to another node: the next look finds it.
      last = await this.#all().catch(() => last);
      for (const event of last) {
        const one = wanted.get(event.monitor);
        if (one === undefined || found.has(event.monitor)) continue;
        if (one.fits(event) && Date.parse(event.storedAt) >= one.sinceMs) found.set(event.monitor, event);
      }
      return watched.every(({ id }) => found.has(id)) ? true : undefined;
    };
    await until(what, SEEN_DEADLINE_MS, look, 1_000).catch((error: unknown) => {
      const missing = watched.filter(({ id }) => !found.has(id)).map(({ id }) => lastOf(id, last));
      throw new Error(`${error instanceof Error ? error.message : error}: not seen by ${missing.join(', ')}`, { cause: error });
    });
    return found;
  }

  async #all(): Promise<readonly SeenEvent[]> {
    const status = await this.#cluster.someStatus();
    const rows = await this.#cluster.sql<SeenEvent & { number: string | number }>(
      status?.master === 'b' ? 'b' : 'a',
      `SELECT number, monitor, plugin, facility, item, to_char(at AT TIME ZONE 'UTC', '${ISO}') AS at,
         to_char(stored_at AT TIME ZONE 'UTC', '${ISO}') AS "storedAt",
         (ARRAY['critical', 'unknown', 'warning', 'info'])[priority + 1] AS priority, message
       FROM event WHERE notification = '${this.#notification}' ORDER BY number`,
    );
    return rows.map((row) => ({ ...row, number: Number(row.number) }));
  }
}

function lastOf(id: string, events: readonly SeenEvent[]): string {
  const last = events.findLast(({ monitor }) => monitor === id);
  return last === undefined ? `${id} (nothing at all)` : `${id} (last at ${last.at}: ${last.priority}: ${last.message})`;
}
