import { isLeader, leaderOf, termOf } from '@yosugara/consensus';
import { type ClusterRecord, estimateOf, type PostgresFacts, predict, troublesOfCluster, wallTime } from '@yosugara/failover';
import { formatLsn, type NodeId } from '@yosugara/kernel';
import { type Alarm, type ReceiversAnswer, runbookPath, type Status } from '@yosugara/protocol';
import { hostAlarms } from './host-alarms.js';
import { keyAlarms, keyForecast } from './key-alarms.js';
import { upgradeOf } from './levels.js';
import { lossAlarms } from './loss-alarms.js';
import { observe } from './observe.js';
import { recoverOf } from './recovering.js';
import { reportOf } from './report.js';
import type { ControllerState } from './state.js';
import type { NodeReport } from './types.js';

/** What the configuration knows and the core does not need. */
export interface StatusContext {
  readonly clusterId: string;
  readonly profile: string;
  readonly members: readonly {
    readonly id: string;
    readonly kind: 'data' | 'witness' | 'dr';
    readonly address: string;
    readonly zone: string;
  }[];
  readonly vip: { readonly address: string; readonly driver: string } | null;
}

const HEARD_MS = 2_500;

/** The status document, as seen from this member; what it has not heard lately is UNKNOWN, never guessed. */
export function statusOf(state: ControllerState, context: StatusContext): Status {
  const o = observe(state);
  const { record, config } = state;
  const reports = new Map<NodeId, NodeReport>(
    [...state.reports].filter(([, held]) => state.nowMs - held.atMs <= HEARD_MS).map(([node, held]) => [node, held.report]),
  );
  reports.set(config.self, reportOf(state));
  const owner = record.owner === null ? undefined : reports.get(record.owner);
  const master =
    record.phase === 'serving' && owner?.postgres.kind === 'primary' && owner.role.startsWith('MASTER') ? record.owner : null;
  const witness = context.members.find((member) => member.kind === 'witness');
  const nodes = context.members
    .filter((member) => member.kind !== 'witness')
    .map((member) => nodeOf(state, member, reports.get(member.id as NodeId), owner));
  const forecast = predict(o);
  return {
    clusterId: context.clusterId,
    epoch: record.epoch,
    phase: record.phase,
    master,
    leader: isLeader(state.raft) ? config.self : leaderOf(state.raft),
    term: termOf(state.raft),
    profile: context.profile,
    policy: config.settings.policy,
    stopProofs: [...config.settings.stopProofs],
    answeredBy: config.self,
    nodes,
    arbiter:
      witness === undefined
        ? null
        : {
            name: witness.id,
            address: witness.address,
            zone: witness.zone,
            voting: reports.has(witness.id as NodeId),
            processes: [...(reports.get(witness.id as NodeId)?.host.processes ?? [])],
          },
    vip:
      context.vip === null ? null : { ...context.vip, holder: [...reports.values()].find((report) => report.vip)?.node ?? null },
    links: linksOf(
      config.members.map((member) => member.id),
      reports,
    ),
    ifMasterDied: {
      failsOver: forecast.failsOver,
      to: forecast.to,
      seconds: forecast.seconds,
      dataLoss: forecast.dataLoss,
      reason: `${forecast.reason}${keyForecast(forecast.to, reports)}`,
    },
    alarms: withRunbooks([
      ...alarmsOf(context, nodes, master, witness !== undefined && !reports.has(witness.id as NodeId), forecast, {
        away: [...record.maintenance.map(({ node }) => node), ...config.settings.drNodes],
        byRequest: record.maintenance.length > 0 || record.pause !== null,
      }),
      ...awayAlarms(record),
      ...[...reports.values()].flatMap(receiverAlarms),
      ...[...reports.values()].flatMap(hostAlarms),
      ...[...reports.values()].flatMap(keyAlarms),
      ...[...reports.values()].flatMap((report) => report.troubles ?? []),
      ...troublesOfCluster(o, master !== null),
    ]),
    fence: [...reports.values()].flatMap((report) =>
      (report.fenceHealth ?? []).map(({ target, healthy, offMs, atMs, says }) => {
        return { target, by: report.node, healthy, offMs, ageMs: Math.max(0, Math.round(-atMs)), says };
      }),
    ),
    lastFence: lastFenceOf(record),
    pause: record.pause === null ? null : { until: new Date(record.pause.untilWallMs).toISOString(), why: record.pause.why },
    maintenance: record.maintenance.map(({ node, untilWallMs, why }) => ({
      node,
      until: new Date(untilWallMs).toISOString(),
      why,
    })),
    away: awayOf(record),
    upgrade: upgradeOf(state, context),
    history: record.history.map((change) => ({
      epoch: change.epoch,
      owner: change.owner,
      from: change.from,
      at: new Date(change.atWallMs).toISOString(),
      cause: change.cause,
      proof: change.proof === null ? null : `${change.proof.kind}: ${change.proof.evidence}`,
      timeline: change.timeline,
    })),
  };
}

