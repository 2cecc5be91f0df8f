import { informAsker, relpAsker } from './askers.js';
import { type Benchmark, type BenchOptions, type Measure, median } from './benchmark.js';
import { type Asker, openLoop, percentile } from './open-loop.js';
import { type BenchReceivers, startReceivers } from './receiver-processes.js';
import { trapsConfig } from './trap-packets.js';

const PER_SECOND = 1_000;
/** A run is so many times as long as those of other benchmarks: of a thousand answers only ten say what the 99th percentile is. */
const LONGER = 5;
const GOAL_MS = 25;

const KINDS: readonly { readonly name: string; readonly open: (receivers: BenchReceivers) => Promise<Asker> }[] = [
  { name: 'relp', open: ({ a, ports }) => relpAsker({ address: a.address, port: ports.relp }) },
  { name: 'inform-v2c', open: ({ a, ports }) => informAsker('v2c', { address: a.address, port: ports.trap }) },
  { name: 'inform-v3', open: ({ a, ports }) => informAsker('v3', { address: a.address, port: ports.trap }) },
];

async function measure(
  { name, open }: (typeof KINDS)[number],
  receivers: BenchReceivers,
  { runs, seconds, say }: BenchOptions,
): Promise<readonly Measure[]> {
  const found = { p50: [] as number[], p99: [] as number[], max: [] as number[] };
  const count = Math.ceil(PER_SECOND * seconds * LONGER);
  // The first run warms up.
  for (let run = 0; run <= runs; run++) {
    const asker = await open(receivers);
    try {
      const { took, unanswered } = await openLoop(asker, PER_SECOND, count);
      if (unanswered > 0) throw new Error(`${name}: ${unanswered} of ${count} were never answered`);
      const [p50, p99, max] = [percentile(took, 0.5), percentile(took, 0.99), took.at(-1)!];
      say(`acknowledged/${name}: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, longest ${max.toFixed(1)} ms`);
      if (run === 0) continue;
      found.p50.push(p50);
      found.p99.push(p99);
      found.max.push(max);
    } finally {
      asker.close();
    }
  }
  return (['p50', 'p99', 'max'] as const).map((of) => ({
    ...{ name: `acknowledged/${name}-${of}`, unit: 'ms', ours: median(found[of]), peer: null, ratio: null },
    peerName: 'nobody else answers from two disks',
    ...(of === 'p99' ? { goal: { of: 'ours', is: 'at most', value: GOAL_MS } as const } : {}),
    runs: { ours: found[of], peer: [] },
    note: `${PER_SECOND}/s, whatever the answers do, ${count} a run; two receiver processes, both journals fsynced, mutual TLS between them; sender and receivers on one machine and one disk`,
  }));
}

export const ACKNOWLEDGED: Benchmark = {
  name: 'acknowledged',
  what: 'round trip of RELP and INFORM (v2c, v3 authPriv) at 1 000/s, safe on the disks of both nodes',
  async run(options) {
    const receivers = await startReceivers({
      receiver: (secret) => ({
        traps: trapsConfig(secret),
      }),
    });
    try {
      const measures: Measure[] = [];
      for (const kind of KINDS) measures.push(...(await measure(kind, receivers, options)));
      return measures;
    } finally {
      await receivers.stop();
    }
  },
};
