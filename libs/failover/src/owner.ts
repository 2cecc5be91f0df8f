import type { NodeId } from '@yosugara/kernel';
import { assertNever } from '@yosugara/kernel';
import { homeward } from './away.js';
import { proofOfStop } from './claimant.js';
import type { PostgresFacts } from './facts.js';
import { fencing } from './fencing.js';
import { notJoinable, outOnPurpose } from './fitness.js';
import { stopNow } from './follower.js';
import { heldBack, type Move, movesAway, RESTARTS_MAX, RESTARTS_WITHIN_MS } from './governance.js';
import { managerMove } from './manager.js';
import { type Action, type Decision, type Observation, propose } from './observation.js';
import { newestTimeline } from './record.js';
import { whyOf } from './transitions.js';
import { isUnanswered, shootStandby } from './twoNodes.js';
import {
  coolingDown,
  heardLately,
  isQuiet,
  isRunningHeir,
  othersOf,
  requiredNames,
  rowOf,
  sameNames,
  successor,
} from './view.js';

type Part = Pick<Decision, 'role' | 'why' | 'actions'>;

/** T1: a peer further behind than this is not joined yet. */
const JOIN_LAG_BYTES = 16 * 1024 * 1024;
const JOIN_AGAIN_MS = 1_000;
/** The manager and the VIP may be late; the database opens without them after this. */
const OPEN_PATIENCE_MS = 3_000;
const SWITCHOVER_PATIENCE_MS = 8_000;
/** A host that goes down gives a program some ten seconds in all. */
const GIVE_WAY_STOP_MS = 3_000;
const LEVEL_PATIENCE_MS = 1_500;

/** Rounds that come back too late (roundMaxMs) renew our lease, but are not handed to the dead man. */
const UNARMED = 'waiting for a fresh round: the dead man is not armed';

/** What the owner does, its lease holding. */
export function own(o: Observation): Part {
  const lost = unusable(o);
  if (lost !== null) return abandon(o, lost);
  const part = inPhase(o);
  const { why, actions } = fencing(o, isUnproven(o));
  if (why === null) return part;
  return {
    ...part,
    why: o.record.phase === 'serving' ? `${part.why}; ${why}` : why,
    actions: [...part.actions, ...actions],
  };
}

/** Everything is ready here: only what has become of the old owner is not known. */
const isUnproven = (o: Observation): boolean =>
  o.record.phase === 'stopping-old' && o.postgres.kind === 'standby' && proofOfStop(o) === null;

function inPhase(o: Observation): Part {
  switch (o.record.phase) {
    case 'stopping-old':
      return stoppingOld(o);
    case 'promoting':
      return promoting(o);
    case 'serving':
      return serving(o);
    case 'none':
      return { role: 'INIT', why: 'no owner yet', actions: [] };
    default:
      return assertNever(o.record.phase);
  }
}

/** What is here can never be served, whatever the phase. null: it can. */
function unusable(o: Observation): string | null {
  const facts = o.postgres;
  if (o.record.systemId === null) return null;
  if (facts.kind === 'empty') return 'the data directory is gone';
  if (facts.kind === 'stopped' && facts.state === 'incomplete') return 'the data directory is an interrupted copy';
  return 'systemId' in facts && facts.systemId !== o.record.systemId ? 'the data directory belongs to another cluster' : null;
}

/** The epoch goes to whoever holds the data, too; with nobody left an operator is asked for (see `follow`). */
function abandon(o: Observation, why: string): Part {
  if (!isQuiet(o) || o.postgres.kind === 'standby')
    return { role: 'HALT', why, actions: o.postgres.kind === 'primary' || o.postgres.kind === 'standby' ? [stopNow(o)] : [] };
  return giveUp(o, why);
}

