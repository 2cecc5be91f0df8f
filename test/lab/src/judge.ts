import { auditViolations } from './check/audit.js';
import { check } from './check/checker.js';
import { longestGapMs, nameHolders, worstGapMs } from './check/measure.js';
import { type StatedLoss, statedLoss } from './check/stated-loss.js';
import { recoverThroughput, traceLine } from './check/throughput.js';
import type { Acknowledged, RecoverThroughput, RunReport } from './check/types.js';
import type { ClientResult } from './client/main.js';
import { type LabCluster } from './cluster/cluster.js';
import { rolesOf } from './cluster/roles.js';
import { until } from './host/shell.js';
import { readAll, waitForIngest } from './read-back.js';
import { type AuditFinding, type Figures, MESSAGES_PER_SECOND, type RunContext, runTagOf, SETTLING_MS } from './run-context.js';
import { BASE_BACKUP_FACTOR } from './scenarios/timed.js';
import { DEFAULT_STEADY_MS, limitsOf, variantOf } from './scenarios/types.js';
import { countOnBoth } from './senders/read-streams.js';
import { senderLines } from './senders/table.js';

/** Nothing came back from the client: there is nothing to judge. */
export function unmeasured(trouble: readonly string[]): RunReport {
  return {
    failoverMs: null,
    recoverMs: null,
    writesAcknowledged: 0,
    writesLost: 0,
    messagesSent: 0,
    messagesLost: 0,
    messagesDoubled: 0,
    twoMastersMs: 0,
    ok: false,
    why: trouble.join('; '),
    recoverMethod: null,
    recoverGapMs: null,
  };
}

/** Holds what the client was told, and what the operator was told, against what the nodes hold. */
export async function judge(
  context: RunContext,
  result: ClientResult,
  figures: Figures,
  audit: AuditFinding,
  before: readonly string[],
): Promise<RunReport> {
  const trouble = [...before];
  const { cluster, promises } = context;
  const acknowledged = nameHolders(result.acknowledged, await owners(cluster));
  const everything = [...promises, ...acknowledged];
  const loss = figures.promotion === null ? null : statedLoss(everything, figures.promotion);
  const gone = new Set(loss?.lost);
  const promised = { ...result, acknowledged: everything, gone, ...unheardOf(context, result, figures) };
  const nodes = await readBack(context, result, trouble);
  const { violations, ...counts } = check(promised, nodes);
  const senders = figures.sent === null ? null : await judgeSenders(context, figures.sent, trouble);
  trouble.push(...violations, ...(loss?.violations ?? []));
  if (audit.onDisk !== null) trouble.push(...auditViolations(audit.node, audit.onDisk, promised.acknowledged, figures.faultMs));
  if (result.unsent.length > 0 && !context.scenario.deaf)
    trouble.push(`the lab itself could not send ${result.unsent.length} messages`);
  // One by one: half an hour of writes is more than a call takes as arguments.
  promises.length = 0;
  for (const write of everything) if (!gone.has(write)) promises.push(write);
  const gap = (fromMs: number, toMs: number) =>
    fromMs === 0 || toMs === 0 ? null : rounded(worstGapMs(result.acknowledged, { fromMs, toMs }));
  const [failoverMs, recoverGapMs] = [
    gap(figures.faultMs, figures.acknowledgedAgainMs),
    gap(figures.recoverFromMs, figures.recoverToMs),
  ];
  const recoverMs = figures.recoverToMs === 0 ? null : Math.round(figures.recoverToMs - figures.recoverFromMs);
  await cluster.waitHealthy(10_000).catch(() => trouble.push('not healthy at the end'));
  const trace = throughput(result.acknowledged, figures, context.scenario.steadyMs - SETTLING_MS);
  if (trace !== null && context.scenario.steadyMs > DEFAULT_STEADY_MS) context.say(traceLine(trace));
  return {
    failoverMs,
    recoverMs,
    ...counts,
    writesAcknowledged: result.acknowledged.length,
    ok: trouble.length === 0,
    why: trouble.join('; '),
    recoverMethod: figures.recoverMethod,
    recoverGapMs,
    powerLog: powerLog(cluster, figures),
    recoverThroughput: trace?.share ?? null,
    recoverTrace: trace,
    plainBaseBackupMs: figures.plainBaseBackupMs,
    statedLoss: statedOf(figures, loss),
    variant: variantOf(context.scenario, context.variantNumber),
    ...(senders === null && figures.counts.length === 0 ? {} : { senders: [...(senders ?? []), ...figures.counts] }),
    measured: {
      ...figures.measured,
      ...gapsOf(result.acknowledged, figures),
      ...(failoverMs === null ? {} : byWriter(result.acknowledged, figures)),
    },
    withinGoal: withinGoal(context, figures, failoverMs, recoverMs),
  };
}

