import { DeadlineError, rfc3339 } from '@yosugara/kernel';
import type { MessageTally } from '@yosugara/protocol';
import type { Pool } from 'pg';
import { withClient } from './deadline.js';
import { type MessageConditions, whereOf } from './message-filter.js';
import { partitionsOf, type Span } from './partition-spans.js';

const BUDGET_MS = 6_000;
/** Of one statement: few, so that what is counted when the time is over is much. */
const PARTITIONS_AT_ONCE = 6;

export interface HistogramQuery extends MessageConditions {
  readonly sinceUs: number;
  readonly untilUs: number;
  readonly binUs: number;
}

export interface Histogram {
  /** By bin from `sinceUs` on; those without a message are missing. */
  readonly bins: ReadonlyMap<number, MessageTally>;
  /** Counted from here on; later than `sinceUs` when there were too many for the time that a question has. */
  readonly countedFromUs: number;
}

interface Row {
  readonly bin: number;
  readonly error: string;
  readonly warning: string;
  readonly debug: string;
  readonly trap: string;
  readonly total: string;
}

/** How many there were when, newest first, until it is done or the time is over. @throws InvalidInputError — names what is wrong in the query. */
export async function countMessages(pool: Pool, query: HistogramQuery, budgetMs = BUDGET_MS): Promise<Histogram> {
  const bins = new Map<number, MessageTally>();
  let countedFromUs = query.untilUs;
  const where = whereOf(query);
  const counting = withClient(pool, 'counting messages', budgetMs, async (client) => {
    for (const span of piecesOf(await partitionsOf(client), query)) {
      const own = where.fork();
      const begin = own.place(query.sinceUs);
      const width = own.place(query.binUs);
      own.also(`m.received_at >= ${own.place(rfc3339(span.fromUs!))}::timestamptz`);
      own.also(`m.received_at < ${own.place(rfc3339(span.toUs!))}::timestamptz`);
      const { rows } = await client.query<Row>(
        `select floor(((extract(epoch from m.received_at) * 1000000)::bigint - ${begin}::bigint) / ${width}::float8)::int as bin, count(*) as total,
           count(*) filter (where m.severity <= 3) as error, count(*) filter (where m.severity = 4) as warning,
           count(*) filter (where m.severity = 7) as debug, count(*) filter (where m.severity is null and m.kind = 'trap') as trap
         from message m ${own} group by 1`,
        [...own.values],
      );
      for (const row of rows) add(bins, row);
      countedFromUs = span.fromUs!;
    }
    countedFromUs = query.sinceUs;
  });
  await counting.catch((error: unknown) => {
    // What is counted by then is told; nothing at all is no answer.
    if (!(error instanceof DeadlineError) || countedFromUs === query.untilUs) throw error;
  });
  return { bins, countedFromUs };
}

function add(bins: Map<number, MessageTally>, { bin, ...counts }: Row): void {
  const [error, warning, debug, trap, total] = [counts.error, counts.warning, counts.debug, counts.trap, counts.total].map(
    Number,
  ) as [number, number, number, number, number];
  const before = bins.get(bin) ?? { error: 0, warning: 0, info: 0, debug: 0, trap: 0 };
  bins.set(bin, {
    error: before.error + error,
    warning: before.warning + warning,
    info: before.info + total - error - warning - debug - trap,
    debug: before.debug + debug,
    trap: before.trap + trap,
  });
}

/** Newest first. */
function piecesOf(
  all: Awaited<ReturnType<typeof partitionsOf>>,
  { sinceUs, untilUs }: Pick<HistogramQuery, 'sinceUs' | 'untilUs'>,
): readonly Span[] {
  const within = all.filter(({ fromUs, toUs }) => toUs > sinceUs && fromUs < untilUs).reverse();
  const pieces: Span[] = [];
  for (let at = 0; at < within.length; at += PARTITIONS_AT_ONCE) {
    const some = within.slice(at, at + PARTITIONS_AT_ONCE);
    pieces.push({ fromUs: Math.max(sinceUs, some.at(-1)!.fromUs), toUs: Math.min(untilUs, some[0]!.toUs) });
  }
  return pieces;
}
