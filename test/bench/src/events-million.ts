import { type Benchmark, type BenchOptions, type Measure, median } from './benchmark.js';
import { patiently, type RowCluster, type SettingDocument, startRowCluster } from './row-cluster.js';

export const EVENTS = 1_000_000;
const AT_ONCE = 20_000;
const NODES = 1_000;
const SCOPES = 10;
const MINUTE_MS = 60_000;

interface Filter {
  readonly name: string;
  /** Another one for every run: no page is read twice. */
  readonly query: (run: number) => string;
  /** null = whatever. */
  readonly finds: 'a page' | 'nothing' | null;
}

const iso = (ms: number) => encodeURIComponent(new Date(ms).toISOString());
const FILTERS = (beginMs: number): readonly Filter[] => [
  { name: 'newest', query: () => '', finds: 'a page' },
  { name: 'open', query: () => 'state=unconfirmed,confirming', finds: 'a page' },
  { name: 'in-hand', query: () => 'state=confirming', finds: 'a page' },
  { name: 'confirmed', query: () => 'state=confirmed', finds: 'a page' },
  { name: 'critical', query: () => 'priority=critical', finds: 'a page' },
  { name: 'critical-open', query: () => 'priority=critical&state=unconfirmed,confirming', finds: 'a page' },
  { name: 'two-priorities', query: () => 'priority=critical,unknown', finds: 'a page' },
  { name: 'node', query: (run) => `facility=n${run * 7 + 3}`, finds: null },
  { name: 'scope-of-100', query: (run) => `facility=scope${run % SCOPES}`, finds: 'a page' },
  { name: 'scope-of-all', query: () => 'facility=all', finds: 'a page' },
  { name: 'node-without', query: (run) => `facility=nobody${run}`, finds: 'nothing' },
  { name: 'path', query: (run) => `scope=node%20${run * 7 + 3}x`, finds: null },
  { name: 'monitor', query: (run) => `monitor=m${run}`, finds: 'a page' },
  { name: 'monitor-rare', query: (run) => `monitor=rare${run % 5}`, finds: null },
  { name: 'type', query: () => 'plugin=syslog', finds: 'a page' },
  { name: 'type-rare', query: () => 'plugin=jmx', finds: null },
  { name: 'type-without', query: () => 'plugin=sql-string', finds: 'nothing' },
  { name: 'notification', query: () => 'notification=events', finds: 'a page' },
  { name: 'notification-without', query: (run) => `notification=nobody${run}`, finds: 'nothing' },
  { name: 'owner', query: (run) => `owner=eva${run % 3}`, finds: 'a page' },
  { name: 'owner-without', query: (run) => `owner=nobody${run}`, finds: 'nothing' },
  { name: 'text', query: (run) => `text=needle${run % 10}`, finds: null },
  { name: 'text-common', query: () => 'text=failed', finds: 'a page' },
  { name: 'text-without', query: (run) => `text=zebra${run}`, finds: 'nothing' },
  { name: 'text-of-two-letters', query: () => 'text=qz', finds: 'nothing' },
  {
    name: 'an-old-hour',
    query: (run) => `since=${iso(beginMs + run * 90 * MINUTE_MS)}&until=${iso(beginMs + (run * 90 + 60) * MINUTE_MS)}`,
    finds: 'a page',
  },
  { name: 'node-and-critical', query: (run) => `facility=n${run * 7 + 3}&priority=critical`, finds: null },
  {
    name: 'scope-and-critical-open',
    query: (run) => `facility=scope${run % SCOPES}&priority=critical&state=unconfirmed`,
    finds: null,
  },
  { name: 'monitor-and-text', query: (run) => `monitor=m${run}&text=needle`, finds: null },
  {
    name: 'an-old-hour-and-type',
    query: (run) => `plugin=jmx&since=${iso(beginMs + run * 90 * MINUTE_MS)}&until=${iso(beginMs + (run * 90 + 60) * MINUTE_MS)}`,
    finds: null,
  },
  { name: 'deep-page', query: (run) => `after=${500_000 - run * 1_000}`, finds: 'a page' },
];

export const EVENTS_MILLION: Benchmark = {
  name: 'events-million',
  what: 'first page of the event list by each filter among N events (--rows, default 1 000 000), by the API',
  async run(options) {
    const cluster = await startRowCluster('single');
    try {
      const rows = options.rows ?? EVENTS;
      await cluster.apply(eventEstate());
      const beginMs = Date.now() - 30 * 24 * 60 * MINUTE_MS;
      await fillEvents(cluster, rows, beginMs, options.say);
      const measures: Measure[] = [];
      for (const filter of FILTERS(beginMs)) measures.push(await measure(cluster, filter, rows, options));
      measures.push(
        await measure(cluster, { name: 'counts', query: () => '', finds: null }, rows, options, '/api/v1/events/counts'),
      );
      return measures;
    } finally {
      await cluster.stop();
    }
  },
};

