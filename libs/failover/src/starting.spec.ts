import { epoch, lsn } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { decide, type Observation } from './index.js';
import { a, b, kinds, NOW, peer, record, seenByA, seenByB, standby, stopped } from './testing.js';

describe('T7, a node that starts', () => {
  const starting = (over: Partial<Observation>) => seenByB({ postgres: stopped({ state: 'standby' }), ...over });
  it('starts in recovery and follows the serving Master', () =>
    expect(decide(starting({})).actions).toContainEqual({ kind: 'pg.startStandby', follow: a }));
  it('waits for `recover` when it was Master and a newer timeline exists', () => {
    const o = starting({
      postgres: stopped({ state: 'crashed-primary' }),
      record: record({ owner: a, syncSet: [a], lineage: [{ timeline: 2, forkLsn: lsn(900), owner: a, epoch: epoch(5) }] }),
    });
    expect(decide(o)).toMatchObject({ role: 'STOPPED', needsRecover: true });
    expect(kinds(o)).not.toContain('pg.startStandby');
  });
  it.each<[string, Partial<Observation>]>([
    ['that named another Master', { record: record({ owner: a, syncSet: [a], everSync: [a] }) }],
    [
      'in which nobody served and this node was counted on',
      { record: record({ owner: b, ownerBoot: 'earlier', syncSet: [a, b] }) },
    ],
  ])('without data copies from nobody, and is not stuck, by a piece of the log %s: it is still being told', (_, over) => {
    const o = starting({ postgres: { kind: 'empty' }, informed: false, ...over });
    expect(decide(o)).toMatchObject({ role: 'INIT', needsRecover: false });
    expect(kinds(o).filter((kind) => kind.startsWith('pg.'))).toEqual([]);
  });
  it('rewinds when `recover` was asked for', () => {
    const recover = [{ node: b, requestId: 'r', state: 'open' as const }];
    expect(
      kinds(
        starting({
          postgres: stopped({ state: 'crashed-primary' }),
          record: record({ syncSet: [a], recover, lineage: [{ timeline: 2, forkLsn: lsn(900), owner: a, epoch: epoch(5) }] }),
        }),
      ),
    ).toContain('pg.rewind');
  });
  it('rebuilds when the rewind failed', () => {
    const recover = [{ node: b, requestId: 'r', state: 'open' as const }];
    const failures = new Map([['pg.rewind', { count: 1, atMs: NOW - 60_000, code: 'REWIND_FAILED' }]]);
    expect(
      kinds(
        starting({
          failures,
          postgres: stopped({ state: 'crashed-primary' }),
          record: record({ syncSet: [a], recover, lineage: [{ timeline: 2, forkLsn: lsn(900), owner: a, epoch: epoch(5) }] }),
        }),
      ),
    ).toContain('pg.baseBackup');
  });
  it.each([
    ['SOURCE_UNREACHABLE', 0, []],
    ['SOURCE_UNREACHABLE', 60_000, ['pg.rewind']],
    ['DISK_TOO_SMALL', 0, []],
    ['DISK_TOO_SMALL', 60_000, ['pg.rewind']],
  ])('rewinds again, and never rebuilds, when nothing was touched (%s, %d ms ago)', (code, agoMs, expected) => {
    const recover = [{ node: b, requestId: 'r', state: 'open' as const }];
    const failures = new Map([['pg.rewind', { count: 1, atMs: NOW - agoMs, code }]]);
    const lineage = [{ timeline: 2, forkLsn: lsn(900), owner: a, epoch: epoch(5) }];
    const o = starting({
      failures,
      postgres: stopped({ state: 'crashed-primary' }),
      record: record({ syncSet: [a], recover, lineage }),
    });
    expect(kinds(o).filter((kind) => kind.startsWith('pg.'))).toEqual(expected);
  });
  it('with autoRejoin never waits even when it is clean', () => {
    const o = starting({ record: record({ syncSet: [a] }) });
    expect(decide({ ...o, settings: { ...o.settings, autoRejoin: 'never' } })).toMatchObject({
      needsRecover: true,
      role: 'STOPPED',
    });
  });
  it('starts nothing before a majority has told it how things stand', () => {
    const o = starting({ informed: false });
    expect(decide(o)).toMatchObject({ role: 'STOPPED', needsRecover: false });
    expect(kinds(o)).not.toContain('pg.startStandby');
  });
  it('never touches a data directory of another cluster', () =>
    expect(decide(starting({ postgres: stopped({ systemId: '8' }) })).role).toBe('HALT'));
});

describe('a first start', () => {
  const unborn = (over: Partial<Observation> = {}) =>
    seenByA({
      record: record({
        epoch: epoch(0),
        owner: null,
        ownerBoot: null,
        phase: 'none',
        syncSet: [],
        everSync: [],
        systemId: null,
        previous: null,
        proof: null,
      }),
      vipHeld: false,
      postgres: { kind: 'empty' },
      peers: new Map([[b, peer({ postgres: { kind: 'empty' } })]]),
      ...over,
    });
  it('claims when every data node is heard to be empty', () => expect(kinds(unborn())).toContain('claim'));
  it.each([
    ['is not heard', peer({ heardAgoMs: 10_000, postgres: { kind: 'empty' } })],
    ['holds data', peer({ postgres: stopped() })],
    ['has not looked yet', peer({ postgres: { kind: 'unknown' } })],
  ])('does not claim while the other node %s', (_, other) =>
    expect(kinds(unborn({ peers: new Map([[b, other]]) }))).not.toContain('claim'),
  );
  describe('that was cut short: who was let make the first database goes on alone', () => {
    const begunBy = (owner: typeof a, over: Partial<Observation> = {}) => {
      const o = unborn(over);
      return {
        ...o,
        record: { ...o.record, epoch: epoch(1), owner, ownerBoot: 'an earlier life', opening: owner, syncSet: [owner] },
      };
    };
    it('the other one makes no second one beside it, and gives the leadership back', () => {
      const o = begunBy(b, { peers: new Map([[b, peer({ postgres: { kind: 'empty' } })]]) });
      expect(kinds(o)).not.toContain('claim');
      expect(decide(o).actions).toContainEqual({ kind: 'raft.transfer', to: b });
    });
    it.each([['stopped'], ['standby'], ['starting']] as const)('it gets the leadership also when what it made is %s', (kind) => {
      const postgres = kind === 'stopped' ? stopped() : kind === 'standby' ? standby() : { kind, progress: 'redo' };
      const o = begunBy(b, { peers: new Map([[b, peer({ postgres })]]) });
      expect(decide(o).actions).toContainEqual({ kind: 'raft.transfer', to: b });
    });
    it('says whom it waits for when that one is not heard', () => {
      const o = begunBy(b, { peers: new Map([[b, peer({ heardAgoMs: 10_000, postgres: { kind: 'empty' } })]]) });
      expect(kinds(o)).not.toContain('claim');
      expect(decide(o).why).toContain('first start: b began to make the first database');
    });
    it('it claims anew itself', () => expect(kinds(begunBy(a))).toContain('claim'));
    it('the other one campaigns after it', () => {
      expect(decide(begunBy(a)).campaign.extraDelayMs).toBe(0);
      expect(decide(begunBy(b)).campaign.extraDelayMs).toBeGreaterThan(0);
    });
  });
});
