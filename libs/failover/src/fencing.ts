import type { NodeId } from '@yosugara/kernel';
import { waitsByHand } from './fence-by-hand.js';
import { maintenanceOf } from './fitness.js';
import { type Action, type Observation, propose } from './observation.js';
import { watchdogWaitMs } from './profiles.js';
import type { Arming, Fence, Ownership, ProofKind } from './record.js';
import { coolingDown, heardLately, mayServe, mayWrite } from './view.js';

/*
 * P2 in an epoch that we own (failover.md 2.4; rulings 1 and 3): the request is committed, then the order is given, then what the
 * devices read back is committed. Only the last is a proof. Whoever comes after an owner that died in between asks and orders anew:
 * `off` of a host that is off reads back `off`. A failure, or no answer, is never success, however often it comes.
 */

export interface Fencing {
  /** What is going on with the power of a node; null: nothing. */
  readonly why: string | null;
  readonly actions: readonly Action[];
}
const NOTHING: Fencing = { why: null, actions: [] };

/** An old owner that is heard is about to say by itself that it has stopped (it settles for 1 s first): its host is worth that wait. */
const LAST_WORD_MS = 1_500;

/** A message of a host may arrive that long after its end. */
const LATE_WORDS_MS = 2_000;

/** P3 and P4 rest on a third voter's promise: without one nobody counts on them (failover.md 3). */
export const counts = (o: Observation, kind: ProofKind): boolean =>
  o.settings.stopProofs.includes(kind) && !(o.twoNodes && (kind === 'P3' || kind === 'P4'));

/** The sentence of P2 for the owner before us; null: no fence proves its end. */
export function fenceProof(o: Observation, previous: Ownership): string | null {
  const { fence } = o.record;
  // Asked for after an epoch later than the old owner's was committed: that life of it, and every older one, was still to be ended.
  if (fence === null || fence.state !== 'confirmed' || fence.target !== previous.node || fence.forEpoch <= previous.epoch)
    return null;
  return `${fence.target} was switched off by ${fence.method}: ${fence.evidence}`;
}

/** The sentence of P3; null: it does not hold (yet). See `watchdogWaitMs` for the arithmetic. */
export function watchdogProof(o: Observation, previous: Ownership): string | null {
  const timeoutMs = watchdogOf(previous.armed);
  if (!counts(o, 'P3') || timeoutMs === null || o.lead === null) return null;
  // A host that goes on talking of a writable database was not reset, whatever its watchdog was said to do.
  const said = o.peers.get(previous.node);
  if (said !== undefined && heardLately(o, previous.node) && mayWrite(said.postgres)) return null;
  const waitedMs = o.nowMs - o.lead.sinceMs;
  if (waitedMs < watchdogWaitMs(o.settings.timings, timeoutMs)) return null;
  return `its lease was over ${Math.round(waitedMs)} ms ago and its hardware watchdog of ${timeoutMs} ms has reset it since`;
}

/** Its time-out; null: nothing that P3 could count on. Unverified is soft (ruling 3). */
export const watchdogOf = (armed: Arming | null | undefined): number | null =>
  armed?.kind === 'hardware' && armed.timeoutMs !== null && armed.timeoutMs > 0 ? armed.timeoutMs : null;

/** Why the power of the owner before us must be left alone now. null: it may be cut. */
function spared(o: Observation, previous: Ownership): string | null {
  const { node } = previous;
  if (!o.settings.fenceable.includes(node)) return `${node} has no power device`;
  if (maintenanceOf(o.record, node) !== null) return `${node} is in maintenance: its power is left alone`;
  const sooner = soonerThanFencing(o, previous);
  if (sooner !== null) return sooner;
  const lastWord = heardLately(o, node) && o.lead !== null && o.nowMs - o.lead.sinceMs < LAST_WORD_MS;
  return lastWord ? `${node} is heard: it may still say that it has stopped` : null;
}