/** Of each step, the worse of the two writers. */
function gapsOf(acknowledged: readonly Acknowledged[], { windows }: Figures): Record<string, number> {
  const gaps = windows.map((window) => [`${window.name}: longest gap, ms`, worstGapMs(acknowledged, window)] as const);
  return Object.fromEntries(gaps.flatMap(([name, gap]) => (gap === null ? [] : [[name, Math.round(gap)]])));
}

/** Who was kept from writing for how long: the database opens before the manager's API does. */
function byWriter(acknowledged: readonly Acknowledged[], { faultMs, acknowledgedAgainMs }: Figures): Record<string, number> {
  const gaps = (['sql', 'api'] as const).map((writer) => {
    const gap = longestGapMs(acknowledged, writer, { fromMs: faultMs, toMs: acknowledgedAgainMs });
    return [`longest gap of the ${writer} writer, ms`, gap] as const;
  });
  return Object.fromEntries(gaps.flatMap(([name, gap]) => (gap === null ? [] : [[name, Math.round(gap)]])));
}

function statedOf({ promotion }: Figures, loss: StatedLoss | null): NonNullable<RunReport['statedLoss']> | null {
  return loss === null ? null : { writes: loss.lost.length, bytes: loss.bytes, statedBytes: promotion?.lostBytes ?? null };
}

/** A sender of UDP cannot know: what went out while nobody could hear it is nobody's loss. */
function unheardOf({ scenario }: RunContext, result: ClientResult, { faultMs, recoverToMs }: Figures) {
  if (!scenario.deaf || faultMs === 0) return {};
  const at = (ms: number) => Math.round(((ms - result.sendingBeganMs) * MESSAGES_PER_SECOND) / 1_000);
  return { unheard: { from: at(faultMs) - 50, to: recoverToMs === 0 ? result.messagesSent : at(recoverToMs) } };
}

function powerLog(cluster: LabCluster, { faultMs }: Figures): readonly string[] {
  const asked = cluster.power.log.filter((event) => faultMs > 0 && event.monotonicMs >= faultMs);
  return asked.map(
    (event) =>
      `${Math.round(event.monotonicMs - faultMs)} ms: ${event.host}: ${event.asked} → ${event.answered} (${Math.round(event.tookMs)} ms)`,
  );
}

function throughput(acknowledged: readonly Acknowledged[], figures: Figures, windowMs: number): RecoverThroughput | null {
  const { faultMs, recoverFromMs, recoverToMs, recoverPhases } = figures;
  return recoverThroughput(
    acknowledged,
    {
      before: { fromMs: faultMs - windowMs, toMs: faultMs },
      during: { fromMs: recoverFromMs, toMs: recoverToMs },
      after: { fromMs: recoverToMs, toMs: recoverToMs + windowMs },
    },
    recoverPhases,
  );
}

/** null: no goal, or nothing was measured. */
function withinGoal(context: RunContext, figures: Figures, failoverMs: number | null, recoverMs: number | null): boolean | null {
  const limits = limitsOf(context.scenario, variantOf(context.scenario, context.variantNumber));
  const judged = [
    [failoverMs, (context.cluster.members.length === 2 ? limits.twoNodesMs : undefined) ?? limits.failoverMs],
    [recoverMs, limits.recoverMs],
    [recoverMs, figures.plainBaseBackupMs === null ? undefined : figures.plainBaseBackupMs * BASE_BACKUP_FACTOR],
  ] as const;
  const met = judged.flatMap(([measured, goal]) => (measured === null || goal === undefined ? [] : [measured <= goal]));
  return met.length === 0 ? null : met.every((one) => one);
}

async function judgeSenders(
  context: RunContext,
  sent: NonNullable<Figures['sent']>,
  trouble: string[],
): Promise<RunReport['senders'] & {}> {
  const { cluster, beganAt } = context;
  try {
    const { counts, violations } = await countOnBoth(cluster, { runTag: runTagOf(context), beganAt }, sent);
    trouble.push(...violations);
    for (const line of senderLines(counts)) context.say(line);
    return counts;
  } catch (error) {
    trouble.push(`reading the senders' messages back: ${error instanceof Error ? error.message : error}`);
    return [];
  }
}

const rounded = (value: number | null) => (value === null ? null : Math.round(value));

async function readBack(context: RunContext, result: ClientResult, trouble: string[]) {
  const { cluster } = context;
  try {
    const status = await until('a Master to read from', 10_000, () => cluster.someStatus(), 200);
    const { master, standby } = rolesOf(status);
    const run = { runTag: runTagOf(context), beganAt: context.beganAt };
    await waitForIngest(cluster, master, run, result.messagesSent);
    return await readAll(cluster, master, cluster.hasDr ? [standby, 'd'] : [standby], run);
  } catch (error) {
    trouble.push(`read back: ${error instanceof Error ? error.message : error}`);
    return [];
  }
}

/** epoch → node, as the committed record's history has it. */
async function owners(cluster: LabCluster): Promise<ReadonlyMap<number, string>> {
  const status = await cluster.someStatus();
  return new Map(status?.history.map(({ epoch, owner }) => [epoch, owner]));
}
