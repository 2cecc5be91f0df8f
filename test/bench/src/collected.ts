import { CollectedSums, Partitions } from '@yosugara/store';
import { type Benchmark, type BenchOptions, type Measure, median } from './benchmark.js';
import { patiently, type RowCluster, startRowCluster } from './row-cluster.js';

const VALUES = 10_000_000;
const SERIES_A_NODE = 10;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const DAYS = 7;
const GOAL_MS = 200;

interface Question {
  readonly name: string;
  readonly query: string;
  /** Of each series. */
  readonly points: number;
  readonly hasGoal: boolean;
}

const QUESTIONS: readonly Question[] = [
  // As the console asks: as many points as can be drawn. They are read from the sums of hours.
  { name: 'week', query: 'from=7d', points: 168, hasGoal: true },
  // Finer than it draws: from the values themselves, 100 800 of them.
  { name: 'week-by-10-minutes', query: 'from=7d&step=600s', points: 1_008, hasGoal: true },
  { name: 'day', query: 'from=24h', points: 288, hasGoal: true },
];

export const COLLECTED: Benchmark = {
  name: 'collected',
  what: "a node's graphs by the API among N collected values of a week (--rows, default 10 000 000)",
  async run(options) {
    const cluster = await startRowCluster('single');
    try {
      const rows = options.rows ?? VALUES;
      const nodes = await fill(cluster, rows, options.say);
      const measures: Measure[] = [];
      for (const question of QUESTIONS) measures.push(await measure(cluster, question, nodes, options));
      return measures;
    } finally {
      await cluster.stop();
    }
  },
};

/** A value a minute of ten series of each node, in the order of time, as they come. @returns how many nodes. */
async function fill({ database, sql }: RowCluster, rows: number, say: BenchOptions['say']): Promise<number> {
  const nodes = Math.max(1, Math.round(rows / (SERIES_A_NODE * DAYS * 1_440)));
  const endMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const beginMs = endMs - DAYS * DAY_MS;
  const begunMs = performance.now();
  sql(`insert into series (key, monitor, facility, item, since)
    select sha256(('bench' || n || '/' || s)::bytea), 'm' || s, 'n' || n, '', to_timestamp(${beginMs / 1_000}) from generate_series(0, ${nodes - 1}) n, generate_series(0, ${SERIES_A_NODE - 1}) s`);
  const values = new Partitions(database, 'collected');
  for (let day = Math.floor(beginMs / DAY_MS); day * DAY_MS < endMs; day++) await values.ensure(day);
  for (let hour = 0; hour < DAYS * 24; hour += 6)
    await patiently(() =>
      sql(`set synchronous_commit = off; insert into collected (at, value, series)
      select to_timestamp(${(beginMs + hour * HOUR_MS) / 1_000} + m * 60 + (id % 60)), 50 + 50 * sin(m / 100.0 + id), id
      from generate_series(0, 359) m, (select id from series where monitor like 'm%' order by id) each on conflict do nothing`),
    );
  say(`collected: ${nodes * SERIES_A_NODE * DAYS * 1_440} values of ${nodes} nodes after ${seconds(begunMs)}`);
  await sumUp({ database, sql }, beginMs, endMs, say);
  for (const table of ['collected', 'series']) sql(`vacuum (analyze) ${table}`);
  return nodes;
}

/** The product's own way, as if all of it had come just now; the manager that runs may help. */
async function sumUp(
  { database, sql }: Pick<RowCluster, 'database' | 'sql'>,
  beginMs: number,
  endMs: number,
  say: BenchOptions['say'],
): Promise<void> {
  const begunMs = performance.now();
  sql(`update collected_progress set closing = to_timestamp(${beginMs / 1_000}), closed = to_timestamp(${beginMs / 1_000})`);
  await new CollectedSums(database, new Partitions(database, 'collected_hour')).keepUp(
    Date.now(),
    beginMs,
    async () => undefined,
  );
  const closed = sql('select extract(epoch from closed) * 1000 from collected_progress');
  // The newest hour is closed two minutes after its end only.
  if (Number(closed) < endMs - HOUR_MS) throw new Error(`summed up only until ${closed}`);
  for (const table of ['collected_hour', 'collected_day']) sql(`vacuum (analyze) ${table}`);
  say(`collected: summed up after ${seconds(begunMs)}`);
}

async function measure(cluster: RowCluster, question: Question, nodes: number, { runs, say }: BenchOptions): Promise<Measure> {
  const took: number[] = [];
  // The first only warms up: it is another node's each time.
  for (let run = 0; run <= runs; run++) {
    const facility = `n${(run * 37 + 11) % nodes}`;
    const { series } = JSON.parse(await cluster.get(`/api/v1/series?facility=${facility}`)) as { series: { id: number }[] };
    if (series.length !== SERIES_A_NODE) throw new Error(`${facility} has ${series.length} series`);
    const path = `/api/v1/series/${series.map(({ id }) => id).join(',')}/values?${question.query}`;
    const begunMs = performance.now();
    const answer = JSON.parse(await cluster.get(path)) as { series: { points: unknown[] }[] };
    const ms = performance.now() - begunMs;
    const least = Math.min(...answer.series.map(({ points }) => points.length));
    if (least < question.points * 0.95) throw new Error(`${question.name}: only ${least} points of a series`);
    if (run > 0) took.push(ms);
  }
  say(`collected/${question.name}: ${median(took).toFixed(0)} ms, longest ${Math.max(...took).toFixed(0)} ms`);
  return {
    ...{ name: `collected/${question.name}`, unit: 'ms', ours: median(took), peer: null, peerName: '–', ratio: null },
    ...(question.hasGoal ? { goal: { of: 'ours', is: 'at most', value: GOAL_MS } as const } : {}),
    runs: { ours: took, peer: [] },
    note: `GET …/values?${question.query} of the ${SERIES_A_NODE} series of one of ${nodes} nodes, another node each time, among ${nodes * SERIES_A_NODE * DAYS * 1_440} values of a week; shared_buffers as the product sets them`,
  };
}

const seconds = (begunMs: number) => `${((performance.now() - begunMs) / 1_000).toFixed(0)} s`;
