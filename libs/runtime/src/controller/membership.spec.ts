import { membersOf } from '@yosugara/consensus';
import { epoch, lsn, type NodeId, nodeId } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { onIdentity, tendMembers, whyNotCounted } from './membership.js';
import { viewOf } from './observe.js';
import { reportOf } from './report.js';
import type { ControllerState } from './state.js';
import { leadingA } from './testing/single.js';
import type { ControllerConfig, NodeReport } from './types.js';

const [a, b, w] = [nodeId('a'), nodeId('b'), nodeId('w')];
const B = { id: b, kind: 'data', voter: false } as const;
const W = { id: w, kind: 'witness', voter: false } as const;
const AGAIN_MS = 500;

/** `a` leads alone; the others are configured as voters, and have no vote yet. */
function leading(others: ControllerConfig['members'] = [B, W]): ControllerState {
  const { state } = leadingA(others);
  const members = state.config.members.map((member) => ({ ...member, voter: true }));
  return Object.assign(state, { config: { ...state.config, members } });
}
function hear(state: ControllerState, node: NodeId, change: Partial<NodeReport> = {}): void {
  const report = { ...reportOf(state), node, ...change };
  state.reports.set(node, { atMs: state.nowMs, report, view: viewOf(report, state.nowMs) });
}
const streaming: NodeReport['postgres'] = {
  ...{ kind: 'standby', timeline: 1, systemId: 's', walEnd: lsn(1), replayLsn: lsn(1), receiver: 'streaming', follows: a },
};
const changes = (state: ControllerState): readonly unknown[] =>
  tendMembers(state).flatMap((effect) =>
    effect.kind === 'log' && effect.event === 'raft.members' ? [effect.fields?.['why']] : [],
  );
const told = (state: ControllerState): readonly unknown[] =>
  tendMembers(state).flatMap((effect) => (effect.kind === 'send' && effect.message.k === 'identity' ? [effect.message] : []));
const memberOf = (state: ControllerState, id: NodeId) => membersOf(state.raft).find((member) => member.id === id);

/** `id` goes by `named` in the configuration, and speaks as `as`. */
function lose(state: ControllerState, id: NodeId, named = 'old', as = 'new'): void {
  state.raft.members = state.raft.members.map((member) => (member.id === id ? { ...member, incarnation: named } : member));
  state.raft.heardAs[id] = as;
  hear(state, id);
}
const askRecover = (state: ControllerState, node: NodeId): void => {
  state.record = { ...state.record, recover: [{ node, requestId: 'r1', state: 'open' }] };
};

describe('a member that has caught up', () => {
  it('votes again: a data node once it streams from the Master', () => {
    const state = leading();
    hear(state, b);
    expect(changes(state)).toEqual([]);
    hear(state, b, { postgres: streaming });
    const peer = state.raft.lead!.peers[b]!;
    peer.match = state.raft.commit;
    expect(changes(state)).toEqual(['b has caught up: it votes']);
    expect(memberOf(state, b)).toMatchObject({ voter: true });
  });
  it('votes again: an arbiter as soon as it is heard', () => {
    const state = leading();
    expect(changes(state)).toEqual([]);
    hear(state, w);
    expect(changes(state)).toEqual(['w has caught up: it votes']);
  });
  it('has no vote while it is not heard: a silent voter costs the majority', () => {
    const state = leading();
    hear(state, w);
    state.nowMs += 1_501;
    expect(changes(state)).toEqual([]);
  });
  it('never votes from another site', () => {
    const state = leading();
    Object.assign(state, { config: { ...state.config, settings: { ...state.config.settings, drNodes: [b] } } });
    hear(state, b, { postgres: streaming });
    expect(changes(state)).toEqual([]);
  });
});

describe('a member that lost its consensus log', () => {
  it('is a data node: it comes back as a learner, and only where somebody asked for its recover', () => {
    const state = leading([B]);
    lose(state, b);
    expect(changes(state)).toEqual([]);
    askRecover(state, b);
    expect(changes(state)).toEqual(['b lost its consensus log: it comes back as new, a learner']);
    expect(memberOf(state, b)).toEqual({ ...B, incarnation: 'new' });
  });
  it('is an arbiter, or autoRejoin is `always`: it comes back by itself', () => {
    const arbiter = leading([W]);
    lose(arbiter, w);
    expect(changes(arbiter)).toEqual(['w lost its consensus log: it comes back as new, a learner']);
    const always = leading([B]);
    Object.assign(always, { config: { ...always.config, settings: { ...always.config.settings, autoRejoin: 'always' } } });
    lose(always, b);
    expect(changes(always)).toHaveLength(1);
  });
  it('has no vote under its new name before it holds the data', () => {
    const state = leading();
    lose(state, b);
    askRecover(state, b);
    expect(changes(state)).toHaveLength(1);
    state.nowMs += AGAIN_MS;
    hear(state, b);
    expect(changes(state)).toEqual([]);
    hear(state, b, { postgres: streaming });
    expect(changes(state)).toEqual(['b has caught up: it votes']);
  });
  it('is told so, once a second: from inside a log that was set back looks whole', () => {
    const state = leading([B]);
    lose(state, b);
    expect(told(state)).toEqual([
      { k: 'identity', incarnation: 'new', why: 'its consensus log was lost', renew: false, setBack: false },
    ]);
    state.nowMs += 999;
    hear(state, b);
    expect(told(state)).toEqual([]);
    state.nowMs += 1;
    expect(told(state)).toHaveLength(1);
  });
});

