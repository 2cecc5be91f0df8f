import type { AuditRow, LastFence, TakeOverRow } from '@yosugara/protocol';
import { expect, it } from 'vitest';
import { fencesOf } from './fences-model.js';

const takeOver = (epoch: number, at: string, proof: string): TakeOverRow => ({
  ...{ epoch, at, proof, owner: 'b', from: 'a', cause: 'a was not heard', timeline: 3 },
  ...{ kind: 'failover', loss: 'none', seen: null, recover: null },
});
const order = (at: string, detail: unknown, more: Partial<AuditRow> = {}): AuditRow => ({
  ...{ id: at, at, who: 'rika', by: 'session', from: null, action: 'cluster.fence', object: null, done: true, detail },
  ...{ node: 'a', epoch: 7 },
  ...more,
});
const outcome = (orderedAt: string, detail: object): AuditRow =>
  order(orderedAt, { by: 'a', method: 'fence_xvm', orderedAt, ...detail }, { action: 'cluster.fenced' });
const NONE = { orders: [], outcomes: [] };
const last: LastFence = {
  ...{ requestId: 'r1', target: 'b', by: 'a', state: 'confirmed', method: 'fence_ipmilan', evidence: 'Status: OFF' },
  ...{ at: '2026-11-20T03:00:05.000Z', ordered: { by: 'rika', why: 'smoke' } },
};

it('those of operators and of take-overs stand in one list, newest first, with what the devices said', () => {
  const rows = fencesOf(
    last,
    [takeOver(6, '2026-11-12T10:00:00.000Z', 'P2: fence_xvm: off'), takeOver(7, '2026-11-13T10:00:00.000Z', 'P4: the lease')],
    {
      orders: [
        order('2026-11-20T03:00:00.000Z', { node: 'b', why: 'smoke' }),
        order('2026-11-01T03:00:00.000Z', { node: 'a', why: 'hangs' }),
        order('2026-10-20T03:00:00.000Z', { node: 'b', why: 'of before that was kept' }),
        order('2026-10-01T03:00:00.000Z', null, { done: false }),
      ],
      outcomes: [
        outcome('2026-11-20T03:00:05.000Z', { target: 'b', state: 'confirmed', evidence: 'Status: OFF', why: 'smoke' }),
        outcome('2026-11-01T03:00:04.000Z', { target: 'a', state: 'failed', evidence: 'no answer', why: 'hangs' }),
      ],
    },
  );
  expect(rows.map(({ target, ordered, epoch, state, said }) => [target, ordered?.why, epoch, state, said])).toEqual([
    ['b', 'smoke', null, 'confirmed', 'fence_ipmilan: Status: OFF'],
    ['a', undefined, 6, 'confirmed', 'fence_xvm: off'],
    ['a', 'hangs', null, 'failed', 'fence_xvm: no answer'],
    ['b', 'of before that was kept', null, 'given', ''],
    ['', '', null, 'refused', ''],
  ]);
});
it('the newest is told once, whether the take-over or the audit log knows of it, too', () => {
  const byItself: LastFence = { ...last, target: 'a', ordered: null };
  const rows = fencesOf(byItself, [takeOver(7, '2026-11-20T03:00:07.000Z', 'P2: fence_ipmilan: Status: OFF')], NONE);
  expect(rows).toMatchObject([{ target: 'a', ordered: null, epoch: 7, state: 'confirmed' }]);
  expect(fencesOf(last, [], NONE)).toMatchObject([{ target: 'b', ordered: { by: 'rika' } }]);
  expect(fencesOf(null, [], NONE)).toEqual([]);
});
it('there are ten at most', () => {
  const many = Array.from({ length: 30 }, (_, n) => order(new Date(n * 3_600_000).toISOString(), { node: 'b', why: 'w' }));
  expect([
    fencesOf(null, [], { orders: many, outcomes: [] }).length,
    fencesOf(last, [], { orders: many, outcomes: [] }).length,
  ]).toEqual([10, 10]);
});