/** A proof that is listed before P2 and comes by waiting alone: nobody's power is cut meanwhile. */
function soonerThanFencing(o: Observation, previous: Ownership): string | null {
  const { stopProofs } = o.settings;
  const before = stopProofs.slice(0, stopProofs.indexOf('P2'));
  if (before.includes('P4') && counts(o, 'P4')) return 'waiting until the receiver is cut for long enough';
  return before.includes('P3') && counts(o, 'P3') && watchdogOf(previous.armed) !== null
    ? `waiting for the watchdog of ${previous.node}`
    : null;
}

/**
 * What the owner of an epoch does about power.
 *
 * @param unproven nothing has proven the old owner stopped, and this node could go on at once if something did.
 */
export function fencing(o: Observation, unproven: boolean): Fencing {
  const { fence, phase } = o.record;
  if (fence?.state === 'requested') return underWay(o, fence, unproven);
  const done = unrecorded(o);
  if (done !== null) return done;
  if (phase === 'stopping-old' && unproven) return cut(o);
  // What an operator switched off stays off.
  return phase === 'serving' && fence?.state === 'confirmed' && fence.ordered === undefined ? powerOn(o, fence) : NOTHING;
}

function underWay(o: Observation, fence: Fence, unproven: boolean): Fencing {
  const { requestId, target } = fence;
  const outcome = o.fenceOutcome?.requestId === requestId ? o.fenceOutcome : null;
  const end = (state: 'confirmed' | 'failed', method: string, evidence: string): Fencing => ({
    why: `what became of the power of ${target} is written down: ${evidence}`,
    actions: [propose({ kind: 'fenceResult', requestId, state, method, evidence })],
  });
  if (outcome?.result === 'failed') return end('failed', outcome.method, outcome.evidence);
  if (outcome !== null) {
    const sinceMs = o.nowMs - (outcome.atMs ?? 0);
    const contradicted = heardLately(o, target) && (o.peers.get(target)?.heardAgoMs ?? 0) < sinceMs;
    if (!contradicted) return end('confirmed', outcome.method, outcome.evidence);
    // F4, F11: it reads off, and what it should have switched off goes on talking. What was under way then has arrived by now.
    if (sinceMs < LATE_WORDS_MS) return { why: `${target} reads off: listening whether it is silent`, actions: [] };
    return end(
      'failed',
      outcome.method,
      `it reads off (${outcome.evidence}), but ${target} is still heard: is it the right device?`,
    );
  }
  const why = alarm(o, target, o.fenceOutcome?.evidence) ?? `${target} is being switched off`;
  if (o.fenceBusy) return { why, actions: [] };
  if (fence.ordered !== undefined && o.record.phase !== 'stopping-old') {
    const waits = waitsByHand(o, fence);
    if (waits === 'now') return { why, actions: [{ kind: 'fence.off', target, requestId }] };
    return waits.over ? end('failed', 'none', `called off: ${waits.why}`) : { why: waits.why, actions: [] };
  }
  if (o.record.phase !== 'stopping-old')
    return end('failed', 'none', 'called off before it was ordered: it is not needed any more');
  return unproven ? { why, actions: [{ kind: 'fence.off', target, requestId }] } : NOTHING;
}

/** Ask for it, with the pause that failures demand. */
function cut(o: Observation): Fencing {
  const { previous, fence } = o.record;
  if (previous === null || previous.node === o.self) return NOTHING;
  if (!counts(o, 'P2')) return NOTHING;
  const because = spared(o, previous);
  if (because !== null) return { why: because, actions: [] };
  const { node } = previous;
  const failed = fence?.state === 'failed' && fence.target === node && fence.forEpoch === o.record.epoch ? fence.evidence : null;
  const why = alarm(o, node, failed) ?? `${node} is to be switched off`;
  if (coolingDown(o, 'fence.off') || o.fenceBusy) return { why, actions: [] };
  const requestId = newFenceId(o);
  return {
    why,
    actions: [propose({ kind: 'fenceRequest', epoch: o.record.epoch, by: o.self, target: node, requestId, atWallMs: o.wallMs })],
  };
}

/** It has failed before, and is tried again. */
const alarm = (o: Observation, node: NodeId, evidence: string | null | undefined): string | null =>
  o.failures.has('fence.off') ? `ALARM: ${node} could not be switched off: ${evidence ?? 'no answer'}; ${REMEDY}` : null;

