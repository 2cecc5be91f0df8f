import { PROFILES } from '@yosugara/failover';
import { epoch, nodeId } from '@yosugara/kernel';
import { expect, it } from 'vitest';
import { observe } from './observe.js';
import { type ControllerState, createController } from './state.js';
import { stepController } from './step.js';
import { raftTimings } from './timings.js';
import type { ControllerConfig, ControllerEffect } from './types.js';

const timings = PROFILES.lan;
const self = nodeId('a');
const b = nodeId('b');

/** Alone with its vote: what it proposes is committed at once. */
function leader(): { state: ControllerState; atMs: number } {
  const config = {
    ...{
      self,
      kind: 'data',
      boot: 'a1',
      members: [
        { id: self, kind: 'data', voter: true },
        { id: b, kind: 'data', voter: false },
      ],
      compactEvery: 1_000,
      trailing: 10,
    },
    settings: {
      policy: 'available',
      stopProofs: ['P1'],
      autoRejoin: 'clean',
      timings,
      hasVip: false,
      drNodes: [],
      fenceable: [],
    },
    raft: raftTimings(timings),
  } as unknown as ControllerConfig;
  const { state } = createController(config, { hardState: { term: 0, votedFor: null }, snapshot: null, entries: [] }, 0, 0);
  let atMs = 0;
  for (; atMs < 20_000 && observe(state).lead?.ready !== true; atMs += 50) tick(state, atMs);
  expect(observe(state).lead?.ready).toBe(true);
  return { state, atMs };
}

function tick(state: ControllerState, nowMs: number): ControllerEffect[] {
  return stepController(state, { kind: 'tick', nowMs, wallMs: nowMs, random: 0.5 });
}

it('recover without a name gives its vote back to the old owner that a take-over waits for, where nobody serves', () => {
  const { state, atMs } = leader();
  const { record } = state;
  state.record = { ...record, owner: self, ownerBoot: 'a1', epoch: epoch(3), phase: 'stopping-old', syncSet: [b, self] };
  const request = { kind: 'operator', id: 'op1', request: { kind: 'recover', node: null }, nowMs: atMs } as const;
  expect(stepController(state, request)).toContainEqual(
    expect.objectContaining({ kind: 'answer', ok: false, code: 'NO_MASTER' }),
  );
  // Heard under another incarnation than it is counted by: its consensus log was lost.
  state.raft.members = state.raft.members.map((member) => (member.id === b ? { ...member, incarnation: 'old' } : member));
  state.raft.heardAs[b] = 'new';
  stepController(state, { ...request, id: 'op2' });
  expect(state.record.recover).toContainEqual({ node: b, requestId: 'op2', state: 'open' });
});
