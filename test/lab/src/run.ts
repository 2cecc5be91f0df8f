import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Status } from '@yosugara/protocol';
import { keysOnDisk } from './check/audit.js';
import type { RunReport } from './check/types.js';
import { LabClient } from './client/lab-client.js';
import type { ClientResult } from './client/main.js';
import { ATTEMPT_DEADLINE_MS, FAR_ATTEMPT_DEADLINE_MS, KEYS_A_RUN } from './client/plan.js';
import { LAB_TABLE } from './client/sql-writer.js';
import { type LabCluster } from './cluster/cluster.js';
import { DATA_NAMES, type DataName, otherOf, PLACES, PORTS } from './cluster/layout.js';
import { homeNodes, isHealthy, rolesOf } from './cluster/roles.js';
import { goHome } from './homeward.js';
import { LabToolError, monotonicMs, tryRun, until } from './host/shell.js';
import { judge, unmeasured } from './judge.js';
import { type AuditFinding, type Figures, MESSAGES_PER_SECOND, type RunContext, runTagOf, SETTLING_MS } from './run-context.js';
import { type Expectation, expectationOf, type Scenario, type Stage, variantOf } from './scenarios/types.js';
import { RealSenders } from './senders/real-senders.js';

const AFTERGLOW_MS = 2_000;
const FIRST_ACK_DEADLINE_MS = 20_000;
const TAKE_OVER_DEADLINE_MS = 60_000;
const REACHABLE_DEADLINE_MS = 45_000;
const UNTOUCHED_FOR_MS = 6_000;
/** A fault that passes by itself has done what it does. */
const SETTLED_AFTER_MS = 3_000;
/** Longer than the longest lease of the profiles under test, with its stop. */
const LEASE_IS_OVER_MS = 8_000;
const NOBODY_FOR_MS = 4_000;
const RECOVER_DEADLINE_MS = 120_000;

/** One fault, from a healthy cluster to a healthy cluster. Never throws: what goes wrong is the report's `why`. */
export async function runOnce(context: RunContext): Promise<RunReport> {
  const trouble: string[] = [];
  const figures: Figures = {
    faultMs: 0,
    acknowledgedAgainMs: 0,
    recoverFromMs: 0,
    recoverToMs: 0,
    recoverMethod: null,
    recoverPhases: [],
    plainBaseBackupMs: null,
    promotion: null,
    sent: null,
    measured: {},
    windows: [],
    counts: [],
  };
  const audit: AuditFinding = { onDisk: null, node: 'a' };
  let client: LabClient | null = null;
  let senders: RealSenders | null = null;
  let result: ClientResult | null = null;
  const undo: Stage['undo'] = [];
  try {
    client = await startClient(context);
    if (context.scenario.senders)
      senders = await RealSenders.start(context.cluster, { dir: context.dir, runTag: runTagOf(context), rate: context.rate });
    await perform(context, client, figures, audit, undo);
    if (senders !== null) figures.sent = await senders.quiet();
  } catch (error) {
    trouble.push(error instanceof Error ? error.message : String(error));
  }
  try {
    if (client !== null) result = await client.quiet();
  } catch (error) {
    trouble.push(error instanceof Error ? error.message : String(error));
  } finally {
    client?.kill();
  }
  try {
    return result === null ? unmeasured(trouble) : await judge(context, result, figures, audit, trouble);
  } finally {
    // Until everything was counted they may still send what they hold.
    await senders?.stop();
    for (const step of undo.reverse()) await step();
  }
}

async function startClient(context: RunContext): Promise<LabClient> {
  const { cluster, dir, number } = context;
  const { master } = rolesOf(await cluster.waitHealthy(RECOVER_DEADLINE_MS));
  await cluster.sql(master, LAB_TABLE);
  const plan = {
    service: cluster.service,
    attemptDeadlineMs: cluster.hasDr ? FAR_ATTEMPT_DEADLINE_MS : ATTEMPT_DEADLINE_MS,
    postgresPort: PORTS.postgres,
    apiPort: PORTS.api,
    statusPort: PORTS.status,
    syslogPort: PORTS.syslog,
    trapPort: PORTS.trap,
    nodes: cluster.stores.map((name) => ({ name, address: PLACES[name].address })),
    receivers: DATA_NAMES.map((name) => PLACES[name].address),
    password: cluster.secret(master, 'pg-app'),
    firstKey: number * KEYS_A_RUN + 1,
    runTag: runTagOf(context),
    messagesPerSecond: MESSAGES_PER_SECOND,
    concurrentWriters: context.load ? 12 : 2,
    resultFile: join(dir, `client-${number}.json`),
  };
  return LabClient.start(
    plan,
    cluster.network.namespace('client'),
    join(dir, `client-${number}.plan`),
    join(dir, 'logs', 'client.log'),
  );
}