function stoppingOld(o: Observation): Part {
  const facts = o.postgres;
  const previous = o.record.previous?.node ?? null;
  if (facts.kind === 'primary')
    return { role: 'DEMOTING', why: 'PostgreSQL here is writable without a right to it', actions: [stopNow(o)] };
  if (facts.kind === 'hung')
    return {
      role: 'TAKEOVER',
      why: 'PostgreSQL here does not answer',
      actions: [{ kind: 'pg.stop', mode: 'kill', budgetMs: 0 }],
    };
  if (facts.kind === 'standby' && facts.receiver !== 'cut')
    return {
      role: 'TAKEOVER',
      why: 'cutting the receiver: from then on the old owner cannot acknowledge',
      actions: [{ kind: 'pg.follow', follow: null }],
    };
  // An action in flight, such as following the old owner, could open the receiver again: what was seen before it proves nothing.
  if (o.postgresBusy !== null) return { role: 'TAKEOVER', why: `waiting for ${o.postgresBusy} to end`, actions: [] };
  if (facts.kind === 'unreadable') return giveUp(o, VOLUME_HANGS);
  const ready = facts.kind === 'standby' || o.record.systemId === null;
  if (!ready)
    return facts.kind === 'stopped' && !coolingDown(o, 'pg.startStandby')
      ? { role: 'TAKEOVER', why: 'starting PostgreSQL in recovery', actions: [{ kind: 'pg.startStandby', follow: null }] }
      : { role: 'TAKEOVER', why: `PostgreSQL here is ${facts.kind}`, actions: [] };
  const proof = proofOfStop(o);
  if (proof === null) return { role: 'TAKEOVER', why: `waiting for a proof that ${previous} has stopped`, actions: [] };
  return {
    role: 'TAKEOVER',
    why: proof.evidence,
    actions: [propose({ kind: 'proveStopped', epoch: o.record.epoch, proof, policy: o.settings.policy })],
  };
}

function promoting(o: Observation): Part {
  const facts = o.postgres;
  const names = requiredNames(o);
  switch (facts.kind) {
    case 'empty':
      return o.record.systemId === null
        ? {
            role: 'PROMOTING',
            why: 'making the first database',
            actions: coolingDown(o, 'pg.initialise') ? [] : [{ kind: 'pg.initialise' }],
          }
        : abandon(o, 'the data directory is gone');
    case 'stopped':
      if (o.record.systemId === null && !o.armed) return { role: 'PROMOTING', why: UNARMED, actions: [] };
      // First start only: everybody else is promoted out of recovery.
      return {
        role: 'PROMOTING',
        why: 'starting PostgreSQL',
        actions: [o.record.systemId === null ? { kind: 'pg.startPrimary', names } : { kind: 'pg.startStandby', follow: null }],
      };
    case 'standby':
      if (facts.receiver !== 'cut')
        return {
          role: 'PROMOTING',
          why: 'cutting the receiver before the promotion',
          actions: [{ kind: 'pg.follow', follow: null }],
        };
      if (!o.armed) return { role: 'PROMOTING', why: UNARMED, actions: [] };
      if (asksHook(o)) return hookBefore(o);
      if (coolingDown(o, 'pg.promote')) return { role: 'PROMOTING', why: 'the promotion failed; trying again', actions: [] };
      return {
        role: 'PROMOTING',
        why: 'the old owner is proven stopped',
        actions: [{ kind: 'pg.promote', names, above: newestTimeline(o.record) }],
      };
    case 'primary':
      return open(o);
    case 'hung':
      return { role: 'PROMOTING', why: 'PostgreSQL does not answer', actions: [{ kind: 'pg.stop', mode: 'kill', budgetMs: 0 }] };
    case 'unreadable':
      return giveUp(o, VOLUME_HANGS);
    case 'starting':
    case 'unknown':
      return { role: 'PROMOTING', why: `PostgreSQL is ${facts.kind}`, actions: [] };
    default:
      return assertNever(facts);
  }
}

const asksHook = (o: Observation): boolean => o.settings.hooks.beforePromotion && o.hookBefore !== 'passed';

/**
 * The operator's program may refuse: then nobody serves, and it is asked again, ever more slowly. The epoch is kept: with the proof
 * committed the sync set may be this node alone, so giving it up would help nobody, and claims would follow each other for nothing.
 */
