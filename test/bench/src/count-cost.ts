/**
 * What the counts of visible loss cost a message (docs/visible-loss.md): merge with and without them, and the transaction that stores a batch with and
 * without them, in µs of processor time of this process and of PostgreSQL. Medians of five by turns. `node test/bench/dist/count-cost.js`
 */
import { readFileSync } from 'node:fs';
import { epoch } from '@yosugara/kernel';
import { EMPTY_WINDOW, type MergeRecord, mergeBegin, mergeStep, type Tally } from '@yosugara/operations';
import type { MessageToStore } from '@yosugara/runtime';
import { openStore } from '@yosugara/store';
import { startTestPostgres } from '@yosugara/testkit';
import { median } from './benchmark.js';
import { usageOf } from './usage.js';

const RUNS = 5;
const PER_SECOND = 5_000;
const BEGAN_US = Date.parse('2026-11-21T10:00:00Z') * 1_000;
const MERGED = 100_000;
const STORED = 25_000;
/** Messages a batch, and of how many sources they are. */
const CASES = [
  [100, 20],
  [1_000, 20],
  [5_000, 20],
  [5_000, 1_000],
] as const;

const NODES = ['a', 'b'] as const;
const atUs = (seq: number): number => BEGAN_US + Math.floor((seq * 1_000_000) / PER_SECOND);
const sourceOf = (seq: number, sources: number): string => `10.0.${(seq % sources) >> 8}.${(seq % sources) & 255}`;
const RAW = Buffer.from('<134>1 2026-11-21T10:00:00.000000Z host app 4711 - - message of an ordinary kind'.padEnd(200, '.'));

/** µs of processor time. */
function spent(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** Both nodes' records of the same messages, as they are read; µs a message. */
function merged(batch: number, sources: number, isCounted: boolean): number {
  const content = Array.from({ length: MERGED }, (_, seq) => `content ${seq}`);
  const batches: (readonly (readonly MergeRecord[])[])[] = [];
  for (let from = 1; from <= MERGED; from += batch)
    batches.push(
      NODES.map((node) =>
        Array.from({ length: batch }, (_, at) => {
          const seq = from + at;
          const source = isCounted ? { source: sourceOf(seq, sources) } : {};
          return { node, journalId: `${node}-1-1`, seq, atUs: atUs(seq), content: content[seq - 1]!, ...source };
        }),
      ),
    );
  let state = mergeBegin(NODES, EMPTY_WINDOW);
  let rows = 0;
  let tallies = 0;
  const us = spent(() => {
    let nowMs = 0;
    for (const each of batches) {
      nowMs += 1;
      for (const records of each) state = mergeStep(state, { kind: 'records', records, lone: [], nowMs }).state;
      const step = mergeStep(state, { kind: 'flush', nowMs, peerUp: true, max: 4 * batch });
      state = step.state;
      for (const effect of step.effects)
        if (effect.kind === 'store') rows++;
        else if (effect.kind === 'tally') tallies += effect.tallies.length;
    }
  });
  if (rows < MERGED * 0.9 || tallies > 0 !== isCounted) throw new Error(`${rows} rows and ${tallies} counts of ${MERGED}`);
  return us / MERGED;
}

function rowOf(seq: number, sources: number): MessageToStore {
  return {
    ...{ journalId: 'a-1-1', seq, node: 'a', receivedAtUs: atUs(seq), kind: 'syslog', flags: 0, raw: RAW },
    ...{ source: sourceOf(seq, sources), facility: 16, severity: 6, host: `host${seq % sources}`, app: 'app', procId: '4711' },
    ...{ msgId: null, sentAtUs: atUs(seq), structured: null, varbinds: null, text: `message ${seq} of an ordinary kind` },
    ...{ reason: null, content: null, seenBy: ['a', 'b'], transport: 'udp' },
  };
}

function talliesOf(rows: readonly MessageToStore[]): readonly Tally[] {
  const counts = new Map<string, { -readonly [Key in keyof Tally]: Tally[Key] }>();
  for (const { receivedAtUs, source } of rows)
    for (const node of NODES) {
      const minute = Math.floor(receivedAtUs / 60_000_000);
      const key = `${minute} ${source} ${node}`;
      const found = counts.get(key) ?? { minute, source, node, received: 0, matched: 0, unpaired: 0 };
      counts.set(key, found);
      found.received++;
      found.matched++;
    }
  return [...counts.values()];
}

function serverMs(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return [pid, ...children].reduce((sum, each) => sum + usageOf(each).cpuMs, 0);
}

interface Cost {
  readonly ours: number;
  readonly server: number;
}

async function main(): Promise<void> {
  const server = await startTestPostgres({ autovacuum: 'off', max_wal_size: '8GB' });
  const store = openStore({
    host: server.host,
    port: server.port,
    database: 'postgres',
    user: 'postgres',
    storeDeadlineMs: 60_000,
  });
  try {
    await store.migrate();
    let seq = 1;
    let version = 0;
    const stored = async (batch: number, sources: number, isCounted: boolean): Promise<Cost> => {
      const batches = Array.from({ length: STORED / batch }, () => {
        const rows = Array.from({ length: batch }, () => rowOf(seq++, sources));
        return { rows, ...(isCounted ? { tallies: talliesOf(rows) } : {}) };
      });
      const [serverBefore, before] = [serverMs(server.pid), process.cpuUsage()];
      for (const each of batches)
        await store.messages.storeBatch({
          ...{ epoch: epoch(1), version: version++, seenAlso: [], window: EMPTY_WINDOW, ...each },
          positions: [{ journalId: 'a-1-1', seq: each.rows.at(-1)!.seq }],
        });
      const { user, system } = process.cpuUsage(before);
      return { ours: (user + system) / STORED, server: ((serverMs(server.pid) - serverBefore) * 1_000) / STORED };
    };
    for (const [batch, sources] of CASES) {
      const made = { merge: [[], []] as number[][], ours: [[], []] as number[][], server: [[], []] as number[][] };
      for (let run = 0; run <= RUNS; run++)
        for (const at of [0, 1]) {
          const merge = merged(batch, sources, at === 1);
          const { ours, server } = await stored(batch, sources, at === 1);
          // The first pair only warms up.
          if (run === 0) continue;
          made.merge[at]!.push(merge);
          made.ours[at]!.push(ours);
          made.server[at]!.push(server);
        }
      const figures = Object.entries(made).map(([what, [without, counted]]) => {
        const [one, other] = [median(without!), median(counted!)];
        return `${what} ${one.toFixed(2)} → ${other.toFixed(2)} (${(other - one).toFixed(2)})`;
      });
      console.log(`${batch} messages a batch, ${sources} sources: µs a message without → with counts: ${figures.join(', ')}`);
    }
  } finally {
    await store.close();
    await server.stop();
  }
}

await main();