async function perform(
  context: RunContext,
  client: LabClient,
  figures: Figures,
  audit: AuditFinding,
  undo: Stage['undo'],
): Promise<void> {
  const { cluster, scenario, say } = context;
  await client.bothAcknowledgedAfter(0, FIRST_ACK_DEADLINE_MS);
  await delay(scenario.steadyMs);
  const { master, standby } = rolesOf(await cluster.waitHealthy(10_000));
  const target = scenario.on === 'master' ? master : standby;
  const variant = variantOf(scenario, context.variantNumber);
  const notes = new Map<string, number>();
  const told: Stage['told'] = {
    promotion: null,
    measured: figures.measured,
    windows: figures.windows,
    lines: [],
    counts: figures.counts,
  };
  const { minutes, messages, only } = context;
  const runTag = runTagOf(context);
  const stage: Stage = {
    cluster,
    target,
    other: otherOf(target),
    variant,
    notes,
    told,
    say,
    minutes,
    messages,
    only,
    runTag,
    undo,
  };

  say(`fault on ${target} (${scenario.on})${stage.variant === '' ? '' : `: ${stage.variant}`}`);
  figures.faultMs = monotonicMs();
  audit.node = target;
  await scenario.fault(stage);
  figures.faultMs = notes.get('struckMs') ?? figures.faultMs;
  figures.promotion = told.promotion;
  try {
    await waitUntilServed(stage, expectationOf(scenario, variant), master, client);
  } finally {
    figures.acknowledgedAgainMs = monotonicMs();
  }
  if (scenario.cutsPower) {
    say(`writes are acknowledged again; reading the disk of ${target}`);
    audit.onDisk = await keysOnDisk({
      disk: cluster.hosts[target].dataDisk,
      pgdataOnDisk: 'pgdata',
      postgresBin: context.postgresBin,
      dir: context.dir,
    });
  }
  await scenario.look(stage);
  say(`repairing ${target}, then ${scenario.comeback === 'recover' ? 'recover' : 'it comes back by itself'}`);
  await scenario.repair(stage);
  figures.plainBaseBackupMs = stage.notes.get('plainBaseBackupMs') ?? null;
  await comeBack(stage, scenario, figures);
  await scenario.atEnd(stage);
  await delay(Math.max(AFTERGLOW_MS, scenario.steadyMs - SETTLING_MS));
}

/** A hung server's old sessions still write: a change of Master is looked for before the writes are. */
async function waitUntilServed(stage: Stage, expected: Expectation, masterBefore: DataName, client: LabClient): Promise<void> {
  const { cluster, target, other } = stage;
  if (expected === 'anything') return;
  if (expected === 'nobody-serves') return nobodyServes(client);
  if (expected === 'settles') {
    await until('some Master', TAKE_OVER_DEADLINE_MS, () => cluster.someStatus(), 200);
    return client.bothAcknowledgedAfter(monotonicMs() + SETTLED_AFTER_MS, TAKE_OVER_DEADLINE_MS);
  }
  if (expected === 'elsewhere-serves') {
    await cluster.statusWhere('d', `${expected} (d)`, TAKE_OVER_DEADLINE_MS, (status) => status.master === 'd');
    return client.bothAcknowledgedAfter(monotonicMs(), TAKE_OVER_DEADLINE_MS);
  }
  const serving: Readonly<Record<typeof expected, (status: Status) => boolean>> = {
    'other-serves': (status) => status.master === other,
    'goes-on': (status) => status.master === other && homeNodes(status).every((node) => node.syncSet === (node.name === other)),
    untouched: (status) => status.master === masterBefore && homeNodes(status).every((node) => node.syncSet),
  };
  await cluster.statusWhere(other, `${expected} (${other})`, TAKE_OVER_DEADLINE_MS, serving[expected]);
  // Long enough for a wrong take-over to show.
  if (expected === 'untouched') {
    await delay(UNTOUCHED_FOR_MS);
    const status = await cluster.statusWhere(other, `${expected} (${other})`, TAKE_OVER_DEADLINE_MS, serving[expected]);
    if (status.master !== masterBefore)
      throw new LabToolError(expected, `${masterBefore} was Master, now ${status.master} (target ${target})`);
  }
  await client.bothAcknowledgedAfter(monotonicMs(), TAKE_OVER_DEADLINE_MS);
}