function hookBefore(o: Observation): Part {
  if (o.hookBefore === 'running') return { role: 'PROMOTING', why: 'waiting for the hook before promotion', actions: [] };
  if (coolingDown(o, 'hook.run'))
    return { role: 'PROMOTING', why: 'the hook before promotion refused; it is asked again soon', actions: [] };
  return {
    role: 'PROMOTING',
    why: 'the hook before promotion is asked',
    actions: [{ kind: 'hook.run', which: 'before', epoch: o.record.epoch }],
  };
}

/** Writable: gated manager, VIP, then the record says serving. */
function open(o: Observation): Part {
  if (o.postgres.kind !== 'primary') return { role: 'PROMOTING', why: 'not yet writable', actions: [] };
  const actions: Action[] = [{ kind: 'manager.mode', mode: 'gated' }];
  if (!sameNames(o.postgres.names, requiredNames(o))) actions.push({ kind: 'pg.setNames', names: requiredNames(o) });
  const namesRight = actions.length === 1;
  if (o.settings.hasVip && !o.vipHeld && o.gated !== true && !coolingDown(o, 'vip.hold')) actions.push({ kind: 'vip.hold' });
  const managerReady = o.manager?.ready === true && o.manager.epoch === o.record.epoch && o.manager.mode !== 'passive';
  // A VIP that cannot be set, or a manager that does not come, is an alarm, and no reason for nobody to serve.
  const waited = o.nowMs - o.postgresSinceMs >= OPEN_PATIENCE_MS;
  const vipReady = !o.settings.hasVip || o.vipHeld;
  if (namesRight && ((vipReady && managerReady) || waited)) actions.push(tellOpened(o, o.postgres));
  return { role: 'MASTER_GATED', why: managerReady ? 'opening' : 'waiting for the manager', actions };
}

const tellOpened = (o: Observation, { timeline, forks, systemId }: Extract<PostgresFacts, { kind: 'primary' }>): Action =>
  propose({ kind: 'opened', epoch: o.record.epoch, timeline, forks, systemId, atWallMs: o.wallMs });

const giveUp = (o: Observation, why: string): Part => ({
  role: 'STOPPED',
  why,
  actions: !isQuiet(o)
    ? []
    : [propose({ kind: 'release', epoch: o.record.epoch, by: o.self, walEnd: null, cause: `${o.self}: ${why}` })],
});

function serving(o: Observation): Part {
  if (o.record.switchover !== null && o.record.switchover.epoch === o.record.epoch) return switchover(o, o.record.switchover);
  const facts = o.postgres;
  const move = movesAway(o) ?? managerMove(o);
  const heir = successor(o);
  // An operating system that goes down tells PostgreSQL to end, too: it answers nobody any more, and is stopped like any other.
  const isThere =
    facts.kind === 'primary' ||
    facts.kind === 'stopped' ||
    (o.leaving && (facts.kind === 'starting' || facts.kind === 'standby'));
  if (move !== null && heir !== null && isThere) return giveWay(o, move, heir);
  // It is going down, and nobody can take over: what it stopped, or what ended by itself, is not started again.
  if (o.leaving && (facts.kind === 'stopped' || facts.kind === 'empty'))
    return { role: 'STOPPED', why: `planned stop of ${o.self}; nobody can take over`, actions: [] };
  if (facts.kind === 'primary') return keepServing(o);
  if (facts.kind === 'unknown' || facts.kind === 'starting')
    return { role: 'MASTER_SOLO', why: `PostgreSQL is ${facts.kind}`, actions: [] };
  return failedHere(o);
}

