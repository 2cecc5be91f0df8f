import type { Benchmark, BenchOptions, Measure } from './benchmark.js';
import { compareRates, thousands } from './compare-rates.js';
import { floodCeiling, MESSAGE_BYTES } from './flood.js';
import { journalCpu } from './journal-cpu.js';
import { type ReceiversOptions, startReceivers } from './receiver-processes.js';
import { RECEIVE_BUFFER_BYTES } from './rsyslog.js';
import { allowReceiveBuffers } from './system.js';
import { type Sink, tryRate } from './udp-journal.js';

const FIRST_RATE = 60_000;

/** A receiver without a peer, as for `udp-journal`. */
async function sinkOf(journal: ReceiversOptions['journal'], undo: (() => unknown)[]): Promise<Sink> {
  const receivers = await startReceivers({ nodes: ['a'], receiver: () => ({ maxJournalMb: 16_384 }), journal });
  undo.push(() => receivers.stop());
  const { a, ports } = receivers;
  const target = { address: a.address, port: ports.syslog };
  return { target, pids: [a.pid], dir: a.stateDir, kept: () => a.journaled().own, nextBatch: 0 };
}

async function measure(options: BenchOptions, undo: (() => unknown)[]): Promise<Measure> {
  const sealed = await sinkOf('on', undo);
  const clear = await sinkOf('off', undo);
  const ceiling = await floodCeiling();
  const trial = (to: Sink) => async (rate: number, seconds: number) => await tryRate(to, rate, seconds);
  const found = await compareRates(
    options,
    { first: FIRST_RATE, trial: trial(sealed) },
    { first: FIRST_RATE, trial: trial(clear) },
  );
  return {
    ...{ name: 'journal-encryption/udp', unit: 'messages/s', ...found.rates },
    peerName: 'the same receiver, its journal in the clear',
    note: [
      `highest lossless rate of ${MESSAGE_BYTES} byte messages over UDP into the fsynced journal, encrypted`,
      `encrypted: ${found.ours.note}`,
      ...(found.peer === null ? [] : [`in the clear: ${found.peer.note}`]),
      `both receivers (peer down) and the generator (${thousands(ceiling)} to nobody) by turns on this machine`,
    ].join('; '),
  };
}

export const JOURNAL_ENCRYPTION: Benchmark = {
  name: 'journal-encryption',
  what: 'syslog over UDP into a journal that is encrypted, against the same in the clear: highest lossless rate, processor time a message',
  async run(options) {
    const undo: (() => unknown)[] = [allowReceiveBuffers(RECEIVE_BUFFER_BYTES)];
    try {
      return [...(await journalCpu(options.runs)), await measure(options, undo)];
    } finally {
      for (const step of undo.reverse()) await step();
    }
  },
};
