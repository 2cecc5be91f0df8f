import {
  amnesiacs,
  estranged,
  heardAs,
  leaderOf,
  leaderReady,
  type Member,
  membersOf,
  membersPending,
  type Stranger,
  strangers,
  transferring,
  unnamed,
} from '@yosugara/consensus';
import type { NodeId } from '@yosugara/kernel';
import { tellForeign } from './away.js';
import { hasTwoVoters } from './fence-facts.js';
import { raftInput } from './raft-input.js';
import type { ControllerState } from './state.js';
import type { ControllerEffect, NodeReport, PeerMessage } from './types.js';

/** A change that was refused or lost is asked for again. */
const AGAIN_MS = 500;
const TELL_EVERY_MS = 1_000;
/** Fresh enough to be let in: whoever is a voter and silent costs the majority. */
const HEARD_MS = 1_500;

/**
 * The members of the consensus log (failover.md section 4, recover phase 3): names incarnations, lets whoever lost its log in again as
 * a learner and then as a voter, and brings back who is configured and missing. One change at a time, by a leader that may.
 */
export function tendMembers(state: ControllerState): ControllerEffect[] {
  noteOwn(state);
  const { raft, nowMs } = state;
  if (!leaderReady(raft) || transferring(raft) !== null) return [];
  const told = [...tellLost(state), ...tellForeign(state, (node) => mayReturn(state, node))];
  if (membersPending(raft) || nowMs - state.membersAskedMs < AGAIN_MS) return told;
  const next = nextMembers(state);
  if (next === null) return told;
  state.membersAskedMs = nowMs;
  return [
    ...told,
    { kind: 'log', level: 'info', event: 'raft.members', fields: { why: next.why } },
    ...raftInput(state, {
      kind: 'changeMembers',
      requestId: `${state.config.self}.${state.config.boot}.members${Math.round(nowMs)}`,
      members: next.members,
      nowMs,
    }),
  ];
}

interface Next {
  readonly members: readonly Member[];
  readonly why: string;
}

const nextMembers = (state: ControllerState): Next | null =>
  nameOne(state) ?? replaceOne(state) ?? admitOne(state) ?? promoteOne(state) ?? sendHome(state);

const change = (state: ControllerState, id: NodeId, to: Partial<Member>): readonly Member[] =>
  membersOf(state.raft).map((member) => (member.id === id ? { ...member, ...to } : member));

function nameOne(state: ControllerState): Next | null {
  const [first] = unnamed(state.raft);
  if (first === undefined) return null;
  const { member, incarnation } = first;
  return { members: change(state, member, { incarnation }), why: `${member} goes by ${incarnation} from now on` };
}

/** Its old incarnation goes and the new one comes in as a learner: one server leaves, and nobody new is counted. */
function replaceOne(state: ControllerState): Next | null {
  const lost = strangers(state.raft).find(({ member }) => isHeard(state, member) && mayReturn(state, member));
  if (lost === undefined) return null;
  const { member, incarnation } = lost;
  return {
    members: change(state, member, { voter: false, incarnation }),
    why: `${member} lost its consensus log: it comes back as ${incarnation}, a learner`,
  };
}

/** Configured, heard, and not (or no longer) a member: as a learner it is told how things stand, and counts for nothing. */
function admitOne(state: ControllerState): Next | null {
  const known = membersOf(state.raft);
  const missing = state.config.members.find(
    ({ id }) => !known.some((member) => member.id === id) && isHeard(state, id) && !isOff(state, id),
  );
  if (missing === undefined) return null;
  const incarnation = heardAs(state.raft, missing.id);
  const learner = { id: missing.id, kind: missing.kind, voter: false, ...(incarnation === null ? {} : { incarnation }) };
  return { members: [...known, learner], why: `${missing.id} is configured and heard: it comes in as a learner` };
}

/**
 * Who is configured as a voter and learns votes again once it has caught up. With two nodes the vote follows the sync set (fencing.ts).
 * A member of another site that votes alone gets two more at once: with one more each of the two could stop the service.
 */
function promoteOne(state: ControllerState): Next | null {
  if (hasTwoVoters(state)) return null;
  // Nearly always all of them vote.
  if (membersOf(state.raft).every(({ voter }) => voter)) return null;
  const lost = new Set([...strangers(state.raft), ...amnesiacs(state.raft)].map(({ member }) => member));
  const all = membersOf(state.raft).filter(
    ({ id, voter }) => !voter && isVoterByConfig(state, id) && !lost.has(id) && isHeard(state, id) && holdsData(state, id),
  );
  const [ready] = all;
  if (ready === undefined || (state.raft.voters.length === 1 && all.length < 2 && state.record.away != null)) return null;
  return { members: change(state, ready.id, { voter: true }), why: `${ready.id} has caught up: it votes` };
}

/** The Master is home again: the vote of the other site's member was for the time that it served. */
function sendHome(state: ControllerState): Next | null {
  const { record, config } = state;
  const node = record.away?.node;
  if (node === undefined || record.owner !== config.self || node === config.self || record.phase !== 'serving') return null;
  if (!membersOf(state.raft).some(({ id, voter }) => id === node && voter)) return null;
  return { members: change(state, node, { voter: false }), why: `the Master is home again: ${node} votes no more` };
}

const isVoterByConfig = (state: ControllerState, id: NodeId): boolean =>
  !state.config.settings.drNodes.includes(id) && state.config.members.some((member) => member.id === id && member.voter);

