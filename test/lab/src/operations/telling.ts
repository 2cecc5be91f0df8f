import { setTimeout as delay } from 'node:timers/promises';
import { type LabCluster } from '../cluster/cluster.js';
import { type DataName, PLACES } from '../cluster/layout.js';
import { rolesOf } from '../cluster/roles.js';
import { until } from '../host/shell.js';
import type { Stage } from '../scenarios/types.js';
import { ManagedHost } from './managed-host.js';
import { type Sinks, startSinks } from './sinks.js';
import { countTold } from './told-counts.js';
import { TOLD_LINES, toldSettings, WAYS } from './told-settings.js';

/** Lines, mails and looks flow for so long before the fault: two ticks of each look. */
const STEADY_MS = 22_000;
const DRAINED_DEADLINE_MS = 180_000;
/** What is told twice comes at once, or not at all. */
const TWICE_MS = 3_000;

interface Entry {
  readonly id: string;
  readonly destination: string;
  readonly state: number;
  readonly monitor: string;
  readonly original: string;
  readonly createdMs: number;
  readonly settledMs: number | null;
}

/** What is told to the outside while a Master goes and another comes. */
export class Telling {
  readonly #cluster: LabCluster;
  readonly #runTag: string;
  readonly #sinks: Sinks;
  readonly #since: string;
  /** Around the fault, by the clock that all hosts share. */
  #fault = { fromMs: 0, toMs: 0 };

  private constructor({ cluster, runTag }: Pick<Stage, 'cluster' | 'runTag'>, sinks: Sinks, since: string) {
    this.#cluster = cluster;
    this.#runTag = runTag;
    this.#sinks = sinks;
    this.#since = since;
  }

  /** Resolves when all of it flows. */
  static async start(stage: Stage): Promise<Telling> {
    const { cluster, undo, say } = stage;
    const host = await ManagedHost.attach(cluster, PLACES.managed);
    undo.push(async () => await host.detach());
    const sinks = await startSinks(host);
    const { master } = rolesOf(await cluster.waitHealthy(10_000));
    const [now] = await cluster.sql<{ now: string }>(master, 'SELECT now()::text AS now');
    await cluster.apply(master, toldSettings());
    const telling = new Telling(stage, sinks, now?.now ?? '');
    await delay(STEADY_MS);
    const told = [...sinks.taken()].map(([notification, ids]) => `${notification} ${ids.length}`);
    say(`told so far: ${told.join(', ')}`);
    await until('something to be told by each way', 30_000, () => (sinks.taken().size === WAYS.length ? true : undefined), 500);
    return telling;
  }

  /** The Master goes meanwhile. */
  async through(fault: () => Promise<void>): Promise<void> {
    const fromMs = Date.now();
    await fault();
    this.#fault = { fromMs, toMs: Date.now() };
  }

