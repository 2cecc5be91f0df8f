import { epoch } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { decide } from './decide.js';
import type { Observation } from './observation.js';
import { PROFILES } from './profiles.js';
import { a, b, NOW, peer, record, seenByA, seenByB, stopped } from './testing.js';
import { troublesHere } from './troubles.js';

type Manager = NonNullable<Observation['manager']>;
const heard: Manager = {
  mode: 'active',
  epoch: epoch(5),
  ready: true,
  silentSinceMs: NOW - 400,
  readyMs: NOW - 400,
  restarts: [],
};
const silentFor = (ms: number, over: Partial<Manager> = {}): Manager => ({
  ...heard,
  ...{ ready: false, silentSinceMs: NOW - ms, readyMs: NOW - ms },
  ...over,
});
const kinds = (o: Observation) => decide(o).actions.map(({ kind }) => kind);
const restarts = (o: Observation) => kinds(o).includes('manager.restart');
const codes = (o: Observation) => troublesHere(o).map(({ level, code }) => `${level} ${code}`);
const peerOfA = (over: Parameters<typeof peer>[0]): Observation['peers'] => new Map([[b, peer(over)]]);

describe('a manager that does not answer', () => {
  it('is restarted in place after 3 s, the first time', () => {
    expect(restarts(seenByA({ manager: silentFor(2_999) }))).toBe(false);
    const o = seenByA({ manager: silentFor(3_000) });
    expect(decide(o)).toMatchObject({ role: 'MASTER_SYNC' });
    expect(decide(o).actions.at(-1)).toEqual({ kind: 'manager.restart', why: 'the manager of a has said nothing for 3.0 s' });
  });
  it.each(['tolerant', 'vm', 'wan-arbiter'] as const)('is given 6 s with the profile %s', (profile) => {
    const settings = { ...seenByA().settings, timings: PROFILES[profile] };
    expect(restarts(seenByA({ settings, manager: silentFor(5_999) }))).toBe(false);
    expect(restarts(seenByA({ settings, manager: silentFor(6_000) }))).toBe(true);
  });
  it('is given 20 s while it has not been ready yet', () => {
    expect(restarts(seenByA({ manager: silentFor(19_999, { starting: true }) }))).toBe(false);
    expect(restarts(seenByA({ manager: silentFor(20_000, { starting: true }) }))).toBe(true);
  });
  it.each([
    ['answers', heard],
    ['does not run: its keeper starts it', silentFor(9_000, { silentSinceMs: null })],
    ['is not watched', { mode: 'active', epoch: epoch(5), ready: true }],
  ] as const)('is not one that %s', (_, manager) => expect(restarts(seenByA({ manager }))).toBe(false));
  it('is left as it is on a node that is shut down', () =>
    expect(restarts(seenByB({ leaving: true, manager: silentFor(9_000) }))).toBe(false));
  it('tells of a restart in yellow, for ten minutes', () => {
    expect(codes(seenByA({ manager: { ...heard, restarts: [NOW - 599_999] } }))).toEqual(['yellow MANAGER_RESTARTED']);
    expect(codes(seenByA({ manager: { ...heard, restarts: [NOW - 600_000] } }))).toEqual([]);
  });
});

describe('a Master whose manager was restarted in vain', () => {
  const again = silentFor(3_000, { restarts: [NOW - 599_999] });
  const notBack = silentFor(15_000, { starting: true, restarts: [NOW - 15_000], readyMs: NOW - 15_100 });

  it.each([
    ['hangs again within ten minutes', again],
    ['is not ready again within 15 s', notBack],
  ])('hands over when it %s: passive first, then PostgreSQL is stopped', (_, manager) => {
    const { role, actions } = decide(seenByA({ manager }));
    expect(role).toBe('DEMOTING');
    expect(actions).toEqual([
      { kind: 'manager.mode', mode: 'passive' },
      { kind: 'pg.stop', mode: 'fast', budgetMs: 3_000 },
    ]);
  });
  it('releases its epoch with that cause as soon as the other one holds everything', () => {
    const o = seenByA({ manager: again, postgres: stopped(), vipHeld: false, postgresSinceMs: NOW - 100 });
    expect(decide(o).actions).toContainEqual({
      kind: 'record.propose',
      command: {
        ...{ kind: 'release', epoch: 5, by: a, automatic: true, walEnd: 1_000 },
        cause: 'the manager of a does not answer',
      },
    });
  });
  it.each([
    ['is ready again', { ...heard, restarts: [NOW - 15_000] }],
    ['may still become ready', { ...notBack, restarts: [NOW - 14_999] }],
    ['hangs again much later', silentFor(3_000, { restarts: [NOW - 600_000] })],
  ])('goes on when it %s', (_, manager) => expect(decide(seenByA({ manager })).role).toBe('MASTER_SYNC'));

  const pause = { requestId: 'p', untilWallMs: 1_700_000_600_000, why: 'work' };
  it.each<[string, Partial<Observation>]>([
    ['nobody else can serve', { peers: peerOfA({ heardAgoMs: 9_000 }) }],
    ['the host of the other one is not well', { peers: peerOfA({ unfit: 'its disk is full' }) }],
    ['the manager of the other one does not answer either', { peers: peerOfA({ managerReady: false }) }],
    ['the cluster is paused', { record: record({ pause }) }],
  ])('keeps restarting it, and says so in red, while %s', (_, over) => {
    const o = seenByA({ manager: again, ...over });
    expect(decide(o).role).toBe('MASTER_SYNC');
    expect(kinds(o)).not.toContain('pg.stop');
    expect(restarts(o)).toBe(true);
    expect(codes(o)).toContain('red MANAGER_HUNG');
  });
  it.each([
    [1, 15_000],
    [2, 30_000],
    [3, 60_000],
    [8, 60_000],
  ])('waits after %i restarts for %i ms before the next', (count, pauseMs) => {
    const after = (agoMs: number) =>
      seenByA({
        peers: peerOfA({ heardAgoMs: 9_000 }),
        manager: silentFor(5_000, { restarts: Array.from({ length: count }, () => NOW - agoMs) }),
      });
    expect(restarts(after(pauseMs - 1))).toBe(false);
    expect(restarts(after(pauseMs))).toBe(true);
  });
});

describe('a Standby whose manager does not answer', () => {
  it('restarts it in place, and that is all', () => {
    const o = seenByB({ manager: silentFor(3_000, { mode: 'passive', restarts: [NOW - 100_000] }) });
    expect(decide(o).role).toBe('STANDBY_SYNC');
    expect(kinds(o)).toEqual(['manager.mode', 'manager.restart']);
    expect(codes(o)).toEqual(['yellow MANAGER_RESTARTED']);
  });
});
