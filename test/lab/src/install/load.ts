import { join } from 'node:path';
import { check } from '../check/checker.js';
import { nameHolders, worstGapMs } from '../check/measure.js';
import type { Verdict } from '../check/types.js';
import { LabClient } from '../client/lab-client.js';
import { ATTEMPT_DEADLINE_MS } from '../client/plan.js';
import { LAB_TABLE } from '../client/sql-writer.js';
import { readAll, waitForIngest } from '../read-back.js';
import { DATA, type Installed, isWhole, otherHost, VIP } from './installed.js';

const MESSAGES_PER_SECOND = 200;
const RUN_TAG = 'installed';

export interface Gap {
  readonly what: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Loaded {
  readonly client: LabClient;
  readonly beganAt: Date;
}

/** The lab's writers and senders, on a host of their own, at the floating address. */
export async function beginLoad(installed: Installed, master: string, namespace: string, dir: string): Promise<Loaded> {
  const addresses = DATA.map((name) => ({ name, address: installed.hosts.addressOf(name) }));
  await installed.sql(master, LAB_TABLE);
  const beganAt = new Date();
  const plan = {
    ...{ service: [VIP], attemptDeadlineMs: ATTEMPT_DEADLINE_MS, apiTls: true },
    ...{ postgresPort: 5442, apiPort: 8080, statusPort: 8081, syslogPort: 514, trapPort: 162 },
    ...{ nodes: addresses, receivers: addresses.map(({ address }) => address) },
    ...{ password: installed.secret(master, 'pg-app'), firstKey: 1, runTag: RUN_TAG },
    ...{ messagesPerSecond: MESSAGES_PER_SECOND, concurrentWriters: 2, resultFile: join(dir, 'client.json') },
  };
  const client = await LabClient.start(plan, namespace, join(dir, 'client.plan'), join(dir, 'client.log'));
  await client.bothAcknowledgedAfter(0, 30_000);
  return { client, beganAt };
}

/** What the writers were told against what both nodes hold, and how long each fault kept them. */
export async function judgeLoad(
  installed: Installed,
  { client, beganAt }: Loaded,
  gaps: readonly Gap[],
): Promise<{ readonly verdict: Verdict; readonly gapsMs: Readonly<Record<string, number | null>> }> {
  const result = await client.quiet();
  const status = await installed.statusWhere('a', 'both nodes are synchronous at the end', 60_000, isWhole);
  const run = { runTag: RUN_TAG, beganAt };
  const master = status.master as 'a' | 'b';
  await waitForIngest(installed, master, run, result.messagesSent);
  const nodes = await readAll(installed, master, [otherHost(master)], run);
  const acknowledged = nameHolders(result.acknowledged, new Map(status.history.map(({ epoch, owner }) => [epoch, owner])));
  const gapsMs = gaps.map(({ what, ...window }) => [what, rounded(worstGapMs(result.acknowledged, window))] as const);
  return { verdict: check({ ...result, acknowledged }, nodes), gapsMs: Object.fromEntries(gapsMs) };
}

const rounded = (ms: number | null) => (ms === null ? null : Math.round(ms));
