import { epoch } from '@yosugara/kernel';
import { EMPTY_WINDOW } from '@yosugara/operations';
import type { MessageToStore } from '@yosugara/runtime';
import { completeIndexes, type MessageQuery, type Store, setOptionalIndexes } from '@yosugara/store';
import { alternate, type Benchmark, type BenchOptions, type Measure, median } from './benchmark.js';
import { demandDisk, HOURS, makeSearchData, type SearchData } from './search-data.js';

const ROWS = 5_000_000;
const HOUR_US = 3_600_000_000;
const GOAL_MS = 300;
const GOAL_RATIO = 0.9;
const BATCH = 5_000;
const JOURNAL_ID = 'a-mwqhv9ju-f3508d941c41';

interface Search {
  readonly name: string;
  /** Another one for every run: no page is read twice. */
  readonly query: (run: number) => MessageQuery;
  readonly hasGoal: boolean;
}

const BY_VALUE: readonly Search[] = [
  { name: 'structured', query: (run) => ({ structured: [`exampleSDID@32473.eventID=${17 + 31 * run}`] }), hasGoal: true },
  { name: 'text', query: (run) => ({ text: `needle${run % 10}` }), hasGoal: true },
];
const PLAIN: readonly Search[] = [
  { name: 'time', query: () => ({}), hasGoal: true },
  { name: 'source', query: (run) => ({ source: `10.0.${run % 4}.${17 + run}` }), hasGoal: true },
  { name: 'host', query: (run) => ({ host: `host${17 + 31 * run}.example.com` }), hasGoal: true },
  { name: 'severity', query: (run) => ({ severityMax: run % 4 }), hasGoal: true },
  { name: 'app', query: (run) => ({ app: `app${run}` }), hasGoal: true },
  { name: 'varbind', query: (run) => ({ varbinds: [`1.3.6.1.2.1.2.2.1.1=${3 + run}`] }), hasGoal: true },
  // What an optional index is for: to see what it brings.
  ...BY_VALUE.map((search) => ({ ...search, name: `${search.name}-unindexed`, hasGoal: false })),
];

async function page(data: SearchData, { query }: Search, run: number): Promise<{ readonly ms: number; readonly rows: number }> {
  const beganMs = performance.now();
  const lastHour = { sinceUs: data.endUs - HOUR_US, untilUs: data.endUs };
  const { rows } = await data.filled.messages.search({ ...query(run), ...lastHour });
  return { ms: performance.now() - beganMs, rows: rows.length };
}

async function measure(data: SearchData, search: Search, rows: number, { runs, say }: BenchOptions): Promise<Measure> {
  const first = await page(data, search, 0);
  const took: number[] = [];
  const found: number[] = [];
  for (let run = 1; run <= runs; run++) {
    const each = await page(data, search, run);
    took.push(each.ms);
    found.push(each.rows);
  }
  say(`search/${search.name}: ${median(took).toFixed(1)} ms, the first ${first.ms.toFixed(1)} ms, ${median(found)} rows of 100`);
  return {
    ...{ name: `search/${search.name}`, unit: 'ms', ours: median(took), peer: null, peerName: '–', ratio: null },
    runs: { ours: took, peer: [] },
    ...(search.hasGoal ? { goal: { of: 'ours', is: 'at most', value: GOAL_MS } as const } : {}),
    note: `first page (100) of the last hour among ${rows} rows of ${HOURS} hours, partitions of a ${data.width}; ${median(found)} rows found; the very first search took ${first.ms.toFixed(1)} ms; PostgreSQL on this machine, shared_buffers 64 MB`,
  };
}

/** Rows of the time behind the filled ones, as the merge hands them over. */
class Ingest {
  readonly #store: Store;
  readonly #startUs: number;
  #at: number | null = null;
  #version = 0;

  constructor(store: Store, startUs: number) {
    this.#store = store;
    this.#startUs = startUs;
  }

