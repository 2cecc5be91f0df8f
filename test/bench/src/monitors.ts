import { setTimeout as sleep } from 'node:timers/promises';
import { Daemons } from '@yosugara/testkit';
import type { Benchmark, BenchOptions, Measure } from './benchmark.js';
import { grown, quantile, type Samples, samplesOf } from './metrics-text.js';
import { type Estate, startEstate } from './monitored-estate.js';
import { type RowCluster, startRowCluster } from './row-cluster.js';
import { usageOf } from './usage.js';

const MINUTES = 2;
/** Everything was looked at once: connections, statements and series are known. */
const WARM_UP_MS = 75_000;
const GOAL_MS = 1_000;
/** Ticks that are due at the edges of the time count on one side only. */
const SLACK = 0.02;
const STORED = 'yosugara_monitor_stored_lag_seconds';
const BEGUN = 'yosugara_monitor_begun_lag_seconds';

interface Moment {
  readonly atMs: number;
  readonly samples: Samples;
  readonly values: number;
  readonly cpuMs: Readonly<Record<string, number>>;
}

export const MONITORS: Benchmark = {
  name: 'monitors',
  what: '5 000 nodes pinged, 20 000 SNMP values and 2 000 pages and ports a minute, by the Master of two nodes, all on this machine',
  async run(options) {
    const daemons = new Daemons('bench-monitors');
    let cluster: RowCluster | null = null;
    try {
      cluster = await startRowCluster('replicated');
      const estate = await startEstate(daemons);
      await cluster.apply(estate.documents);
      options.say(`monitors: ${estate.documents.length} settings are there`);
      return await measure(cluster, estate, options);
    } finally {
      await cluster?.stop();
      await daemons.stop();
    }
  },
};

async function measure(
  cluster: RowCluster,
  estate: Estate,
  { minutes = MINUTES, say }: BenchOptions,
): Promise<readonly Measure[]> {
  await sleep(WARM_UP_MS);
  let before = await moment(cluster, estate);
  const first = before;
  for (let minute = 1; minute <= Math.ceil(minutes); minute++) {
    const endMs = first.atMs + Math.min(minute, minutes) * 60_000;
    await sleep(Math.max(0, endMs - performance.now()));
    const now = await moment(cluster, estate);
    say(`monitors, minute ${minute}: ${sentence(before, now)}`);
    before = now;
  }
  demandAll(first, before, estate, (await trouble(cluster)) ?? '');
  const note = `${sentence(first, before)}; ${memory(cluster)}`;
  const lag = (name: string, of: string, share: number, goal: boolean): Measure => {
    const ms = quantile(of, share, first.samples, before.samples) * 1_000;
    return {
      ...{ name: `monitors/${name}`, unit: 'ms', ours: ms, peer: null, peerName: '–', ratio: null, note },
      runs: { ours: [ms], peer: [] },
      ...(goal ? { goal: { of: 'ours', is: 'at most', value: GOAL_MS } as const } : {}),
    };
  };
  const cores = sum(cpuOf(first, before)) / (before.atMs - first.atMs);
  return [
    lag('due-to-begun-p99', BEGUN, 0.99, false),
    lag('due-to-stored-p50', STORED, 0.5, false),
    lag('due-to-stored-p99', STORED, 0.99, true),
    {
      ...{ name: 'monitors/cores', unit: 'cores', ours: cores, peer: null, peerName: '–', ratio: null, note },
      runs: { ours: [cores], peer: [] },
    },
  ];
}

async function moment(cluster: RowCluster, { daemons }: Estate): Promise<Moment> {
  const samples = samplesOf(await cluster.get('/metrics'));
  const { rows } = await cluster.database.query<{ count: string }>(
    'select count(*) as count from collected where value is not null',
  );
  const all = { ...cluster.processes(), snmpd: [daemons.snmpd], nginx: [daemons.nginx] };
  const cpuMs = Object.fromEntries(Object.entries(all).map(([name, pids]) => [name, sum(pids.map(withChildrenMs))]));
  return { atMs: performance.now(), samples, values: Number(rows[0]?.count), cpuMs };
}

/** fping is the manager's child, sessions are PostgreSQL's: what ended is counted where it began. */
function withChildrenMs(pid: number): number {
  try {
    const { cpuMs, childrenMs } = usageOf(pid);
    return cpuMs + childrenMs;
  } catch {
    return 0;
  }
}

const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0);
const cpuOf = (before: Moment, after: Moment): readonly number[] =>
  Object.entries(after.cpuMs).map(([name, ms]) => ms - (before.cpuMs[name] ?? 0));

function sentence(before: Moment, after: Moment): string {
  const seconds = (after.atMs - before.atMs) / 1_000;
  const ticks = grown('yosugara_monitor_ticks_total', before.samples, after.samples);
  const ms = (of: string, share: number) => Math.round(quantile(of, share, before.samples, after.samples) * 1_000);
  const cpu = Object.entries(after.cpuMs)
    .map(([name, used]) => `${name} ${((used - (before.cpuMs[name] ?? 0)) / seconds / 10).toFixed(1)}`)
    .join(', ');
  const lag = `due to begun p50 ${ms(BEGUN, 0.5)}, p99 ${ms(BEGUN, 0.99)} ms, due to stored p50 ${ms(STORED, 0.5)}, p99 ${ms(STORED, 0.99)} ms`;
  const missed = `${grown('yosugara_monitor_late_total', before.samples, after.samples)} late, ${grown('yosugara_monitor_skipped_total', before.samples, after.samples)} skipped`;
  return `${(ticks / seconds).toFixed(0)} looks and ${((after.values - before.values) / seconds).toFixed(0)} values a second, ${lag}, ${missed}; per cent of a core: ${cpu}`;
}

const memory = (cluster: RowCluster): string =>
  Object.entries(cluster.processes())
    .filter(([name]) => name !== 'PostgreSQL')
    .map(([name, pids]) => `${name} ${pids.map((pid) => (usageOf(pid).maxRssBytes / 1e6).toFixed(0)).join(' and ')} MB at most`)
    .join(', ');

/** What is quick because it did not look was not measured. */
function demandAll(before: Moment, after: Moment, { perMinute, valuesPerMinute }: Estate, why: string): void {
  const minutes = (after.atMs - before.atMs) / 60_000;
  const ticks = grown('yosugara_monitor_ticks_total', before.samples, after.samples);
  const values = after.values - before.values;
  if (ticks < perMinute * minutes * (1 - SLACK) || values < valuesPerMinute * minutes * (1 - SLACK))
    throw new Error(
      `monitors: ${Math.round(perMinute * minutes)} looks and ${Math.round(valuesPerMinute * minutes)} values were to be stored, and ${ticks} and ${values} were. ${why}`,
    );
}

async function trouble({ database }: RowCluster): Promise<string | null> {
  const { rows } = await database.query<{ message: string }>(
    'select monitor || $1 || message as message from event order by number desc limit 3',
    [': '],
  );
  return rows.length === 0 ? null : `The newest events: ${rows.map(({ message }) => message).join('; ')}`;
}