export const eventEstate = (): readonly SettingDocument[] => [
  { kind: 'scope', id: 'all', body: { name: 'All' } },
  ...Array.from({ length: SCOPES }, (_, n) => ({
    ...{ kind: 'scope', id: `scope${n}` },
    body: { name: `Scope ${n}`, parent: 'all' },
  })),
  ...Array.from({ length: NODES }, (_, n) => ({
    ...{ kind: 'node', id: `n${n}` },
    body: { name: `node ${n}x`, addresses: [`10.1.${n >> 8}.${n & 255}`], scopes: [`scope${n % SCOPES}`] },
  })),
];

/**
 * Of a month: one of a hundred is open, one of two hundred has an owner, one of twenty thousand a needle or a rare monitor; three of four are of syslog.
 */
export async function fillEvents({ sql }: RowCluster, rows: number, beginMs: number, say: BenchOptions['say']): Promise<void> {
  const begunMs = performance.now();
  const stepS = (30 * 24 * 3_600) / rows;
  for (let from = 0; from < rows; from += AT_ONCE)
    await patiently(() =>
      sql(`set synchronous_commit = off; insert into event (${COLUMNS}) select ${VALUES(beginMs, stepS)}
      from generate_series(${from}, ${Math.min(rows, from + AT_ONCE) - 1}) g, lateral (select ((g * 2654435761) % 4294967296) as h) mixed order by g on conflict (key) do nothing`),
    );
  await patiently(() => sql('vacuum (analyze) event'));
  const bytes = Number(sql("select pg_total_relation_size('event')"));
  say(
    `events-million: ${rows} events after ${((performance.now() - begunMs) / 1_000).toFixed(0)} s, ${(bytes / rows).toFixed(0)} bytes each with their indexes`,
  );
}

const COLUMNS =
  'key, id, at, stored_at, last_at, priority, state, facility, scope, monitor, plugin, trigger, notification, item, sub, application, message, original, why, owner';
const VALUES = (beginMs: number, stepS: number): string => {
  const at = `to_timestamp(${beginMs / 1_000} + g * ${stepS})`;
  const monitor = `case when h % 20000 = 11 then 'rare' || h / 20000 % 5 else 'm' || h / 7 % 200 end`;
  const message = `'app' || h % 40 || '[' || h % 32768 || ']: a look at device ' || h % 9973 || ' failed after ' || h % 100000 || ' ms' || case when h % 20000 = 7 then ' needle' || h / 20000 % 10 else '' end`;
  return `sha256(int8send(g)), 'm/n/' || g, ${at}, ${at}, ${at}, case when h % 20 = 0 then 0 when h % 20 = 1 then 1 when h % 4 = 0 then 3 else 2 end,
    case when h % 200 = 0 then 0 when h % 200 = 1 then 1 else 2 end, 'n' || h / 3 % ${NODES}, 'All>Scope ' || h / 3 % ${NODES} % ${SCOPES} || '>node ' || h / 3 % ${NODES} || 'x',
    ${monitor}, case when h % 50000 = 13 then 'jmx' when h % 4 < 3 then 'syslog' else 'ping' end, 'monitor', 'events', '', '1', 'bench', ${message}, ${message}, 'first',
    case when h % 200 = 5 then 'eva' || h / 200 % 3 end`;
};

async function measure(
  { get }: RowCluster,
  { name, query, finds }: Filter,
  rows: number,
  { runs, say }: BenchOptions,
  path = '/api/v1/events',
): Promise<Measure> {
  const took: number[] = [];
  let found = 0;
  // The first only warms up: it asks for something else than the others.
  for (let run = 0; run <= runs; run++) {
    const begunMs = performance.now();
    const answer = JSON.parse(await get(`${path}?${query(run)}`)) as { rows?: unknown[] };
    const ms = performance.now() - begunMs;
    found = answer.rows?.length ?? 0;
    if (finds === 'a page' ? found !== 100 : finds === 'nothing' && found !== 0) throw new Error(`${name}: ${found} rows`);
    if (run > 0) took.push(ms);
  }
  say(`events-million/${name}: ${median(took).toFixed(0)} ms, longest ${Math.max(...took).toFixed(0)} ms, ${found} rows`);
  return {
    ...{ name: `events-million/${name}`, unit: 'ms', ours: median(took), peer: null, peerName: '–', ratio: null },
    runs: { ours: took, peer: [] },
    note: `GET ${path}?${decodeURIComponent(query(1))} among ${rows} events of a month; ${found} rows`,
  };
}
