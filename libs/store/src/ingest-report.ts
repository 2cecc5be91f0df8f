import { rfc3339 } from '@yosugara/kernel';
import type { RecordRef } from '@yosugara/operations';
import { type IngestCounts, type IngestMinute, type OneSided, OTHER_SOURCES } from '@yosugara/protocol';
import type { Pool, PoolClient } from 'pg';
import { withClient } from './deadline.js';
import { deleteInParts, type Fence, type Pace } from './delete-in-parts.js';

const READ_DEADLINE_MS = 10_000;
const HOUR_MS = 3_600_000;
/** So many are told, the worst first. */
const MOST_ONE_SIDED = 20;
/** Hours of a sender that must have come to both nodes once: it is one that sends to both. */
const SENDS_TO_BOTH_MS = 24 * HOUR_MS;

export interface SourceCounts extends IngestCounts {
  readonly source: string;
}

export interface SourcesQuery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
  /** This one only. */
  readonly source?: string | undefined;
}

export interface CountRetention {
  /** Hours by source, and marks of batches. */
  readonly hoursBeforeMs: number;
  readonly minutesBeforeMs: number;
}

type ByNode = Readonly<Record<string, readonly [number, number, number]>>;

/** Reads what ingest counted, and lets the old go. */
export class IngestReport {
  readonly #pool: Pool;
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Nothing was counted before. */
  async countedSinceMs(): Promise<number> {
    return await this.#read('reading since when is counted', async (client) => {
      const { rows } = await client.query<{ ms: number }>(
        'select extract(epoch from began_at)::float8 * 1000 as ms from ingest_counting',
      );
      return rows[0]!.ms;
    });
  }

  /** Through which number each journal is consumed. */
  async positions(): Promise<readonly RecordRef[]> {
    return await this.#read('reading the ingest positions', async (client) => {
      const { rows } = await client.query<{ journal_id: string; seq: string }>('select journal_id, seq from ingest_position');
      return rows.map(({ journal_id: journalId, seq }) => ({ journalId, seq: Number(seq) }));
    });
  }

  /** Those first of which most came to one node only. `found`: how many there are in all. */
  async sources(query: SourcesQuery): Promise<{ readonly found: number; readonly sources: readonly SourceCounts[] }> {
    return await this.#read('counting messages by source', async (client) => {
      const { rows } = await client.query<{ source: string; nodes: ByNode; found: string }>(
        `select source, jsonb_object_agg(node, jsonb_build_array(received, matched, unpaired)) as nodes, count(*) over () as found
         from (select source, node, sum(received) as received, sum(matched) as matched, sum(unpaired) as unpaired
           from ingest_source_hour
           where hour >= to_timestamp($1) and hour < to_timestamp($2) and ($3::text is null or source = $3)
           group by source, node) as each
         group by source
         order by sum(received - matched - unpaired) desc, sum(received) desc, source limit $4`,
        [query.fromMs / 1_000, query.toMs / 1_000, query.source ?? null, query.limit],
      );
      return {
        found: Number(rows[0]?.found ?? 0),
        sources: rows.map(({ source, nodes }) => ({ source, ...countsOf(nodes) })),
      };
    });
  }

  async total(fromMs: number, toMs: number): Promise<IngestCounts> {
    return await this.#read('counting messages', async (client) => {
      const { rows } = await client.query<{ node: string; received: string; matched: string; unpaired: string }>(
        `select node, sum(received) as received, sum(matched) as matched, sum(unpaired) as unpaired
         from ingest_source_hour where hour >= to_timestamp($1) and hour < to_timestamp($2) group by node`,
        [fromMs / 1_000, toMs / 1_000],
      );
      const nodes = rows.map((row) => [row.node, [row.received, row.matched, row.unpaired].map(Number)]);
      return countsOf(Object.fromEntries(nodes) as ByNode);
    });
  }

  /** Oldest first. */
  async minutes(fromMs: number, toMs: number): Promise<readonly IngestMinute[]> {
    return await this.#read('counting messages by minute', async (client) => {
      const { rows } = await client.query<{ ms: number; nodes: ByNode }>(
        `select extract(epoch from minute)::float8 * 1000 as ms, jsonb_object_agg(node, jsonb_build_array(received, matched, unpaired)) as nodes
         from ingest_minute where minute >= to_timestamp($1) and minute < to_timestamp($2) group by minute order by minute`,
        [fromMs / 1_000, toMs / 1_000],
      );
      return rows.map(({ ms, nodes }) => {
        const { received, onlyAt } = countsOf(nodes);
        return { at: rfc3339(ms * 1_000), received, onlyAt };
      });
    });
  }

  /**
   * Sources that send to both nodes (something of theirs came to both within a day), and of which in this hour and the one before at
   * least `atLeast` messages, and `share` of all, came to one node only.
   */
  async oneSided(
    nodes: readonly [string, string],
    nowMs: number,
    { atLeast, share }: { readonly atLeast: number; readonly share: number },
  ): Promise<readonly OneSided[]> {
    const hourMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
    const { sources } = await this.sources({ fromMs: hourMs - HOUR_MS, toMs: hourMs + 2 * HOUR_MS, limit: 1_000 });
    const suspects = sources.flatMap(({ source, matched, onlyAt }) => {
      if (source === OTHER_SOURCES) return [];
      const messages = matched + Object.values(onlyAt).reduce((sum, each) => sum + each, 0);
      return nodes.flatMap((node, at) => {
        const lost = onlyAt[node] ?? 0;
        const isMuch = lost >= atLeast && lost >= share * messages;
        return isMuch ? [{ source, missingAt: nodes[1 - at]!, lost, messages }] : [];
      });
    });
    if (suspects.length === 0) return [];
    const both = await this.#read('looking who sends to both nodes', async (client) => {
      const { rows } = await client.query<{ source: string }>(
        'select source from ingest_source_hour where source = any($1) and hour >= to_timestamp($2) and matched > 0 group by source',
        [suspects.map(({ source }) => source), (hourMs - SENDS_TO_BOTH_MS) / 1_000],
      );
      return new Set(rows.map(({ source }) => source));
    });
    return suspects
      .filter(({ source }) => both.has(source))
      .sort((one, two) => two.lost - one.lost)
      .slice(0, MOST_ONE_SIDED);
  }

  /** @param fence throws when this process may change the database no more; asked in each transaction. @returns rows deleted. */
  async retain(retention: CountRetention, how: Fence | Pace): Promise<number> {
    let deleted = 0;
    for (const [table, key, column, beforeMs] of [
      ['ingest_source_hour', ['hour', 'source', 'node'], 'hour', retention.hoursBeforeMs],
      ['ingest_mark', ['version'], 'at', retention.hoursBeforeMs],
      ['ingest_late', ['version', 'journal_id'], 'stored_at', retention.hoursBeforeMs],
      ['ingest_minute', ['minute', 'node'], 'minute', retention.minutesBeforeMs],
    ] as const)
      deleted += await deleteInParts(this.#pool, { table, key, column, beforeMs }, how);
    return deleted;
  }

  async #read<T>(what: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
    return await withClient(this.#pool, what, READ_DEADLINE_MS, work);
  }
}

/** A pair is one message; of a pair that is being consumed just now one half may be counted already. */
function countsOf(nodes: ByNode): IngestCounts {
  const each = Object.entries(nodes).sort(([one], [two]) => (one < two ? -1 : 1));
  const by = (count: (counts: readonly [number, number, number]) => number) =>
    Object.fromEntries(each.map(([node, counts]) => [node, count(counts)]));
  return {
    received: by(([received]) => received),
    matched: Math.max(0, ...each.map(([, [, matched]]) => matched)),
    onlyAt: by(([received, matched, unpaired]) => Math.max(0, received - matched - unpaired)),
    unpaired: by(([, , unpaired]) => unpaired),
  };
}
