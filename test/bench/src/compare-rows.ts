import type { BenchOptions, Measure } from './benchmark.js';
import { compareRates, type Side, thousands } from './compare-rates.js';
import { floodCeiling, MESSAGE_BYTES } from './flood.js';
import { type RowCluster, startRowCluster } from './row-cluster.js';
import { clusterSink, type RowSink, tryRows } from './rows.js';
import { RECEIVE_BUFFER_BYTES, rsyslogMissing } from './rsyslog.js';
import { type RowPeer, startRsyslogRows } from './rsyslog-rows.js';
import { allowReceiveBuffers } from './system.js';

const FIRST = { ours: 20_000, peer: 8_000 };
/** More than it can do, and less than its queue holds. */
const QUEUE = { rate: 40_000, seconds: 2 };

/** Rows a second without loss, ours against rsyslog's. @throws Error — a row is missing or doubled though all was consumed. */
export async function compareRows(
  kind: 'single' | 'replicated',
  goal: Measure['goal'] & object,
  options: BenchOptions,
): Promise<Measure> {
  const undo: (() => unknown)[] = [allowReceiveBuffers(RECEIVE_BUFFER_BYTES)];
  try {
    const missing = rsyslogMissing('ompgsql');
    const quickest = missing === null ? await quickestRsyslog(options) : null;
    const peer = quickest?.peer ?? null;
    undo.push(() => peer?.stop());
    const cluster = await startRowCluster(kind);
    undo.push(() => cluster.stop());
    const ceiling = await floodCeiling(cluster.targets.length);
    options.say(`the generator can send ${thousands(ceiling)} to ${cluster.targets.length} times nobody`);
    const theirs = peer === null ? null : peerSink(peer);
    const found = await compareRates(
      options,
      sideOf(cluster),
      theirs === null ? null : { first: FIRST.peer, trial: trialOf(theirs) },
    );
    return {
      ...{ name: `ingest-${kind}`, unit: 'messages/s', ...found.rates, goal },
      peerName: missing ?? `rsyslog, imudp to ompgsql, 1024 a transaction, ${quickest?.workers} at once`,
      note: [
        `highest rate of ${MESSAGE_BYTES} byte messages at which none is lost and rows keep up`,
        `ours: ${found.ours.note}`,
        ...(found.peer === null ? [] : [`peer: ${found.peer.note}`]),
        `receive buffers: ${cluster.receiveBufferBytes} bytes granted (the kernel doubles what is asked)`,
        `generator (${thousands(ceiling)} to nobody), ${kind === 'single' ? 'node a and the arbiter' : 'both nodes and the arbiter'}, and rsyslog with a PostgreSQL of its own: all on this machine, loaded by turns`,
      ].join('; '),
    };
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

/** With as many workers, each on a connection of its own, as suit this machine: as many rows a second as it makes of a full queue. */
async function quickestRsyslog({ say }: BenchOptions): Promise<{ readonly workers: number; readonly peer: RowPeer }> {
  let best: { readonly workers: number; readonly peer: RowPeer; readonly rate: number } | null = null;
  for (const workers of [1, 2, 4]) {
    const peer = await startRsyslogRows(workers);
    const found = await tryRows(peerSink(peer), QUEUE.rate, QUEUE.seconds).catch(async (error: unknown) => {
      await peer.stop();
      throw error;
    });
    const rate = found.kept / (found.sent / found.rate + found.behindMs / 1_000);
    say(`rsyslog with ${workers} workers: ${Math.round(rate)} rows/s of a full queue`);
    if (best !== null && best.rate >= rate) await peer.stop();
    else {
      await best?.peer.stop();
      best = { workers, peer, rate };
    }
  }
  if (best === null) throw new Error('no rsyslog was tried');
  return best;
}

const peerSink = (peer: RowPeer): RowSink => ({
  targets: [peer.target],
  processes: peer.processes,
  stored: peer.rows,
  nextBatch: 0,
});

const trialOf = (sink: RowSink) => async (rate: number, seconds: number) => await tryRows(sink, rate, seconds);

function sideOf(cluster: RowCluster): Side {
  const sink = clusterSink(cluster);
  let storedBefore = 0;
  return {
    first: FIRST.ours,
    trial: trialOf(sink),
    before: async () => {
      await cluster.empty();
      storedBefore = await sink.stored();
    },
    after: async () => await checkRows(cluster, (await sink.stored()) - storedBefore),
  };
}

/** Consumed is not enough: each must be one row. */
export async function checkRows(cluster: RowCluster, messages: number): Promise<void> {
  const { rows, paired, late } = await cluster.counted();
  if (rows !== messages)
    throw new Error(`${messages} messages were consumed and there are ${rows} rows (${paired} paired, ${late} later)`);
}