  /** Rows a second, for about so many seconds. */
  async rate(seconds: number): Promise<number> {
    this.#version = (await this.#store.messages.loadProgress()).version;
    const before = (this.#at ??= 0);
    const beganMs = performance.now();
    do {
      const from = this.#at;
      const rows = Array.from({ length: BATCH }, (_, each) => rowAt(this.#startUs, from + each));
      const positions = [{ journalId: JOURNAL_ID, seq: 1_000_000_000 + from + BATCH }];
      const batch = { epoch: epoch(1), version: this.#version++, rows, seenAlso: [], positions, window: EMPTY_WINDOW };
      const { keyHits } = await this.#store.messages.storeBatch(batch);
      if (keyHits > 0) throw new Error(`${keyHits} rows were there already`);
      this.#at += BATCH;
    } while (performance.now() - beganMs < seconds * 1_000);
    return (this.#at - before) / ((performance.now() - beganMs) / 1_000);
  }
}

function rowAt(startUs: number, at: number): MessageToStore {
  const sentAtUs = Math.floor(startUs / 1_000 + at / 20) * 1_000;
  const [host, app, procId] = [`host${at % 500}.example.com`, `app${at % 40}`, String(at % 32_768)];
  const head = `<${12 + (at % 4)}>1 ${new Date(sentAtUs / 1_000).toISOString()} ${host} ${app} ${procId} - - `;
  const says = `An application event log entry ${at} of user ${at % 9_973}: connection from 10.1.${at % 251}.7 closed after ${at % 1_000} ms`;
  const text = says.padEnd(200 - head.length, '.');
  return {
    ...{ journalId: JOURNAL_ID, seq: 1_000_000_000 + at, node: 'a', receivedAtUs: startUs + at * 50, kind: 'syslog', flags: 0 },
    ...{ source: `10.0.${at % 4}.${at % 250}`, raw: Buffer.from(head + text), facility: 1, severity: 4 + (at % 4), host, app },
    ...{ procId, msgId: null, sentAtUs, structured: null, varbinds: null },
    ...{ text, reason: null, content: null, seenBy: ['a', 'b'], transport: 'udp' },
  };
}

async function ingest(
  data: SearchData,
  rows: number,
  { runs, seconds, replicated = false, say }: BenchOptions,
): Promise<Measure> {
  const sides = { filled: new Ingest(data.filled, data.endUs), empty: new Ingest(data.empty, data.endUs) };
  const forSeconds = Math.max(2, seconds);
  const found = await alternate(
    runs,
    () => sides.filled.rate(forSeconds),
    () => sides.empty.rate(forSeconds),
  );
  say(`search/ingest: ${Math.round(found.ours)} rows/s behind ${rows}, ${Math.round(found.peer ?? 0)} behind none`);
  return {
    ...{ name: 'search/ingest', unit: 'rows/s', ...found, peerName: 'ours, into an empty database of the same server' },
    goal: { of: 'ratio', is: 'at least', value: GOAL_RATIO },
    note: `batches of ${BATCH} with their positions behind ${rows} rows, partitions of a ${data.width}, no optional index; fsync on, ${replicated ? 'commits wait for a Standby on this machine' : 'no Standby'}`,
  };
}

/** The optional indexes, of the partitions that hold the last hour: those are built first. */
async function indexLastHour(data: SearchData, say: (line: string) => void): Promise<void> {
  const beganMs = performance.now();
  await setOptionalIndexes(data.pool, { text: true, structured: true });
  const wanted = (await data.filled.partitions.list()).filter(
    ({ fromUs, toUs }) => toUs > data.endUs - HOUR_US && fromUs < data.endUs,
  );
  // Newer ones are there, too: made for rows to come, and empty.
  const newer = (await data.filled.partitions.list()).filter(({ fromUs }) => fromUs >= data.endUs).length;
  let left = 3 * (wanted.length + newer);
  await completeIndexes(data.pool, async () => {
    if (left-- === 0) throw new Enough();
  }).catch((error: unknown) => {
    if (!(error instanceof Enough)) throw error;
  });
  await data.pool.query('analyze message');
  say(`search: optional indexes of the last hour's partitions in ${((performance.now() - beganMs) / 1_000).toFixed(0)} s`);
}

class Enough extends Error {}

export const SEARCH: Benchmark = {
  name: 'search',
  what: 'first page of the last hour among N rows (--rows), and ingest there against empty',
  async run(options) {
    const rows = options.rows ?? ROWS;
    const isReplicated = options.replicated ?? false;
    demandDisk(rows, isReplicated ? 2 : 1, options.say);
    const data = await makeSearchData(rows, isReplicated, options.say);
    try {
      const measures: Measure[] = [];
      const all = async (searches: readonly Search[]) => {
        for (const search of searches) measures.push(await measure(data, search, rows, options));
      };
      await all(PLAIN);
      measures.push(await ingest(data, rows, options));
      await indexLastHour(data, options.say);
      await all(BY_VALUE);
      const gb = ((await data.bytes()) / 1e9).toFixed(2);
      return measures.map((each) => ({
        ...each,
        note: `${each.note}; ${gb} GB of disk in the end${isReplicated ? ', and as much again for the Standby' : ''}`,
      }));
    } finally {
      await data.close();
    }
  },
};
