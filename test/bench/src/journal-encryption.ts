import { alternate, type Benchmark, type BenchOptions, type Measure } from './benchmark.js';
import { MESSAGE_BYTES } from './flood.js';
import { journalCpu } from './journal-cpu.js';
import { type ReceiversOptions, startReceivers } from './receiver-processes.js';
import { RECEIVE_BUFFER_BYTES } from './rsyslog.js';
import { allowReceiveBuffers } from './system.js';
import { type Sink, tryRate } from './udp-journal.js';

/** Far below what either holds, so that a message costs both the same way: how many come between two turns depends on the rate. */
const RATE = 40_000;
/** Processor time comes in ticks of 10 ms: a run is a hundred of them and more. */
const LEAST_SECONDS = 4;
/** A search of the highest rate takes minutes a side, and ends where the machine's other work ends it: this needs as long as it sends. */
const RUNS = 5;

/** A receiver without a peer, as for `udp-journal`. */
async function sinkOf(journal: ReceiversOptions['journal'], undo: (() => unknown)[]): Promise<Sink> {
  const receivers = await startReceivers({ nodes: ['a'], receiver: () => ({ maxJournalMb: 16_384 }), journal });
  undo.push(() => receivers.stop());
  const { a, ports } = receivers;
  const target = { address: a.address, port: ports.syslog };
  return { target, pids: [a.pid], dir: a.stateDir, kept: () => a.journaled().own, nextBatch: 0 };
}

async function measure({ runs, seconds, say }: BenchOptions, undo: (() => unknown)[]): Promise<Measure> {
  const sealed = await sinkOf('on', undo);
  const clear = await sinkOf('off', undo);
  const lost = { sealed: 0, clear: 0 };
  const cost = (side: keyof typeof lost, sink: Sink) => async () => {
    const { sent, kept, cpuUs, note } = await tryRate(sink, RATE, Math.max(LEAST_SECONDS, seconds));
    say(`${side}: ${note}`);
    lost[side] += sent - kept;
    return cpuUs;
  };
  const found = await alternate(Math.min(RUNS, runs), cost('sealed', sealed), cost('clear', clear));
  return {
    ...{ name: 'journal-encryption/udp', unit: 'µs a message', ...found },
    peerName: 'the same receiver, its journal in the clear',
    note: [
      `processor time of the receiver (peer down) a message of ${MESSAGE_BYTES} bytes over UDP into the fsynced journal, ${RATE} a second, by turns`,
      `${lost.sealed} and ${lost.clear} lost in all`,
    ].join('; '),
  };
}

export const JOURNAL_ENCRYPTION: Benchmark = {
  name: 'journal-encryption',
  what: 'syslog over UDP into a journal that is encrypted, against the same in the clear: processor time a message',
  async run(options) {
    const undo: (() => unknown)[] = [allowReceiveBuffers(RECEIVE_BUFFER_BYTES)];
    try {
      return [...(await journalCpu(options.runs)), await measure(options, undo)];
    } finally {
      for (const step of undo.reverse()) await step();
    }
  },
};
