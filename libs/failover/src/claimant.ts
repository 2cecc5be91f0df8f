import type { Epoch, NodeId } from '@yosugara/kernel';
import { isAwaited } from './away.js';
import { APART_LEVEL } from './command-levels.js';
import { nextEpoch } from './commands.js';
import { counts, fencedHere, fenceProof, watchdogProof } from './fencing.js';
import { notFit, outOnPurpose } from './fitness.js';
import { mayRejoin } from './follower.js';
import { mayNotClaim } from './governance.js';
import { levelOf } from './level.js';
import type { ConfirmedFence } from './managing.js';
import { type Decision, type Observation, type Part, propose } from './observation.js';
import { aloneEpoch, forcedEpoch, isReleased, isUnborn, type StopProof, wordEpoch } from './record.js';
import { whyOf } from './transitions.js';
import {
  awaitsForce,
  coolingDown,
  divergedHere,
  heardLately,
  isAfar,
  mayWrite,
  missedTimeline,
  othersOf,
  partnerOf,
  successor,
  supersededBy,
} from './view.js';

const MAX_TRANSFERS = 3;

/** What the leader does that owns nothing: claim if it may, otherwise hand leadership to somebody who may (ruling 6, T8). */
export function leadWithoutOwning(o: Observation): Part | null {
  if (o.lead?.ready !== true || o.lead.transferring || supersededBy(o) !== null) return null;
  const givenUp = awaitsForce(o);
  if (givenUp !== null) return claimWithout(o, givenUp);
  if (o.forced !== null && o.kind === 'data' && !mayWrite(o.postgres) && o.postgres.kind === 'standby')
    // A branch's first claim ends the old generation, also where all that was acknowledged is held: until then nobody is taken in.
    return mayClaim(o) === null && !isAwaited(o.record, o.self)
      ? claim(o, { evidence: o.forced.isOff === true ? o.forced.evidence : null })
      : forceClaim(o, o.forced.evidence);
  const failed = o.failures.get('raft.transfer');
  const next = handOverTo(o);
  const tired = failed !== undefined && failed.count >= MAX_TRANSFERS;
  if (next !== null && !(tired && mayClaim(o) === null)) {
    if (o.vipHeld || o.vipBusy || mayWrite(o.postgres) || coolingDown(o, 'raft.transfer')) return null;
    return { role: 'STOPPED', why: `leadership goes to ${next}`, actions: [{ kind: 'raft.transfer', to: next }] };
  }
  const obstacle = mayClaim(o);
  if (obstacle !== null) return o.kind === 'witness' ? null : { role: roleOutside(o), why: obstacle, actions: [] };
  return claim(o, null);
}

/** Two nodes: what this node holds may be older than what the other one has, and whoever gave the word knew it. */
function claimWithout(o: Observation, givenUp: NodeId): Part {
  const unfit = notFit(o, o.self);
  const obstacle =
    unfit ?? (o.postgres.kind === 'standby' ? null : `PostgreSQL here is ${o.postgres.kind}, not yet a running standby`);
  if (obstacle !== null) return { role: roleOutside(o), why: obstacle, actions: [] };
  return forceClaim(
    o,
    o.forced?.evidence ??
      `an operator confirmed that ${givenUp} is off and accepted the loss of what it alone holds, before a restart of ${o.self}`,
    true,
  );
}

/** `evidence`: the operator's word that the old owner is off, or null: it was asked for only. */
interface Ordered {
  readonly evidence: string | null;
}

function claim(o: Observation, ordered: Ordered | null): Part {
  const command = {
    kind: 'claim' as const,
    by: o.self,
    boot: o.boot,
    ...epochOf(o, ordered),
    cause: ordered === null ? causeOf(o) : 'an operator asked for it',
    atWallMs: o.wallMs,
    armed: o.arming,
    ...(ordered === null ? {} : { ordered }),
    ...fencedBefore(o),
  };
  return { role: 'TAKEOVER', why: whyOf('T3'), actions: [propose(command)] };
}

/**
 * The next epoch, where nobody else could take it. Of two nodes, one that claims alone may have the other one beside it, cut off only,
 * which cuts its power later and goes on from the same record (F16; seed 56464 of the simulator), or another site may: it takes that of
 * its second. Where nothing but a word says that the other one is off, it passes over timelines, too; the configuration remembers that.
 */