describe('a member that is configured and unknown to the log', () => {
  const without = (others?: ControllerConfig['members']): ControllerState => {
    const state = leading(others ?? [W]);
    state.raft.members = state.raft.members.filter(({ id }) => id !== w);
    return state;
  };
  it('comes in as a learner when it is heard', () => {
    const state = without();
    expect(changes(state)).toEqual([]);
    hear(state, w);
    expect(changes(state)).toEqual(['w is configured and heard: it comes in as a learner']);
    expect(memberOf(state, w)).toEqual(W);
  });
  it('stays out while its power is off', () => {
    const state = without();
    hear(state, w);
    Object.assign(state, { fenceOutcome: { target: w, result: 'off', requestId: 'f1', forEpoch: epoch(1), evidence: '' } });
    expect(changes(state)).toEqual([]);
  });
  it('comes in when it was switched off and is heard again: in a log of another site’s it never was a member', () => {
    const state = without([B, W]);
    hear(state, w);
    const outcome = { target: w, result: 'off', requestId: 'f1', forEpoch: epoch(1), evidence: '', atMs: state.nowMs };
    Object.assign(state, { fenceOutcome: outcome });
    state.nowMs += 1_000;
    expect(changes(state)).toEqual([]);
    hear(state, w);
    expect(changes(state)).toEqual(['w is configured and heard: it comes in as a learner']);
  });
});

describe('changes of the members', () => {
  it('come one at a time, half a second apart', () => {
    const state = leading([B, W]);
    for (const id of [b, w]) lose(state, id);
    askRecover(state, b);
    expect(changes(state)).toEqual(['b lost its consensus log: it comes back as new, a learner']);
    expect(changes(state)).toEqual([]);
    state.nowMs += AGAIN_MS;
    for (const id of [b, w]) hear(state, id);
    expect(changes(state)).toEqual(['w lost its consensus log: it comes back as new, a learner']);
  });
  it('are made by a leader only, and not while it hands over', () => {
    const state = leading([W]);
    hear(state, w);
    const { lead } = state.raft;
    state.raft.lead = null;
    expect(changes(state)).toEqual([]);
    state.raft.lead = { ...lead!, transfer: { to: w } as never };
    expect(changes(state)).toEqual([]);
  });
});

describe('a member that is told that its log does not count', () => {
  const message = (incarnation = 'mine', renew = false) => ({
    ...({ k: 'identity', incarnation, why: 'its consensus log was set back to an older state', renew, setBack: true } as const),
  });
  const following = (): ControllerState => {
    const { state } = leadingA([B]);
    Object.assign(state.raft, { lead: null, leader: b, incarnation: 'mine' });
    return state;
  };
  it('says so to the operator, and logs it once', () => {
    const state = following();
    expect(onIdentity(state, b, message())).toMatchObject([{ kind: 'log', level: 'error', event: 'raft.lost' }]);
    expect(onIdentity(state, b, message())).toEqual([]);
    expect(whyNotCounted(state)).toMatch(
      /^its consensus log was set back .*: it does not vote until `yosugara recover` brings it back/,
    );
  });
  it('does not take a slow word, that its name is not known, for more than it was: it is a member by that name now', () => {
    const state = following();
    state.raft.members = state.raft.members.map((member) => ({ ...member, incarnation: 'mine' }));
    const slow = { ...message(), why: 'its consensus log was lost', setBack: false };
    expect([onIdentity(state, b, slow), whyNotCounted(state), state.accusedOf]).toEqual([[], null, null]);
    onIdentity(state, b, message());
    expect(state.accusedOf).toBe('mine');
  });
  it('takes a new name when it is told to', () =>
    expect(onIdentity(following(), b, message('mine', true))).toContainEqual({ kind: 'renew' }));
  it.each([
    ['another one than the leader', (state: ControllerState) => onIdentity(state, w, message())],
    ['the leader, of an earlier life of ours', (state: ControllerState) => onIdentity(state, b, message('earlier'))],
  ])('does not believe %s', (_, hearing) => {
    const state = following();
    expect(hearing(state)).toEqual([]);
    expect(whyNotCounted(state)).toBeNull();
  });
});
