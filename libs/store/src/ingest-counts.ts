import type { Tally } from '@yosugara/operations';
import { OTHER_SOURCES } from '@yosugara/protocol';
import type { IngestMark } from '@yosugara/runtime';
import type { ClientBase } from 'pg';

/** Told apart in one hour; a sender of forged addresses must not fill the database. */
const MAX_SOURCES_AN_HOUR = 2_000;
/** Hours whose sources are remembered: late journals bring old ones. */
const MAX_HOURS = 48;
const MINUTES_AN_HOUR = 60;

interface Counts {
  received: number;
  matched: number;
  unpaired: number;
}

/** Writes the counts of a batch, in its transaction. Only one process writes at a time: whoever moves the positions. */
export class IngestCounts {
  /** What the database has of an hour, as far as the transactions of this process know. */
  readonly #known = new Map<number, Set<string>>();
  readonly #maxSources: number;

  constructor(maxSources: number = MAX_SOURCES_AN_HOUR) {
    this.#maxSources = maxSources;
  }

  /** After any failure: what was remembered may never have been committed. */
  forget(): void {
    this.#known.clear();
  }

  async add(client: ClientBase, tallies: readonly Tally[]): Promise<void> {
    if (tallies.length === 0) return;
    const hours = new Sums();
    const minutes = new Sums();
    for (const tally of tallies) {
      const hour = Math.floor(tally.minute / MINUTES_AN_HOUR);
      hours.add(hour, await this.#nameOf(client, hour, tally.source), tally.node, tally);
      minutes.add(tally.minute, '', tally.node, tally);
    }
    await client.query(ADD_HOURS, hours.columns(3_600));
    const [at, , ...rest] = minutes.columns(60);
    await client.query(ADD_MINUTES, [at, ...rest]);
  }

  /** Its own name, or that of those which are too many. */
  async #nameOf(client: ClientBase, hour: number, source: string): Promise<string> {
    let known = this.#known.get(hour);
    if (known === undefined) {
      const { rows } = await client.query<{ source: string }>(
        'select distinct source from ingest_source_hour where hour = to_timestamp($1)',
        [hour * 3_600],
      );
      known = new Set(rows.map((row) => row.source));
      const oldest = this.#known.keys().next();
      if (this.#known.size >= MAX_HOURS && !oldest.done) this.#known.delete(oldest.value);
      this.#known.set(hour, known);
    }
    if (known.has(source)) return source;
    if (known.size >= this.#maxSources) return OTHER_SOURCES;
    known.add(source);
    return source;
  }
}

class Sums {
  readonly #sums = new Map<string, Counts & { readonly at: number; readonly source: string; readonly node: string }>();

  add(at: number, source: string, node: string, { received, matched, unpaired }: Counts): void {
    const key = `${at} ${node} ${source}`;
    let sum = this.#sums.get(key);
    if (sum === undefined) this.#sums.set(key, (sum = { at, source, node, received: 0, matched: 0, unpaired: 0 }));
    sum.received += received;
    sum.matched += matched;
    sum.unpaired += unpaired;
  }

  /** @param unitSeconds of `at`. */
  columns(unitSeconds: number): unknown[][] {
    const sums = [...this.#sums.values()];
    return [
      sums.map(({ at }) => at * unitSeconds),
      sums.map(({ source }) => source),
      sums.map(({ node }) => node),
      sums.map(({ received }) => received),
      sums.map(({ matched }) => matched),
      sums.map(({ unpaired }) => unpaired),
    ];
  }
}

const sumsOf = (table: string): string =>
  ['received', 'matched', 'unpaired'].map((column) => `${column} = ${table}.${column} + excluded.${column}`).join(', ');

const ADD_HOURS = `
  insert into ingest_source_hour (hour, source, node, received, matched, unpaired)
  select to_timestamp(at), source, node, received, matched, unpaired
  from unnest($1::float8[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[]) as t(at, source, node, received, matched, unpaired)
  on conflict (hour, source, node) do update set ${sumsOf('ingest_source_hour')}`;

const ADD_MINUTES = `
  insert into ingest_minute (minute, node, received, matched, unpaired)
  select to_timestamp(at), node, received, matched, unpaired
  from unnest($1::float8[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) as t(at, node, received, matched, unpaired)
  on conflict (minute, node) do update set ${sumsOf('ingest_minute')}`;

/** What batch `version` of `epoch` says of the journals. */
export async function noteMark(client: ClientBase, version: number, epoch: number, mark: IngestMark): Promise<void> {
  const positions = Object.fromEntries(mark.positions.map(({ journalId, seq }) => [journalId, seq]));
  await client.query(
    'insert into ingest_mark (version, epoch, begins, positions) values ($1, $2, $3, $4) on conflict do nothing',
    [version, epoch, mark.begins, JSON.stringify(positions)],
  );
}