function epochOf(o: Observation, ordered: Ordered | null): { readonly epoch: Epoch; readonly apart?: 'alone' | 'word' } {
  const partner = partnerOf(o);
  if (partner === null || o.voters.includes(partner) || levelOf(o.record) < APART_LEVEL) return { epoch: nextEpoch(o.record) };
  if (ordered?.evidence == null && o.givenUp == null) return { epoch: aloneEpoch(o.record, o.self, o.wallMs), apart: 'alone' };
  return { epoch: wordEpoch(o.record, o.self, o.wallMs), apart: 'word' };
}

/** Two nodes: what made us leader without the other's vote goes into the record with the claim. */
function fencedBefore(o: Observation): { readonly fenced?: ConfirmedFence } {
  const outcome = o.fenceOutcome;
  if (!o.twoNodes || outcome === null || outcome.result !== 'off' || o.voters.includes(outcome.target)) return {};
  const { requestId, target, method, evidence } = outcome;
  return { fenced: { requestId, target, method, evidence } };
}

const roleOutside = (o: Observation): Decision['role'] =>
  o.postgres.kind !== 'standby' ? 'STOPPED' : o.record.syncSet.includes(o.self) ? 'STANDBY_SYNC' : 'STANDBY_CATCHUP';

function forceClaim(o: Observation, evidence: string, isBlind = false): Part {
  return {
    role: 'TAKEOVER',
    why: 'an operator accepted the loss of what the old Master alone holds',
    actions: [
      propose({
        kind: 'forceClaim',
        by: o.self,
        boot: o.boot,
        epoch: isBlind || isAwaited(o.record, o.self) ? farEpoch(o) : forcedEpoch(o.record),
        evidence,
        ...(isBlind ? { blind: true as const } : {}),
        atWallMs: o.wallMs,
        armed: o.arming,
      }),
    ],
  };
}

const farEpoch = (o: Observation): Epoch =>
  levelOf(o.record) < APART_LEVEL ? forcedEpoch(o.record) : wordEpoch(o.record, o.self, o.wallMs);

function causeOf(o: Observation): string {
  if (isUnborn(o.record)) return 'first start';
  if (isReleased(o.record)) return o.record.cause;
  return o.record.owner === o.self ? 'restart of the owner' : `${o.record.owner} lost its lease`;
}

/** To whom leadership goes at once, or null: we may keep it. */
function handOverTo(o: Observation): NodeId | null {
  const released = isReleased(o.record) && o.record.owner === o.self;
  if (released) return successor(o);
  if (o.kind === 'data' && (mayBegin(o) || (o.record.syncSet.includes(o.self) && !unfit(o) && mayNotClaim(o) === null)))
    return null;
  const wanted = isUnborn(o.record) ? heirsAtBirth(o) : o.record.syncSet.filter((node) => node !== o.self);
  // The last owner may start again in place what nobody else may take from it, even on a host that is not well.
  const mayGoOn = (node: NodeId): boolean =>
    notFit(o, node) === null || (node === o.record.owner && outOnPurpose(o, node) === null);
  return wanted.find((node) => heardLately(o, node) && isFit(o, node) && mayGoOn(node)) ?? null;
}

/** Nobody else may have made the first database. */
const mayBegin = ({ record, self }: Observation): boolean =>
  isUnborn(record) && (record.opening === null || record.opening === self);

const heirsAtBirth = (o: Observation): readonly NodeId[] =>
  mayBegin(o) ? othersOf(o) : othersOf(o).filter((node) => node === o.record.opening);

/** It could not claim soon, whatever the sync set says. */
const unfit = (o: Observation): boolean =>
  o.postgres.kind === 'hung' ||
  o.postgres.kind === 'empty' ||
  o.postgres.kind === 'unreadable' ||
  missedTimeline(o) !== null ||
  (o.postgres.kind === 'stopped' &&
    (o.failures.get('pg.startStandby') !== undefined ||
      o.postgres.state === 'incomplete' ||
      divergedHere(o) ||
      // It waits for an operator: whoever leads meanwhile must be able to claim.
      fencedHere(o) !== null ||
      !mayRejoin(o, false)));
const isFit = (o: Observation, node: NodeId): boolean => {
  const kind = o.peers.get(node)?.postgres.kind;
  return (
    kind === 'standby' ||
    (kind === 'stopped' && o.record.syncSet.length === 1) ||
    (kind === 'starting' && o.record.syncSet.length === 1) ||
    (isUnborn(o.record) && (kind === 'empty' || (node === o.record.opening && (kind === 'stopped' || kind === 'starting'))))
  );
};

