import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { certificatePem, issueMember, newAuthority, type Pem } from '@yosugara/connectors/pki';
import { freePorts } from '@yosugara/testkit';
import { AgentCrowd } from './agent-crowd.js';
import type { FromMaster, MasterBegin, ToMaster } from './agents-master.js';
import { type Benchmark, type BenchOptions, type Measure, median } from './benchmark.js';
import { until, usageOf } from './usage.js';

const AGENTS = 2_000;
const GOAL_MS = 10_000;
const PATIENCE_MS = 120_000;
const HOST = '127.0.0.1';

export const AGENTS_BENCH: Benchmark = {
  name: 'agents',
  what: `${AGENTS} agents in one process: what a manager's listener needs for them, and how long until all are back after the Master was killed`,
  run: measure,
};

async function measure({ runs, seconds, say }: BenchOptions): Promise<readonly Measure[]> {
  const cluster = await newAuthority('bench');
  const clusterCa = certificatePem(cluster.certificate);
  const crowd = await AgentCrowd.make(AGENTS, clusterCa);
  say(`agents: ${AGENTS} certificates are there`);
  const pem = await issueMember(cluster, 'b', [HOST]);
  const storms: { readonly ms: number; readonly cpuMs: number; readonly failures: number }[] = [];
  let idle: { readonly percent: number; readonly megabytes: number } | null = null;
  let master: Master | null = null;
  try {
    master = await Master.start(pem, clusterCa, crowd.authority);
    await master.serve(1);
    crowd.goTo(HOST, master.port);
    await until('all are in', PATIENCE_MS, () => crowd.connected === AGENTS);
    for (let run = 0; run < Math.max(1, runs); run++) {
      if (idle === null) idle = await idleOf(master, seconds);
      // The next one is there already, as a Standby's manager is, and serves when the first is gone.
      const next: Master = await Master.start(pem, clusterCa, crowd.authority);
      crowd.failures = 0;
      const fromMs = performance.now();
      await master.kill();
      crowd.goTo(HOST, next.port);
      await next.serve(run + 2);
      master = next;
      await until('all are back', PATIENCE_MS, () => crowd.connected === AGENTS);
      const ms = crowd.welcomes().at(-1)! - fromMs;
      const { cpuMs } = usageOf(next.pid);
      storms.push({ ms, cpuMs, failures: crowd.failures });
      say(
        `agents, run ${run + 1}: all back after ${(ms / 1_000).toFixed(1)} s, ${cpuMs} ms of processor time, ${crowd.failures} tried again`,
      );
    }
  } finally {
    crowd.close();
    await master?.kill();
  }
  const plain = (name: string, unit: string, values: readonly number[], goal?: Measure['goal']): Measure => ({
    ...{ name: `agents/${name}`, unit, ours: median(values), peer: null, peerName: '–', ratio: null },
    ...(goal === undefined ? {} : { goal }),
    runs: { ours: values, peer: [] },
    note: `${AGENTS} agents and the manager's listener on this machine; what the database would answer is not in it`,
  });
  return [
    plain(
      'all-back',
      'ms',
      storms.map(({ ms }) => ms),
      { of: 'ours', is: 'at most', value: GOAL_MS },
    ),
    plain(
      'storm-cpu',
      'ms of processor',
      storms.map(({ cpuMs }) => cpuMs),
    ),
    plain('idle-cpu', '% of a core', [idle?.percent ?? Number.NaN]),
    plain('memory', 'MB', [idle?.megabytes ?? Number.NaN]),
  ];
}

async function idleOf(master: Master, seconds: number): Promise<{ readonly percent: number; readonly megabytes: number }> {
  // What the storm left is over.
  await sleep(3_000);
  const before = usageOf(master.pid);
  await sleep(seconds * 1_000);
  const after = usageOf(master.pid);
  return { percent: (after.cpuMs - before.cpuMs) / seconds / 10, megabytes: after.rssBytes / 1e6 };
}

class Master {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start({ key, certificate }: Pem, clusterCa: string, agents: string): Promise<Master> {
    const [port = 0] = await freePorts(1);
    const child = fork(fileURLToPath(new URL('./agents-master.js', import.meta.url)), [], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const begin: MasterBegin = { address: HOST, port, key, certificate, clusterCa, agents };
    const master = new Master(child, port);
    await master.#ask({ begin }, 'open');
    return master;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async serve(epoch: number): Promise<void> {
    await this.#ask({ serve: epoch }, 'serving');
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await gone;
  }

  async #ask(message: ToMaster, answer: FromMaster['is']): Promise<void> {
    const answered = new Promise<void>((resolve, reject) => {
      const onMessage = (word: unknown) => {
        if ((word as FromMaster).is !== answer) return;
        this.#child.off('message', onMessage);
        resolve();
      };
      this.#child.on('message', onMessage);
      this.#child.once('exit', (code) => reject(new Error(`the manager's listener ended with ${code}`)));
    });
    this.#child.send(message);
    await answered;
  }
}