/** A move without an operator's switchover: quiet, stop, see that the heir holds all, release. Like T4, but it never turns back. */
function giveWay(o: Observation, move: Move, heir: NodeId): Part {
  const facts = o.postgres;
  const sending = o.leaving && (facts.kind === 'standby' || o.postgresBusy === 'pg.startStandby');
  if (sending) return sendRest(o, move, heir);
  if (facts.kind !== 'stopped')
    return {
      role: 'DEMOTING',
      why: `${move.cause}: ${heir} takes over`,
      actions: [
        { kind: 'manager.mode', mode: 'passive' },
        { kind: 'pg.stop', mode: move.stop, budgetMs: move.stop === 'fast' ? GIVE_WAY_STOP_MS : 0 },
      ],
    };
  // Every acknowledged commit is there already; with our last checkpoint there, too, this node returns without a rewind.
  const held = o.peers.get(heir)?.postgres;
  const level = held?.kind === 'standby' && held.walEnd >= facts.walEnd;
  // A receiver that ended has got all that it will ever get from here.
  const receives = held?.kind === 'standby' && held.receiver === 'streaming';
  const sinceMs = o.nowMs - o.postgresSinceMs;
  const patient = receives && facts.state === 'clean-primary' && sinceMs < LEVEL_PATIENCE_MS;
  const sendsRest = o.leaving && held?.kind === 'standby' && !level && !receives && facts.state === 'clean-primary';
  if (sendsRest && o.postgresBusy === null && !coolingDown(o, 'pg.startStandby'))
    return {
      role: 'DEMOTING',
      why: `${move.cause}: ${heir} lacks the end of the WAL; it is sent by a start in recovery`,
      actions: [{ kind: 'pg.startStandby', follow: null }],
    };
  if (!isQuiet(o) || (!level && patient))
    return { role: 'DEMOTING', why: `${move.cause}: waiting until ${heir} holds everything`, actions: [] };
  const walEnd = level ? facts.walEnd : null;
  return {
    role: 'DEMOTING',
    why: `${move.cause}: ${heir} takes over`,
    actions: [
      propose({ kind: 'release', epoch: o.record.epoch, by: o.self, walEnd, cause: move.cause, automatic: move.automatic }),
    ],
  };
}

/**
 * Walsenders that were told to end themselves, as everybody on a host that goes down, did not send the last WAL. In recovery, where
 * nothing is written, new ones do: so this node returns without a rewind, and commits that nobody was told of live on.
 */
function sendRest(o: Observation, move: Move, heir: NodeId): Part {
  const facts = o.postgres;
  const held = o.peers.get(heir)?.postgres;
  const level = facts.kind === 'standby' && held?.kind === 'standby' && held.walEnd >= facts.walEnd;
  const over = facts.kind === 'standby' && (level || o.nowMs - o.postgresSinceMs >= LEVEL_PATIENCE_MS);
  return {
    role: 'DEMOTING',
    why: `${move.cause}: ${heir} fetches the end of the WAL`,
    actions: over ? [{ kind: 'pg.stop', mode: 'fast', budgetMs: GIVE_WAY_STOP_MS }] : [],
  };
}

/** T5: PostgreSQL on the owner crashed or hangs. */
function failedHere(o: Observation): Part {
  const facts = o.postgres;
  if (facts.kind === 'hung')
    return {
      role: 'DEMOTING',
      why: `${facts.because ?? 'PostgreSQL does not answer'}: it is killed, then the peer takes over`,
      actions: [
        { kind: 'manager.mode', mode: 'passive' },
        { kind: 'pg.stop', mode: 'kill', budgetMs: 0 },
      ],
    };
  if (facts.kind === 'unreadable') return unreadableHere(o);
  if (facts.kind === 'standby')
    return { role: 'DEMOTING', why: 'the database is in recovery though it should serve', actions: [stopNow(o)] };
  const held = heldBack(o);
  const heir = successor(o);
  if (heir !== null && held === null) return giveUp(o, 'PostgreSQL failed');
  if (!o.armed) return { role: 'MASTER_SOLO', why: UNARMED, actions: [] };
  if (failsAgain(o)) {
    // The limit damps; it never keeps a service down that a peer could give. A pause does, for an operator asked for it.
    if (heir !== null && o.record.pause === null) return giveUp(o, RESTARTED_TOO_OFTEN);
    return { role: 'MASTER_SOLO', why: `${RESTARTED_TOO_OFTEN}; nobody else can serve: look at its log`, actions: [] };
  }
  if (coolingDown(o, 'pg.startPrimary'))
    return { role: 'MASTER_SOLO', why: 'PostgreSQL did not start; trying again', actions: [] };
  // A hold in flight would come true behind the gate (seed 42276 of the simulator).
  if (requiredNames(o).length > 0 && (o.vipHeld || o.vipBusy))
    return {
      role: 'MASTER_GATED',
      why: `commits that wait for ${requiredNames(o).join(', ')} become visible by a restart: nobody is let in until they are there`,
      actions: o.vipHeld ? [{ kind: 'vip.release' }] : [],
    };
  return {
    role: 'MASTER_SOLO',
    why: `${held !== null && heir !== null ? held : 'no peer can take over'}: PostgreSQL is started again in place`,
    actions: [{ kind: 'pg.startPrimary', names: requiredNames(o) }],
  };
}