function lastFenceOf({ fence }: ClusterRecord): NonNullable<Status['lastFence']> | null {
  if (fence === null) return null;
  const { requestId, target, by, state, method, evidence, atWallMs, ordered } = fence;
  return { requestId, target, by, state, method, evidence, at: new Date(atWallMs).toISOString(), ordered: ordered ?? null };
}

/** T9: since when, on whose word, and at what price the Master is in another site. */
function awayOf({ away }: ClusterRecord): NonNullable<Status['away']> | null {
  if (away == null) return null;
  const { node, by, evidence, received, lostBytes, heardAgoMs } = away;
  const at = new Date(away.atWallMs).toISOString();
  return { node, by, evidence, at, received: received === null ? null : formatLsn(received), lostBytes, heardAgoMs };
}

/** Whoever reads an alarm finds what to do. */
const withRunbooks = (alarms: readonly Alarm[]): Status['alarms'] =>
  alarms.map((alarm) => ({ ...alarm, runbook: runbookPath(alarm.code) }));

function awayAlarms({ away }: ClusterRecord): readonly Alarm[] {
  if (away == null) return [];
  const text = `the cluster is away on ${away.node} since ${wallTime(away.atWallMs)} (${away.evidence}); ${estimateOf(away)}; \`yosugara recover\` the nodes of the other site when they are back, then \`yosugara switchover\` to one of them`;
  return [{ level: 'red', code: 'AWAY', text }];
}

type Node = Status['nodes'][number];

function nodeOf(
  state: ControllerState,
  member: StatusContext['members'][number],
  report: NodeReport | undefined,
  owner: NodeReport | undefined,
): Node {
  const { record } = state;
  const id = member.id as NodeId;
  const facts = report?.postgres;
  const walEnd = facts !== undefined && 'walEnd' in facts ? facts.walEnd : null;
  const ownerEnd = owner?.postgres.kind === 'primary' ? owner.postgres.walEnd : null;
  const processes = [...(report?.host.processes ?? [])];
  const returning = recoverOf(state, id, report);
  if (report?.receiver != null) processes.push({ name: 'receiver', pid: report.receiver.pid });
  return {
    name: member.id,
    kind: member.kind === 'dr' ? 'dr' : 'data',
    address: member.address,
    zone: member.zone,
    role: report?.role ?? 'UNKNOWN',
    why: report?.why ?? 'not heard',
    reachable: report !== undefined,
    syncSet: record.syncSet.includes(id),
    lagBytes: walEnd === null || ownerEnd === null ? null : Math.max(0, ownerEnd - walEnd),
    timeline: facts !== undefined && 'timeline' in facts ? facts.timeline : null,
    lsn: walEnd === null ? null : formatLsn(walEnd),
    postgres: facts === undefined ? 'unknown' : describe(facts),
    postgresSource: report?.host.postgresSource ?? '',
    vip: report?.vip ?? false,
    needsRecover: report?.needsRecover ?? (record.everSync.includes(id) && !record.syncSet.includes(id)),
    deadMan: report?.host.deadMan ?? 'none',
    receiver:
      report?.receiver == null
        ? null
        : {
            up: true,
            received: report.receiver.received,
            behindPeer: report.receiver.behindPeer,
            peerLink: report.receiver.peerLink,
          },
    recover: returning.recover,
    recoverReport: returning.report,
    keys: report?.manager?.keys ?? null,
    processes,
  };
}

const describe = (facts: PostgresFacts): string =>
  facts.kind === 'standby' ? `standby, ${facts.receiver}` : facts.kind === 'stopped' ? `stopped (${facts.state})` : facts.kind;

