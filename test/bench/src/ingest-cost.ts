/**
 * What a message costs the manager's ingest loop, from the journals' files to the committed row, at full batches and without anything else: µs of
 * processor time of this process and of PostgreSQL, of one node's journal (the other one is down) and of both nodes' (every message matched). Medians.
 * `node test/bench/dist/ingest-cost.js [rounds]`; with `--cpu-prof` in front of it, where that goes.
 */
import { readFileSync } from 'node:fs';
import { openJournalReader, openReceiverJournal } from '@yosugara/journal';
import { epoch, SILENT_LOG } from '@yosugara/kernel';
import type { Watermark } from '@yosugara/protocol';
import { IngestLoop } from '@yosugara/runtime';
import { openStore, type Store } from '@yosugara/store';
import { startTestPostgres } from '@yosugara/testkit';
import { median } from './benchmark.js';
import { temporaryFolder } from './system.js';
import { until, usageOf } from './usage.js';

const ROUNDS = Number(process.argv[2] ?? 5);
const MESSAGES = 60_000;
const PER_SECOND = 50_000;
const DEADLINE_MS = 600_000;
const US = 1_000_000;

interface Written {
  readonly dir: string;
  readonly journalId: string;
}

/** As they come: some hosts and programs, 150 to 250 bytes, the time to the millisecond. */
function lineOf(number: number, atUs: number): Buffer {
  const head = `<13>1 ${new Date(atUs / 1_000).toISOString()} web${number % 20} app${number % 7} ${4_000 + (number % 50)} ID47 - n=${number} `;
  return Buffer.from(head.padEnd(150 + ((number * 7) % 100), 'the quick brown fox '));
}

/** @param lagUs so much later than they were sent. */
async function written(dir: string, node: string, beganUs: number, lagUs: number): Promise<Written> {
  const onFatal = (error: Error) => {
    throw error;
  };
  const journal = await openReceiverJournal({ dir, node, maxBytes: 2 ** 34, onFatal });
  const listener = { kind: 'own', address: '127.0.91.1' } as const;
  for (let number = 1; number <= MESSAGES; number++) {
    const atUs = beganUs + Math.floor((number * US) / PER_SECOND);
    journal.append({
      ...{ kind: 'syslog', transport: 'udp', flags: 0, listener, source: { address: `10.0.0.${number % 20}`, port: 514 } },
      ...{ receivedAtUs: atUs + lagUs, monotonicMs: atUs / 1_000, raw: lineOf(number, atUs) },
    });
    if (number % 5_000 === 0) await journal.flush();
  }
  await journal.flush();
  const { journalId } = journal;
  await journal.close();
  return { dir, journalId };
}

function serverMs(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return [pid, ...children].reduce((sum, each) => sum + usageOf(each).cpuMs, 0);
}

interface Cost {
  readonly ours: number;
  readonly server: number;
}

/** @param peer null = it is down. */
async function ingested(store: Store, serverPid: number, own: Written, peer: Written | null): Promise<Cost> {
  const journal = (side: 'own' | 'peer', node: string, { journalId }: Written) => ({
    ...{ journalId, side, node, firstSeq: 1, durableSeq: MESSAGES, bothSeq: MESSAGES },
  });
  const mark: Watermark = {
    journals: [journal('own', 'a', own), ...(peer === null ? [] : [journal('peer', 'b', peer)])],
    peerLink: peer === null ? 'down' : 'up',
    clockOffsetUs: 0,
  };
  let stored = 0;
  const readers = [own, peer ?? own].map(({ dir }) => openJournalReader(dir));
  const loop = new IngestLoop({
    ...{ self: 'a', peer: 'b', own: readers[0]!, peerCopy: readers[1]!, store: store.messages, log: SILENT_LOG },
    watermark: () => mark,
    clock: { monotonicMs: () => performance.now(), wallMs: () => Date.now() },
    permit: () => ({
      ...{ epoch: epoch(1), leaseUntilMs: Number.POSITIVE_INFINITY, ingestAlone: peer === null, bothDatabases: false },
    }),
    onStored: (rows) => void (stored += rows.length),
  });
  const [server, before] = [serverMs(serverPid), process.cpuUsage()];
  loop.start();
  await until('all rows', DEADLINE_MS, () => stored >= MESSAGES && loop.behind === 0);
  const { user, system } = process.cpuUsage(before);
  const after = serverMs(serverPid);
  await loop.stop();
  if (stored !== MESSAGES) throw new Error(`${stored} rows of ${MESSAGES} messages`);
  return { ours: (user + system) / MESSAGES, server: ((after - server) * 1_000) / MESSAGES };
}

const server = await startTestPostgres({ autovacuum: 'off', max_wal_size: '8GB', shared_buffers: '256MB' });
const store = openStore({ ...server, database: 'postgres', user: 'postgres', storeDeadlineMs: 60_000 });
const { dir, remove } = temporaryFolder('yosugara-bench-');
try {
  await store.migrate();
  const made: Record<'one node' | 'both nodes', Cost[]> = { 'one node': [], 'both nodes': [] };
  for (let round = 0; round <= ROUNDS; round++)
    for (const kind of ['one node', 'both nodes'] as const) {
      const beganUs = (Date.now() - 60_000) * 1_000;
      const own = await written(`${dir}/a`, 'a', beganUs, 100);
      const peer = kind === 'one node' ? null : await written(`${dir}/b`, 'b', beganUs, 250);
      const cost = await ingested(store, server.pid, own, peer);
      // The first pair only warms up.
      if (round > 0) made[kind].push(cost);
    }
  for (const [kind, costs] of Object.entries(made)) {
    const of = (what: keyof Cost) =>
      `${median(costs.map((each) => each[what])).toFixed(2)} (${costs.map((each) => each[what].toFixed(1)).join(', ')})`;
    console.log(`${kind}: ${of('ours')} µs of processor time a message, PostgreSQL ${of('server')}`);
  }
} finally {
  await store.close();
  await server.stop();
  remove();
}