/** For an operator at night: what goes on by itself, and what only a person can do. */
export const REMEDY =
  'it is tried again; when you have seen that it is off, run `yosugara promote --accept-data-loss --old-master-is-off`';

/** Each change of the record makes another one. */
export const newFenceId = (o: Observation): string => `${o.self}.${o.boot}.fence${o.record.version}`;

/** Two nodes: the fence came before the log could take it. It is written down as soon as we alone may write. */
function unrecorded(o: Observation): Fencing | null {
  const outcome = o.fenceOutcome;
  if (!o.twoNodes || outcome === null || outcome.result !== 'off' || o.record.fence?.requestId === outcome.requestId) return null;
  // The log takes nothing while the other one still has a vote.
  if (outcome.target === o.self || o.voters.includes(outcome.target)) return null;
  const { requestId, target } = outcome;
  return {
    why: `${target} was switched off: ${outcome.evidence}`,
    actions: [propose({ kind: 'fenceRequest', epoch: o.record.epoch, by: o.self, target, requestId, atWallMs: o.wallMs })],
  };
}

/** Three voters only: a host that comes up finds its Master there and waits for `recover`. Ordered once by the life that fenced it. */
function powerOn(o: Observation, fence: Fence): Fencing {
  const ours = fence.forEpoch === o.record.epoch && fence.by === o.self && o.poweredOn !== fence.requestId;
  const wanted = o.settings.powerOnAfterFence && !o.twoNodes && ours && isFenced(o, fence.target);
  if (!wanted || o.fenceBusy || coolingDown(o, 'fence.on') || o.postgres.kind !== 'primary') return NOTHING;
  return { why: `${fence.target} is switched on again`, actions: [{ kind: 'fence.on', target: fence.target }] };
}

const isFenced = (o: Observation, node: NodeId): boolean => o.record.fenced.some((fenced) => fenced.node === node);

/**
 * It was switched off as a member that must be replaced: it returns by `recover` (ruling 7, 8). As long as it is still in the sync set
 * and nobody serves, whoever fenced it has not got anywhere, and the node may be needed.
 */
export function fencedHere(o: Observation): string | null {
  const fenced = o.record.fenced.find(({ node }) => node === o.self);
  if (fenced === undefined || o.settings.autoRejoin === 'always') return null;
  // A Standby that `strict` kept in the sync set holds every commit as before.
  const isHeir = o.record.syncSet.includes(o.self) && (o.record.phase !== 'serving' || o.record.previous?.node !== o.self);
  if (isHeir) return null;
  if (o.record.recover.some((request) => request.node === o.self && request.state === 'open')) return null;
  return `switched off in epoch ${fenced.epoch} (${fenced.evidence}): waiting for \`yosugara recover\``;
}

/**
 * S11, whatever decided it: three voters fence only what the owner of this very epoch has committed; two nodes only by the volatile
 * right. Never oneself, never two at once, never a node that knows of a newer epoch (F10).
 */
export function objectionToFence(o: Observation, order: Extract<Action, { kind: 'fence.off' }>): string | null {
  const { target, requestId } = order;
  const { fence, epoch } = o.record;
  if (target === o.self) return 'S11: a node never fences itself';
  if (!o.dataNodes.includes(target)) return 'S11: only a data node of this cluster is fenced';
  if ((o.peers.get(target)?.knowsEpoch ?? epoch) > epoch) return `S11: ${target} knows of a newer epoch than ${epoch}`;
  const asked =
    fence?.state === 'requested' && fence.requestId === requestId && fence.target === target && fence.forEpoch === epoch;
  if (asked)
    return mayServe(o) && fence.by === o.self && o.record.owner !== target ? null : 'S11: only the owner of the epoch fences';
  if (!o.twoNodes) return 'S11: a fence that this epoch has not committed';
  return o.fenceRight && o.record.syncSet.includes(o.self)
    ? null
    : 'S11: without an arbiter only the volatile right lets a node fence';
}