/** Nothing of PostgreSQL is left, and its volume hangs: it may answer again, so alone this node keeps the epoch and waits. */
function unreadableHere(o: Observation): Part {
  if (successor(o) !== null && heldBack(o) === null) return giveUp(o, VOLUME_HANGS);
  return { role: 'MASTER_SOLO', why: `${VOLUME_HANGS}, and nobody else can serve: look at its storage`, actions: [] };
}

const VOLUME_HANGS = 'the data volume does not answer';

/** The count is of a sliding time: after a wait it is tried again, for ever, and never faster than this. */
const failsAgain = (o: Observation): boolean => (o.restartsInPlace ?? 0) >= RESTARTS_MAX;
const RESTARTED_TOO_OFTEN = `PostgreSQL was started ${RESTARTS_MAX} times within ${RESTARTS_WITHIN_MS / 1_000} s and failed again`;

function keepServing(o: Observation): Part {
  if (o.postgres.kind !== 'primary') return failedHere(o);
  const gated = o.gated === true;
  const actions: Action[] = [{ kind: 'manager.mode', mode: gated ? 'gated' : 'active' }];
  if (o.postgres.forks.some(({ timeline }) => timeline > newestTimeline(o.record))) actions.push(tellOpened(o, o.postgres));
  if (o.settings.hasVip && !o.vipHeld && !gated) actions.push({ kind: 'vip.hold' });
  // Once an epoch: what it does is told, and nothing waits for it.
  if (o.settings.hooks.afterPromotion && o.hookAfter === 'none')
    actions.push({ kind: 'hook.run', which: 'after', epoch: o.record.epoch });
  actions.push(...ingestRight(o), ...slots(o), ...homeward(o));
  const part = o.record.syncSet.length > 1 ? inSync(o, requiredNames(o), actions) : alone(o, actions);
  const shot = shootStandby(o);
  return shot.why === null ? part : { ...part, why: shot.why, actions: [...part.actions, ...shot.actions] };
}

/** SYNC: the names must demand the peer (S4); a peer that stopped acknowledging leaves by T2. */
function inSync(o: Observation, required: readonly NodeId[], actions: Action[]): Part {
  if (o.postgres.kind !== 'primary') return failedHere(o);
  if (!sameNames(o.postgres.names, required)) actions.push({ kind: 'pg.setNames', names: required });
  for (const node of required) {
    const purpose = outOnPurpose(o, node) ?? switchedOff(o, node);
    if (purpose === null || o.settings.policy === 'strict') continue;
    // It still acknowledges: taken out of the record before it goes, it keeps no write waiting.
    return { role: 'MASTER_SYNC', why: purpose, actions: [...actions, leave(o, node, purpose)] };
  }
  for (const node of required) {
    const since = o.stalledSinceMs.get(node);
    // Without an arbiter the log takes nothing before the other one is off.
    if (isUnanswered(o, node)) continue;
    if (since === undefined || o.nowMs - since < o.settings.timings.syncStallMs) continue;
    if (o.settings.policy === 'strict')
      return { role: 'MASTER_SYNC', why: `writes are blocked: ${node} does not acknowledge and the policy is strict`, actions };
    if (o.record.pause !== null)
      return { role: 'MASTER_SYNC', why: `writes are blocked: ${node} does not acknowledge and the cluster is paused`, actions };
    const why = `${node} has not acknowledged for ${Math.round(o.nowMs - since)} ms`;
    return { role: 'MASTER_SYNC', why: whyOf('T2'), actions: [...actions, leave(o, node, why)] };
  }
  // `strict` never lets a member leave, so its return is no join: only the request to recover it, or that it was switched off, is to be ended.
  const back = required.find((node) => (isAsked(o, node) || switchedOff(o, node) !== null) && !waitsForVote(o, node));
  const row = back === undefined ? null : rowOf(o.postgres.peers, back);
  if (back !== undefined && row?.sync === true && !o.stalledSinceMs.has(back))
    actions.push(propose({ kind: 'join', epoch: o.record.epoch, node: back }));
  return { role: 'MASTER_SYNC', why: `every commit is on ${required.join(', ')} before it is acknowledged`, actions };
}

