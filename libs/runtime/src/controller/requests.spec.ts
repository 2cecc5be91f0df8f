import { epoch, type NodeId, nodeId } from '@yosugara/kernel';
import { expect, it } from 'vitest';
import { stepController } from './step.js';
import { leadingA } from './testing/single.js';

const self = nodeId('a');
const b = nodeId('b');

it('a dry run is answered, never refused: the plan carries what is in the way', () => {
  const { state, atMs } = leadingA([{ id: b, kind: 'data', voter: false }]);
  const plan = (node: NodeId | null) =>
    stepController(state, { kind: 'operator', id: 'dry', request: { kind: 'recover', node, dryRun: true }, nowMs: atMs }).find(
      (effect) => effect.kind === 'answer',
    );
  state.record = { ...state.record, owner: self, ownerBoot: 'a1', epoch: epoch(3), phase: 'serving', syncSet: [self] };
  expect(plan(self)).toMatchObject({ ok: true, plan: { node: 'a', refusals: [{ code: 'IS_MASTER' }], phases: [] } });
  expect(plan(nodeId('z'))).toMatchObject({ ok: true, plan: { node: 'z', refusals: [{ code: 'NODE_UNKNOWN' }] } });
  state.record = { ...state.record, phase: 'stopping-old' };
  expect(plan(b)).toMatchObject({ ok: true, plan: { node: 'b', refusals: [{ code: 'NO_MASTER' }] } });
  expect(state.record.recover).toEqual([]);
});

it('recover without a name gives its vote back to the old owner that a take-over waits for, where nobody serves', () => {
  const { state, atMs } = leadingA([{ id: b, kind: 'data', voter: false }]);
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
