import { epoch, lsn } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { decide, type Observation } from './index.js';
import { a, b, kinds, leading, NOW, primary, proposed, record, seenByA, standby, stopped } from './testing.js';

describe('a Master in sync', () => {
  it('only keeps its manager active', () =>
    expect(decide(seenByA())).toMatchObject({ role: 'MASTER_SYNC', actions: [{ kind: 'manager.mode', mode: 'active' }] }));
  it('puts its VIP back when it is gone', () => expect(kinds(seenByA({ vipHeld: false }))).toContain('vip.hold'));
  it('makes the names demand the peer of the sync set when they do not (S4)', () =>
    expect(decide(seenByA({ postgres: primary({ names: [] }) })).actions).toContainEqual({ kind: 'pg.setNames', names: [b] }));
  it('treats names that we did not write as wrong names', () =>
    expect(kinds(seenByA({ postgres: primary({ names: null }) }))).toContain('pg.setNames'));
});

describe('a Master near the end of its lease', () => {
  // lan: leaseOwn 3300, demoteAt 2000: it stops when 1300 ms are left.
  it.each([
    [1_301, 'MASTER_SYNC'],
    [1_300, 'DEMOTING'],
  ])('with %d ms left is %s', (left, role) =>
    expect(decide(seenByA({ lead: { ...leading, leaseUntilMs: NOW + left } })).role).toBe(role),
  );
  it('releases the VIP, then stops PostgreSQL within the budget', () =>
    expect(decide(seenByA({ lead: null })).actions.map((action) => action.kind)).toEqual([
      'vip.release',
      'manager.mode',
      'pg.stop',
    ]));
  it('stops a PostgreSQL that hangs as a primary, too', () =>
    expect(kinds(seenByA({ lead: null, postgres: { kind: 'hung', failures: 3, wasPrimary: true } }))).toContain('pg.stop'));
  it('says so for good once it has stopped (P1)', () =>
    expect(kinds(seenByA({ lead: null, vipHeld: false, postgres: stopped(), postgresSinceMs: NOW - 1_000 }))).toContain(
      'renounce',
    ));
  it('says nothing while an action is in flight that could be starting it', () =>
    expect(kinds(seenByA({ lead: null, vipHeld: false, postgres: stopped(), postgresBusy: 'pg.startPrimary' }))).not.toContain(
      'renounce',
    ));
});

describe('a Master that is not the life that claimed', () => {
  it('never serves: a restarted controller stops what it finds writable', () =>
    expect(kinds(seenByA({ boot: 'boot-a2' }))).toContain('pg.stop'));
  it('claims a new epoch instead', () =>
    expect(proposed(seenByA({ boot: 'boot-a2', vipHeld: false, postgres: standby({ receiver: 'cut' }) }))).toMatchObject([
      { kind: 'claim', epoch: 6, boot: 'boot-a2' },
    ]));
});

describe('T5, PostgreSQL fails on the Master', () => {
  it('is killed when it hangs', () =>
    expect(decide(seenByA({ postgres: { kind: 'hung', failures: 3, wasPrimary: true } })).actions).toContainEqual({
      kind: 'pg.stop',
      mode: 'kill',
      budgetMs: 0,
    }));
  it('releases the VIP first, then the epoch to a peer in the sync set', () => {
    const failed = { postgres: stopped({ state: 'crashed-primary' }) };
    expect(kinds(seenByA(failed))).not.toContain('release');
    expect(kinds(seenByA(failed))).toContain('vip.release');
    expect(kinds(seenByA({ ...failed, vipHeld: false }))).toContain('release');
  });
  it('gives the epoch to a peer when its killed PostgreSQL lies on a volume that hangs', () => {
    const gone = { postgres: { kind: 'unreadable' }, vipHeld: false } as const;
    expect(kinds(seenByA(gone))).toContain('release');
    const alone = decide(seenByA({ ...gone, record: record({ syncSet: [a] }) }));
    expect(alone.actions.map((action) => action.kind)).toEqual(['manager.mode']);
    expect(alone.why).toMatch(/^the data volume does not answer, and nobody else can serve/);
  });
  it('gives nothing up while the VIP is just being put back', () =>
    expect(kinds(seenByA({ postgres: stopped({ state: 'crashed-primary' }), vipHeld: false, vipBusy: true }))).not.toContain(
      'release',
    ));
  it('hands over no leadership while the VIP is just being put back', () =>
    expect(
      kinds(
        seenByA({
          vipHeld: false,
          vipBusy: true,
          postgres: stopped(),
          record: record({ released: { epoch: epoch(5), by: a, walEnd: lsn(1) } }),
        }),
      ),
    ).not.toContain('raft.transfer'));
  it('restarts in place when nobody else may take over', () =>
    expect(
      decide(seenByA({ record: record({ syncSet: [a] }), postgres: stopped({ state: 'crashed-primary' }) })).actions,
    ).toContainEqual({ kind: 'pg.startPrimary', names: [] }));
});

describe('an epoch is given up', () => {
  const failed = (over: Partial<Observation> = {}) =>
    seenByA({ postgres: stopped({ state: 'crashed-primary' }), vipHeld: false, ...over });
  it('when PostgreSQL failed and the peer can take over', () => expect(kinds(failed())).toContain('release'));
  it('never while a start is in flight that would write afterwards', () => {
    expect(kinds(failed({ postgresBusy: 'pg.startPrimary' }))).not.toContain('release');
    expect(kinds(failed({ renounced: epoch(5), postgresBusy: 'pg.startPrimary' }))).not.toContain('release');
  });
  it('though what was started behind the strike of the dead man hangs: it is killed first', () => {
    const hung = failed({ renounced: epoch(5), postgres: { kind: 'hung', failures: 3, wasPrimary: false } });
    expect(decide(hung).actions).toContainEqual({ kind: 'pg.stop', mode: 'kill', budgetMs: 0 });
    expect(kinds(hung)).not.toContain('release');
  });
  it('for good: while the release waits for a majority nothing is started again', () =>
    expect(kinds(failed({ releasing: true, peers: new Map() }))).not.toContain('pg.startPrimary'));
});

describe('the right to consume alone', () => {
  const link = (over: object) => kinds(seenByA({ receiver: { link: 'down', sinceMs: NOW - 3_000, behindPeer: 0, ...over } }));
  it('is committed when the link between the receivers is down for the stall limit', () =>
    expect(link({})).toContain('ingestAlone'));
  it('is not asked for a millisecond earlier', () => expect(link({ sinceMs: NOW - 2_999 })).not.toContain('ingestAlone'));
  it('is given back when the journals are level', () =>
    expect(proposed(seenByA({ record: record({ ingestAlone: true }) }))).toMatchObject([{ kind: 'ingestAlone', value: false }]));
});