const isAsked = (o: Observation, node: NodeId): boolean =>
  o.record.recover.some((open) => open.node === node && open.state === 'open');

/**
 * Its consensus log was lost, too: the join ends the request, and only under an open one it comes back as a member. Without an arbiter
 * the vote follows the sync set instead.
 */
const waitsForVote = (o: Observation, node: NodeId): boolean =>
  !o.twoNodes && isAsked(o, node) && o.peers.get(node)?.needsRecover === true;

const switchedOff = (o: Observation, node: NodeId): string | null =>
  o.record.fenced.some((fenced) => fenced.node === node) ? `${node} was switched off` : null;

const leave = (o: Observation, node: NodeId, why: string): Action => propose({ kind: 'leave', epoch: o.record.epoch, node, why });

/** SOLO: names empty, unless a peer is just being joined (T1). A join in the log may come true late: the names wait for it. */
function alone(o: Observation, actions: Action[]): Part {
  if (o.postgres.kind !== 'primary') return failedHere(o);
  const facts = o.postgres;
  const candidate = o.joining ?? joinCandidate(o);
  if (candidate === null) {
    if (!sameNames(facts.names, [])) actions.push({ kind: 'pg.setNames', names: [] });
    return { role: 'MASTER_SOLO', why: 'no peer streams: commits are on this node only', actions };
  }
  if (!sameNames(facts.names, [candidate])) {
    actions.push({ kind: 'pg.setNames', names: [candidate] });
    return { role: 'MASTER_JOINING', why: `asking ${candidate} for every commit`, actions };
  }
  if (o.joining !== null) return { role: 'MASTER_JOINING', why: whyOf('T1'), actions };
  const mark = o.joinMark;
  if (mark === null || mark.node !== candidate || mark.epoch !== o.record.epoch) {
    actions.push({ kind: 'pg.mark', node: candidate });
    return { role: 'MASTER_JOINING', why: `waiting for ${candidate} to catch up`, actions };
  }
  // T2's limit holds for a peer that is being joined, too: until it joins or is let go, every commit waits for it.
  if (o.nowMs - mark.atMs >= o.settings.timings.syncStallMs) {
    actions.push({ kind: 'pg.setNames', names: [] });
    return { role: 'MASTER_SOLO', why: `${candidate} did not catch up in time: commits do not wait for it`, actions };
  }
  const peer = rowOf(facts.peers, candidate);
  // Names that are just being changed prove nothing: the look at them is older than the change.
  if (peer?.sync === true && peer.flushLsn >= mark.lsn && o.postgresBusy === null)
    actions.push(propose({ kind: 'join', epoch: o.record.epoch, node: candidate }));
  return { role: 'MASTER_JOINING', why: whyOf('T1'), actions };
}

/** Not only does something of that name stream from us: the node itself says that its server does (a base backup streams, too). */
function streamsToUs(o: Observation, node: NodeId): boolean {
  const said = o.peers.get(node)?.postgres;
  return (
    othersOf(o).includes(node) &&
    heardLately(o, node) &&
    said?.kind === 'standby' &&
    said.receiver === 'streaming' &&
    said.follows === o.self
  );
}