/** Whoever was Master has stopped inside its lease; from then on nothing is acknowledged. */
async function nobodyServes(client: LabClient): Promise<void> {
  await delay(LEASE_IS_OVER_MS);
  const before = client.progress?.acknowledged ?? 0;
  await delay(NOBODY_FOR_MS);
  const more = (client.progress?.acknowledged ?? 0) - before;
  if (more > 0) throw new LabToolError('nobody-serves', `${more} writes were acknowledged where nobody may`);
}

const recoverReportOf = (status: Status, name: DataName) =>
  status.nodes.find((node) => node.name === name)?.recoverReport ?? null;

const recoverOf = (status: Status, name: DataName) => status.nodes.find((node) => node.name === name)?.recover ?? null;

async function comeBack(stage: Stage, scenario: Scenario, figures: Figures): Promise<void> {
  const { cluster, target } = stage;
  figures.recoverFromMs = monotonicMs();
  if (scenario.comeback === 'by-itself') {
    await cluster.waitHealthy(RECOVER_DEADLINE_MS);
    figures.recoverToMs = monotonicMs();
    return;
  }
  if (scenario.comeback === 'home') {
    const way = await goHome(stage);
    figures.recoverFromMs = way.fromMs;
    figures.recoverToMs = way.toMs;
    figures.recoverMethod = way.method;
    return;
  }
  const { master, standby } = rolesOf(
    await until('a Master to recover to', REACHABLE_DEADLINE_MS, () => cluster.someStatus(), 200),
  );
  const reachable = (status: Status) => status.nodes.some((node) => node.name === standby && node.reachable);
  await cluster.statusWhere(master, `${standby} heard again`, REACHABLE_DEADLINE_MS, reachable);
  const before = recoverOf(await cluster.status(master), standby)?.requestId;
  figures.recoverFromMs = monotonicMs();
  const command = cluster.yosugara(master, ['recover', ...scenario.recoverArgs]);
  // Its end and the sync set are two things: the figure ends with the sync set. A refusal ends it at once.
  const refused = new Promise<never>((_, reject) => command.catch(reject));
  const healthy = cluster.statusWhere(master, `${standby} back in the sync set`, RECOVER_DEADLINE_MS, isHealthy);
  healthy.catch(() => {});
  const back = await Promise.race([healthy, refused]);
  figures.recoverToMs = monotonicMs();
  // It may have come back by itself before it was told: then there is no new recover, and an old one's method says nothing.
  const progress = recoverOf(back, standby);
  figures.recoverMethod = progress?.requestId === before ? null : (progress?.method ?? null);
  await command;
  const newest = recoverReportOf(await cluster.status(master), standby);
  if (newest !== null && newest.requestId === progress?.requestId) figures.recoverPhases = newest.phases;
  const used = scenario.methods as readonly string[];
  if (figures.recoverMethod !== null && standby === target && !used.includes(figures.recoverMethod))
    throw new LabToolError('recover', `${standby} came back by ${figures.recoverMethod}; allowed is ${used.join(' or ')}`);
}

/** What helps to understand a failed run, while the hosts still stand. */
export async function keepEvidence(cluster: LabCluster, dir: string, keptDir: string): Promise<void> {
  await mkdir(keptDir, { recursive: true });
  await cp(join(dir, 'logs'), join(keptDir, 'logs'), { recursive: true }).catch(() => {});
  for (const name of cluster.stores) {
    const host = cluster.hosts[name];
    if (!host.isOn) continue;
    for (const part of ['state/logs', 'data/log']) {
      const from = host.pathFromOutside(`${host.mountpoint}/${part}`);
      const to = join(keptDir, name, part.replace('/', '-'));
      await mkdir(join(keptDir, name), { recursive: true });
      // A program of its own, with a deadline: the volume may hang, and would take a thread of the lab along.
      await tryRun('cp', ['-r', from, to]);
    }
  }
}