/** null: this node may claim. Otherwise why not, for `status`. */
export function mayClaim(o: Observation): string | null {
  if (o.kind === 'witness') return 'an arbiter never owns';
  if (isAfar(o, o.self)) return 'a DR member is promoted by hand only';
  if (isUnborn(o.record)) return mayBeBorn(o);
  if (!o.record.syncSet.includes(o.self)) return `${whyOf('T8')} (sync set: ${o.record.syncSet.join(', ')})`;
  const missed = missedTimeline(o) ?? mayNotClaim(o);
  if (missed !== null) return missed;
  if (o.postgres.kind !== 'standby') return `PostgreSQL here is ${o.postgres.kind}, not yet a running standby`;
  if (o.record.systemId !== null && o.postgres.systemId !== o.record.systemId)
    return 'the data directory here belongs to another cluster';
  return null;
}

function mayBeBorn(o: Observation): string | null {
  // Our own first start was interrupted: what is here, we made.
  if (
    o.record.owner === o.self &&
    (o.postgres.kind === 'empty' || o.postgres.kind === 'standby' || o.postgres.kind === 'stopped')
  )
    return null;
  if (o.postgres.kind === 'unknown') return 'first start: waiting for the first look at PostgreSQL';
  // It may be making one still, unheard or too busy to say so: two first databases are two clusters, and one is thrown away.
  const { opening } = o.record;
  if (opening !== null && opening !== o.self)
    return `first start: ${opening} began to make the first database, and only it goes on: bring it up`;
  if (o.postgres.kind !== 'empty')
    return 'the consensus log is empty but a data directory exists: restore the log or start with an empty one';
  for (const node of othersOf(o)) {
    const peer = o.peers.get(node);
    if (peer === undefined || !heardLately(o, node) || peer.postgres.kind === 'unknown')
      return `first start: waiting to hear from ${node}`;
    if (peer.postgres.kind !== 'empty') return `first start: ${node} already holds data`;
  }
  return null;
}

/** Which stop proof holds for the owner before us; null: none yet. The first that holds is taken: none is worth waiting for another. */
export function proofOfStop(o: Observation): StopProof | null {
  const previous = o.record.previous;
  if (previous === null) return { kind: 'P1', of: null, epoch: o.record.epoch, evidence: 'nobody owned before' };
  const proof = (kind: StopProof['kind'], evidence: string): StopProof => ({
    kind,
    of: previous.node,
    epoch: previous.epoch,
    evidence,
  });
  if (previous.node === o.self)
    return proof('P1', `this node itself: PostgreSQL here is ${o.postgres.kind}, its earlier life was proven gone at start`);
  const released = o.record.released;
  if (released !== null && released.epoch === previous.epoch && released.by === previous.node)
    return proof('P1', `${previous.node} stopped and released the epoch`);
  if (o.stopProofs.some((p1) => p1.node === previous.node && p1.epoch === previous.epoch && p1.boot === previous.boot))
    return proof('P1', `signed by the dead man of ${previous.node}: no process is left`);
  const said = o.peers.get(previous.node)?.stopped ?? null;
  if (said !== null && said.epoch === previous.epoch && said.boot === previous.boot)
    return proof('P1', `${previous.node} reports that it has stopped`);
  if (livesAnew(o, previous))
    return proof('P1', `${previous.node} lives anew: its dead man proved its earlier life gone at start`);
  const { confirmed } = o.record;
  if (confirmed !== null && confirmed.of === previous.node && confirmed.epoch === previous.epoch)
    return proof('P5', confirmed.evidence);
  const fenced = fenceProof(o, previous);
  if (fenced !== null) return proof('P2', fenced);
  for (const kind of o.settings.stopProofs) {
    const reset = kind === 'P3' ? watchdogProof(o, previous) : null;
    if (reset !== null) return proof('P3', reset);
    if (kind === 'P4' && counts(o, 'P4') && receiverCutLongEnough(o))
      return proof('P4', 'its lease is over and its commits wait for a receiver that is cut (sync wall)');
  }
  return null;
}

/**
 * Another boot of the old owner's controller reports. It must know of our claim, or the report could be one of a life before
 * the owner's that was long under way.
 */
function livesAnew(o: Observation, previous: { readonly node: NodeId; readonly boot: string }): boolean {
  const peer = o.peers.get(previous.node);
  return peer?.boot != null && peer.boot !== previous.boot && peer.knowsEpoch >= o.record.epoch;
}

/** P4: the sync wall is closed since guardMs. The lease is over because voters elected us: their promise outlives it. */
const receiverCutLongEnough = (o: Observation): boolean =>
  o.postgres.kind === 'standby' && o.postgres.receiver === 'cut' && o.nowMs - o.postgresSinceMs >= o.settings.timings.guardMs;