/** Itself, an arbiter, or a data node that follows the Master (or would hold everything if it did). */
function holdsData(state: ControllerState, id: NodeId): boolean {
  const { config, record } = state;
  if (id === config.self || record.syncSet.includes(id) || isWitness(state, id)) return true;
  const seen = reportOf(state, id)?.postgres;
  return seen?.kind === 'standby' && seen.receiver === 'streaming';
}

const isWitness = (state: ControllerState, id: NodeId): boolean =>
  state.config.members.some((member) => member.id === id && member.kind === 'witness');

/** An arbiter whenever a majority without it agrees, which the change itself shows; a data node by `recover`, or `autoRejoin: always`. */
function mayReturn(state: ControllerState, id: NodeId): boolean {
  if (isWitness(state, id) || state.config.settings.autoRejoin === 'always') return true;
  return state.record.recover.some((request) => request.node === id && request.state === 'open');
}

/** Read back off, and not heard since. Of two nodes whoever is heard is told apart before (`noteHeard`). */
function isOff(state: ControllerState, id: NodeId): boolean {
  const outcome = state.fenceOutcome;
  if (outcome?.target !== id || outcome.result !== 'off') return false;
  // Switched on again by hand, it comes back as a member of a log that never knew it (another site's).
  return hasTwoVoters(state) || (state.reports.get(id)?.atMs ?? Number.NEGATIVE_INFINITY) <= (outcome.atMs ?? state.nowMs);
}

function reportOf(state: ControllerState, id: NodeId): NodeReport | null {
  const held = state.reports.get(id);
  // Whoever is on another log of the cluster's is no member of this one yet, whatever it says.
  const isOurs = held !== undefined && (held.report.branch ?? '') === state.branch;
  return isOurs && state.nowMs - held.atMs <= HEARD_MS ? held.report : null;
}

const isHeard = (state: ControllerState, id: NodeId): boolean => id === state.config.self || reportOf(state, id) !== null;

/** Who does not count must know it: a log that was set back looks whole from inside. */
function tellLost(state: ControllerState): ControllerEffect[] {
  const tell = (lost: readonly Stranger[], why: string, setBack: boolean): ControllerEffect[] =>
    lost.flatMap(({ member, incarnation }) => {
      if (member === state.config.self || incarnation === '' || !isHeard(state, member)) return [];
      if (state.nowMs - (state.identityToldMs.get(member) ?? Number.NEGATIVE_INFINITY) < TELL_EVERY_MS) return [];
      state.identityToldMs.set(member, state.nowMs);
      const message: PeerMessage = { k: 'identity', incarnation, why, renew: setBack && mayReturn(state, member), setBack };
      return [{ kind: 'send', to: member, message }];
    });
  const lost = strangers(state.raft);
  const setBack = amnesiacs(state.raft);
  if (lost.length === 0 && setBack.length === 0) return [];
  const forgot = setBack.filter(({ member }) => !lost.some((stranger) => stranger.member === member));
  return [
    ...tell(lost, 'its consensus log was lost', false),
    ...tell(forgot, 'its consensus log was set back to an older state', true),
  ];
}

/** The leader's word about our own log. */
export function onIdentity(
  state: ControllerState,
  from: NodeId,
  message: Extract<PeerMessage, { k: 'identity' }>,
): ControllerEffect[] {
  const { raft, config } = state;
  if (raft.incarnation !== message.incarnation || leaderOf(raft) !== from || from === config.self) return [];
  const isNamed = membersOf(raft).some(({ id, incarnation }) => id === config.self && incarnation === raft.incarnation);
  // It became a member under this very name while that word was on its way: it is whole (seed 1346 of the simulator).
  if (isNamed && !message.setBack) return [];
  const fresh = state.consensusDamaged === null;
  state.consensusDamaged ??= message.why;
  if (isNamed) state.accusedOf = message.incarnation;
  const log: ControllerEffect[] = fresh
    ? [{ kind: 'log', level: 'error', event: 'raft.lost', fields: { why: message.why, from } }]
    : [];
  return message.renew ? [...log, { kind: 'renew' }] : log;
}

export function onRenewed(state: ControllerState, incarnation: string): ControllerEffect[] {
  return [
    { kind: 'log', level: 'warn', event: 'raft.renewed', fields: { incarnation } },
    ...raftInput(state, { kind: 'renewed', incarnation }),
  ];
}

/** Our place in the configuration says by itself whether our log counts. */
function noteOwn(state: ControllerState): void {
  const { raft, config } = state;
  if (estranged(raft)) state.consensusDamaged ??= 'the consensus log of this member was lost';
  if (state.consensusDamaged === null || raft.incarnation === null) return;
  const own = membersOf(raft).find(({ id }) => id === config.self);
  const counted = own?.voter === true || (own !== undefined && config.settings.drNodes.includes(config.self));
  if (counted && own?.incarnation === raft.incarnation && raft.commit > 0 && !isAccused(state)) state.consensusDamaged = null;
}

/** Told lately by the leader: a log that was set back still finds itself named. */
const isAccused = (state: ControllerState): boolean => state.accusedOf !== null && state.accusedOf === state.raft.incarnation;

/** For the decision: what an operator is told. null: our log counts. */
export const whyNotCounted = (state: ControllerState): string | null =>
  state.consensusDamaged === null
    ? null
    : `${state.consensusDamaged}: it does not vote until \`yosugara recover\` brings it back as a new member`;
