import type { Benchmark, Measure } from './benchmark.js';
import { MESSAGE_BYTES } from './flood.js';
import { startRowCluster } from './row-cluster.js';
import { clusterSink, tryRows } from './rows.js';
import { allowReceiveBuffers } from './system.js';

const MESSAGES = 500_000;
const SECONDS = 5;
const GOAL_SECONDS = 60;
/** What a receiver asks for by default. */
const RECEIVE_BUFFER_BYTES = 134_217_728;
const WARM_UP = { rate: 10_000, seconds: 5 };

export const BURST: Benchmark = {
  name: 'burst',
  what: '500 000 datagrams in 5 s to both nodes: lost, and seconds until the rows are complete',
  async run({ runs, say }) {
    const undo: (() => unknown)[] = [allowReceiveBuffers(RECEIVE_BUFFER_BYTES)];
    try {
      const cluster = await startRowCluster('replicated');
      undo.push(() => cluster.stop());
      const sink = clusterSink(cluster);
      await tryRows(sink, WARM_UP.rate, WARM_UP.seconds);
      const [lost, behind, notes]: [number[], number[], string[]] = [[], [], []];
      for (let run = 0; run < runs; run++) {
        await cluster.empty();
        const found = await tryRows(sink, MESSAGES / SECONDS, SECONDS);
        const { rows, paired, late } = await cluster.counted();
        say(`${found.note}; ${rows} rows, ${paired} of them paired at once, ${late} later`);
        lost.push(MESSAGES - rows);
        behind.push(found.behindMs / 1_000);
        notes.push(`sent at ${Math.round(found.rate)}/s: ${found.note}`);
      }
      const note = `${MESSAGES} messages of ${MESSAGE_BYTES} bytes to each node; worst of ${runs} runs; ${cluster.receiveBufferBytes} bytes of receive buffer granted; ${notes.at(-1)}`;
      const none = { peer: null, peerName: 'nobody does it', ratio: null, note } as const;
      return [
        {
          ...{
            name: 'burst/lost',
            unit: 'messages',
            ...none,
            ours: Math.max(...lost.map(Math.abs)),
            runs: { ours: lost, peer: [] },
          },
          goal: { of: 'ours', is: 'at most', value: 0 },
        },
        {
          ...{ name: 'burst/complete', unit: 's', ...none, ours: Math.max(...behind), runs: { ours: behind, peer: [] } },
          goal: { of: 'ours', is: 'at most', value: GOAL_SECONDS },
        },
      ] satisfies Measure[];
    } finally {
      for (const step of undo.reverse()) await step();
    }
  },
};
