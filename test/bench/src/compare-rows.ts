import type { BenchOptions, Measure } from './benchmark.js';
import { compareRates, type Side, thousands } from './compare-rates.js';
import { floodCeiling, MESSAGE_BYTES } from './flood.js';
import { type RowCluster, startRowCluster } from './row-cluster.js';
import { clusterSink, type RowSink, tryRows } from './rows.js';
import { RECEIVE_BUFFER_BYTES, rsyslogMissing } from './rsyslog.js';
import { startRsyslogRows } from './rsyslog-rows.js';
import { allowReceiveBuffers } from './system.js';

const FIRST = { ours: 20_000, peer: 8_000 };

/** Rows a second without loss, ours against rsyslog's. @throws Error — a row is missing or doubled though all was consumed. */
export async function compareRows(
  kind: 'single' | 'replicated',
  goal: Measure['goal'] & object,
  options: BenchOptions,
): Promise<Measure> {
  const undo: (() => unknown)[] = [allowReceiveBuffers(RECEIVE_BUFFER_BYTES)];
  try {
    const missing = rsyslogMissing('ompgsql');
    const peer = missing === null ? await startRsyslogRows() : null;
    undo.push(() => peer?.stop());
    const cluster = await startRowCluster(kind);
    undo.push(() => cluster.stop());
    const ceiling = await floodCeiling(cluster.targets.length);
    options.say(`the generator can send ${thousands(ceiling)} to ${cluster.targets.length} times nobody`);
    const theirs: RowSink | null =
      peer === null ? null : { targets: [peer.target], processes: peer.processes, stored: peer.rows, nextBatch: 0 };
    const found = await compareRates(
      options,
      sideOf(cluster),
      theirs === null ? null : { first: FIRST.peer, trial: trialOf(theirs) },
    );
    return {
      ...{ name: `ingest-${kind}`, unit: 'messages/s', ...found.rates, goal },
      peerName: missing ?? 'rsyslog, imudp to ompgsql, 1024 a transaction',
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