  /**
   * Waits until all that is to be told was settled, and counts it. Lines are in the same transaction as what is to be told of them: what is
   * stored of both at one moment must fit.
   * @throws Error what was lost, came from nowhere, or came more often than it may.
   */
  async demandTold({ told, say }: Stage, takeOvers: number): Promise<void> {
    const status = await this.#cluster.someStatus();
    const master: DataName = status?.master === 'b' ? 'b' : 'a';
    const lines = await this.#lines(master);
    const entries = await this.#entries(master);
    const open = async () => (await this.#entries(master)).filter(({ state }) => state === 0).length;
    const wanted = new Set(entries.map(({ id }) => id));
    const left = async () => (await this.#entries(master)).filter(({ id, state }) => state === 0 && wanted.has(id)).length;
    await until('everything to be told', DRAINED_DEADLINE_MS, async () => ((await left()) === 0 ? true : undefined), 1_000);
    say(`everything up to then is told, ${await open()} more wait`);
    await delay(TWICE_MS);
    // Before what is stored is read: what is stored and told between the two came from somewhere, too.
    const taken = this.#sinks.taken();
    // By then more was told than is counted as wanted: of what came later only the doubled count. What a run before left waiting while nobody
    // listened is told in this one, too.
    const later = await this.#entries(master, 'epoch');
    const ids = new Map(WAYS.map(({ notification }) => [notification, idsOf(later, notification)] as const));
    const inFlight = new Set(later.filter((entry) => this.#wasInFlight(entry)).map(({ id }) => id));
    const { counts, violations: wrong } = countTold(WAYS, { ids: within(ids, wanted, taken), taken, takeOvers, inFlight });
    say(
      `told: ${counts.map(({ stream, sent, lost, doubled }) => `${stream} ${sent}, ${lost} lost, ${doubled} twice`).join('; ')}`,
    );
    told.counts.push(...counts);
    const givenUp = later.filter(({ id, state }) => state === 2 && wanted.has(id)).map(({ id }) => id);
    const violations = [...wrong, ...this.#missing(lines, entries)];
    if (givenUp.length > 0) violations.push(`${givenUp.length} were given up, such as ${givenUp[0]}`);
    if (violations.length > 0) throw new Error(violations.join('; '));
  }

  #wasInFlight({ createdMs, settledMs }: Entry): boolean {
    const { fromMs, toMs } = this.#fault;
    return createdMs <= toMs && settledMs !== null && settledMs >= fromMs;
  }

  /** Lines of this run that were stored and should be told, and of which nothing is to be told. */
  #missing(lines: readonly number[], entries: readonly Entry[]): readonly string[] {
    return Object.entries(TOLD_LINES).flatMap(([notification, pattern]) => {
      const told = entries
        .filter(({ destination }) => destination === notification)
        .flatMap(({ original }) => Number(/ number=(\d+) end/.exec(original)?.[1] ?? Number.NaN));
      // Before the settings were there nothing was told.
      const first = Math.min(...told);
      const wanted = lines.filter((number) => number >= first && pattern.test(String(number)));
      const found = new Set(told);
      const missing = wanted.filter((number) => !found.has(number));
      if (wanted.length === 0) return [`of no line ${notification} was to be told: nothing was measured`];
      if (told.length > found.size) return [`${notification} was to be told ${told.length - found.size} lines twice`];
      return missing.length === 0
        ? []
        : [`of ${missing.length} of ${wanted.length} lines ${notification} was never to be told, such as ${missing.slice(0, 3)}`];
    });
  }

  async #lines(on: DataName): Promise<readonly number[]> {
    const rows = await this.#cluster.sql<{ number: number }>(
      on,
      `SELECT substring(text from ' number=([0-9]+) end')::int AS number FROM message
       WHERE kind = 'syslog' AND received_at > '${this.#since}' AND text LIKE 'lab ${this.#runTag} number=%'`,
      60_000,
    );
    return rows.map(({ number }) => number);
  }

  #entries(on: DataName, since = this.#since): Promise<readonly Entry[]> {
    return this.#cluster.sql<Entry>(
      on,
      `SELECT id, destination, state, told->'result'->>'monitor' AS monitor, told->'result'->>'original' AS original,
         (extract(epoch FROM created_at) * 1000)::float8 AS "createdMs", (extract(epoch FROM settled_at) * 1000)::float8 AS "settledMs"
       FROM outbox WHERE created_at > '${since}'`,
      60_000,
    );
  }
}

const idsOf = (entries: readonly Entry[], notification: string): ReadonlySet<string> =>
  new Set(entries.filter(({ destination }) => destination === notification).map(({ id }) => id));

/** Those that must be told by now, and those that were: what came to be later may be under way. */
function within(
  ids: ReadonlyMap<string, ReadonlySet<string>>,
  wanted: ReadonlySet<string>,
  taken: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    [...ids].map(([notification, all]) => {
      const came = new Set(taken.get(notification));
      return [notification, new Set([...all].filter((id) => wanted.has(id) || came.has(id)))] as const;
    }),
  );
}