function joinCandidate(o: Observation): NodeId | null {
  if (o.postgres.kind !== 'primary' || o.nowMs - o.lastLeaveMs < JOIN_AGAIN_MS) return null;
  if (coolingDown(o, 'pg.mark') || coolingDown(o, 'join')) return null;
  const facts = o.postgres;
  const row = facts.peers.find(
    (peer) =>
      peer.streaming &&
      rowOf(facts.peers, peer.node) !== null &&
      streamsToUs(o, peer.node) &&
      notJoinable(o, peer.node) === null &&
      !waitsForVote(o, peer.node) &&
      facts.walEnd - peer.flushLsn <= JOIN_LAG_BYTES,
  );
  return row?.node ?? null;
}

function slots(o: Observation): Action[] {
  const missing = [...othersOf(o), ...o.settings.drNodes].find((node) => node !== o.self && !o.slots.includes(node));
  return missing === undefined || coolingDown(o, 'pg.ensureSlot') ? [] : [{ kind: 'pg.ensureSlot', node: missing }];
}

/** Ruling 10: the right to consume what only this node holds is committed before it is used. */
function ingestRight(o: Observation): Action[] {
  const link = o.receiver;
  const alone = link !== null && link.link === 'down' && o.nowMs - link.sinceMs >= o.settings.timings.syncStallMs;
  const level = link !== null && link.link === 'up' && link.behindPeer === 0;
  if (alone && !o.record.ingestAlone) return [propose({ kind: 'ingestAlone', epoch: o.record.epoch, value: true })];
  if (level && o.record.ingestAlone) return [propose({ kind: 'ingestAlone', epoch: o.record.epoch, value: false })];
  return [];
}

/** T4, the old owner's half: quiet, stop, see that the target holds all, release. */
function switchover(o: Observation, request: { readonly requestId: string; readonly to: NodeId }): Part {
  const facts = o.postgres;
  const end = (why: string): Part => ({
    role: 'MASTER_SYNC',
    why,
    actions: [propose({ kind: 'endSwitchover', requestId: request.requestId, why })],
  });
  const fit = heardLately(o, request.to) && isRunningHeir(o, request.to);
  if (facts.kind === 'primary') {
    if (!fit || !o.record.syncSet.includes(request.to)) return end(`${request.to} cannot take over now`);
    return {
      role: 'DEMOTING',
      why: whyOf('T4'),
      actions: [
        { kind: 'manager.mode', mode: 'passive' },
        { kind: 'pg.stop', mode: 'fast', budgetMs: 5_000 },
      ],
    };
  }
  // The lease was lost and came back in between: what runs here follows nobody and will never shut down as a Master.
  if (facts.kind === 'standby' || facts.kind === 'empty' || facts.kind === 'unreadable')
    return end(`PostgreSQL here is ${facts.kind}`);
  if (facts.kind !== 'stopped')
    return {
      role: 'DEMOTING',
      why: `PostgreSQL is ${facts.kind}`,
      actions: facts.kind === 'hung' ? [{ kind: 'pg.stop', mode: 'kill', budgetMs: 0 }] : [],
    };
  const target = o.peers.get(request.to)?.postgres;
  if (fit && isQuiet(o) && facts.state === 'clean-primary' && target?.kind === 'standby' && target.walEnd >= facts.walEnd)
    return {
      role: 'DEMOTING',
      why: `${request.to} holds everything up to our shutdown`,
      actions: [
        propose({
          kind: 'release',
          epoch: o.record.epoch,
          by: o.self,
          walEnd: facts.walEnd,
          cause: 'switchover',
          automatic: false,
        }),
      ],
    };
  if (o.nowMs - o.postgresSinceMs < SWITCHOVER_PATIENCE_MS && facts.state === 'clean-primary')
    return { role: 'DEMOTING', why: `waiting for ${request.to} to hold everything`, actions: [] };
  return end(`${request.to} did not receive everything in time`);
}