function linksOf(ids: readonly NodeId[], reports: ReadonlyMap<NodeId, NodeReport>): Status['links'] {
  return ids.flatMap((from) =>
    ids
      .filter((to) => to !== from)
      .map((to) => {
        const heard = reports.get(from)?.heard.find((link) => link.peer === to);
        return { from, to, state: heard?.state ?? ('down' as const), via: heard?.via ?? null };
      }),
  );
}

function alarmsOf(
  context: StatusContext,
  nodes: readonly Node[],
  master: NodeId | null,
  witnessLost: boolean,
  forecast: { readonly failsOver: boolean; readonly reason: string },
  { away, byRequest }: { readonly away: readonly string[]; readonly byRequest: boolean },
): readonly Alarm[] {
  const alarms: Alarm[] = [];
  if (!forecast.failsOver && master !== null)
    alarms.push({
      // What an operator asked for is no fault; PAUSED and MAINTENANCE nag beside it.
      level: byRequest ? 'yellow' : 'red',
      code: 'NO_FAILOVER',
      text: `if the Master died now, nobody would take over: ${forecast.reason}`,
    });
  const serving = nodes.find((node) => node.name === master);
  if (context.vip !== null && context.vip.driver !== 'none' && serving !== undefined && !serving.vip)
    alarms.push({
      level: 'red',
      code: 'VIP_LOST',
      text: `the Master ${serving.name} does not hold the VIP ${context.vip.address}`,
    });
  if (master === null) alarms.push({ level: 'red', code: 'NO_MASTER', text: 'no Master is serving' });
  // A node in maintenance is not missed: it has an alarm of its own.
  const out = nodes.filter((node) => !node.syncSet && !away.includes(node.name));
  for (const node of out)
    alarms.push({ level: 'red', code: 'NO_REDUNDANCY', text: `${node.name} is not in the sync set: ${node.why}` });
  // In another site no receiver runs (docs/dr.md): there is none to be missed.
  for (const node of nodes)
    if (node.receiver === null && node.kind !== 'dr')
      alarms.push({ level: 'yellow', code: 'RECEIVER_DOWN', text: `the receiver of ${node.name} is not heard` });
  if (witnessLost)
    alarms.push({ level: 'yellow', code: 'ARBITER_LOST', text: 'the arbiter is not heard: one more fault stops the service' });
  const witness = context.members.find((member) => member.kind === 'witness');
  const shares = context.members.find((member) => member.kind === 'data' && member.zone === witness?.zone);
  if (witness !== undefined && shares !== undefined)
    alarms.push({
      level: 'red',
      code: 'ARBITER_ZONE',
      text: `the arbiter shares the zone ${witness.zone} with ${shares.id}: what takes one takes both`,
    });
  return alarms;
}

/** The receivers' own words, for whoever asks in detail; null: not heard. */
export function receiversOf(state: ControllerState): ReceiversAnswer {
  const heard = (id: NodeId): NodeReport | undefined => {
    if (id === state.config.self) return reportOf(state);
    const held = state.reports.get(id);
    return held !== undefined && state.nowMs - held.atMs <= HEARD_MS ? held.report : undefined;
  };
  // In another site no receiver runs (docs/dr.md).
  const nodes = state.config.members.filter(({ id, kind }) => kind === 'data' && !state.config.settings.drNodes.includes(id));
  return { receivers: nodes.map(({ id }) => ({ node: id, report: heard(id)?.receiver ?? null })) };
}

function receiverAlarms({ node, receiver, manager }: NodeReport): readonly Alarm[] {
  const alarms: Alarm[] = lossAlarms(node, receiver, manager);
  if (receiver === null) return alarms;
  const full = (text: string) => alarms.push({ level: 'red', code: 'RECEIVER_FULL', text });
  if (receiver.journalFull === true) full(`the journal of ${node} is full: it refuses new messages`);
  if (receiver.linkWhy === 'peer_full') full(`the copy of the journal of ${node} is full on its peer`);
  else if (receiver.peerLink === 'down') {
    const why = receiver.linkWhy === 'stalled' ? 'its peer acknowledges nothing' : "it does not reach its peer's receiver";
    alarms.push({ level: 'yellow', code: 'RECEIVER_LINK_DOWN', text: `messages of ${node} are on one disk only: ${why}` });
  }
  return alarms;
}
