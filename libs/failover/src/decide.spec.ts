import { epoch, lsn, type NodeId } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { type Action, applyCommand, decide, lint, type Observation, predict } from './index.js';
import { a, b, leading, NOW, peer, primary, record, seenByA, seenByB, standby, stopped, streaming, w } from './testing.js';

const kinds = (o: Observation): string[] =>
  decide(o).actions.map((action) => (action.kind === 'record.propose' ? action.command.kind : action.kind));
const proposed = (o: Observation) =>
  decide(o).actions.flatMap((action) => (action.kind === 'record.propose' ? [action.command] : []));

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

describe('T2, a Standby that stops acknowledging', () => {
  const stalled = (ms: number) => seenByA({ stalledSinceMs: new Map([[b, NOW - ms]]) });
  it('stays in the sync set until the stall limit', () => expect(kinds(stalled(2_999))).not.toContain('leave'));
  it('is taken out of the record at the limit, the names left alone', () => {
    expect(kinds(stalled(3_000))).toContain('leave');
    expect(kinds(stalled(3_000))).not.toContain('pg.setNames');
  });
  it('frees the names only when the record has let it go (S5)', () =>
    expect(decide(seenByA({ record: record({ syncSet: [a] }), postgres: primary({ peers: [] }) })).actions).toContainEqual({
      kind: 'pg.setNames',
      names: [],
    }));
  it('blocks for ever under policy strict', () => {
    const o = stalled(60_000);
    expect(kinds({ ...o, settings: { ...o.settings, policy: 'strict' } })).not.toContain('leave');
  });
});

describe('T1, a peer that streams to a Master alone', () => {
  const solo = (over: Partial<Observation> = {}) =>
    seenByA({ record: record({ syncSet: [a] }), postgres: primary({ names: [] }), ...over });
  it('is asked for every commit first', () => expect(decide(solo()).actions).toContainEqual({ kind: 'pg.setNames', names: [b] }));
  it.each([
    ['copies our data', { kind: 'empty' as const }],
    ['is still connecting', standby({ receiver: 'connecting' })],
    ['follows somebody else', standby({ follows: b })],
  ])('is not asked while the node itself says that it %s', (_, said) =>
    expect(kinds(solo({ peers: new Map([[b, peer({ postgres: said })]]) }))).not.toContain('pg.setNames'),
  );
  it('then has to flush past a mark set afterwards', () => expect(kinds(solo({ postgres: primary() }))).toContain('pg.mark'));
  it('is not yet joined one byte before the mark', () =>
    expect(
      kinds(solo({ postgres: primary(), joinMark: { node: b, epoch: epoch(5), lsn: 1_001, atMs: NOW - 100 } })),
    ).not.toContain('join'));
  it('is joined at the mark', () =>
    expect(kinds(solo({ postgres: primary(), joinMark: { node: b, epoch: epoch(5), lsn: 1_000, atMs: NOW - 100 } }))).toContain(
      'join',
    ));
  it('is not joined on a mark of an older epoch', () =>
    expect(
      kinds(solo({ postgres: primary(), joinMark: { node: b, epoch: epoch(4), lsn: 1_000, atMs: NOW - 100 } })),
    ).not.toContain('join'));
  it('is not joined while PostgreSQL does not call it synchronous', () =>
    expect(
      kinds(
        solo({
          postgres: primary({ peers: [streaming(b, { sync: false })] }),
          joinMark: { node: b, epoch: epoch(5), lsn: 1_000, atMs: NOW - 100 },
        }),
      ),
    ).not.toContain('join'));
  it('is not joined on names that are just being changed', () =>
    expect(
      kinds(
        solo({
          postgres: primary(),
          joinMark: { node: b, epoch: epoch(5), lsn: 1_000, atMs: NOW - 100 },
          postgresBusy: 'pg.setNames',
        }),
      ),
    ).not.toContain('join'));
  it('is let go when it does not reach the mark within the stall limit: commits wait for it meanwhile', () => {
    const o = solo({
      postgres: primary({ walEnd: lsn(2_000) }),
      joinMark: { node: b, epoch: epoch(5), lsn: 1_500, atMs: NOW - 3_000 },
    });
    expect(decide(o).actions).toContainEqual({ kind: 'pg.setNames', names: [] });
    expect(kinds({ ...o, failures: new Map([['join', { count: 1, atMs: NOW - 100, code: 'NOT_IN_TIME' }]]) })).not.toContain(
      'pg.mark',
    );
  });
  it('keeps the names while a join waits for a majority, though nobody is heard: it may come true late (S4)', () => {
    const o = solo({ postgres: primary({ peers: [] }), peers: new Map(), joining: b });
    expect(decide(o)).toMatchObject({ role: 'MASTER_JOINING' });
    expect(kinds(o)).not.toContain('pg.setNames');
    expect(lint(o, { kind: 'pg.setNames', names: [] })).toContain('S4');
  });
  it('restarts PostgreSQL with the names that a join under way demands', () =>
    expect(decide(solo({ postgres: stopped(), vipHeld: false, peers: new Map(), joining: b })).actions).toContainEqual({
      kind: 'pg.startPrimary',
      names: [b],
    }));
  it.each([
    [16 * 1024 * 1024, true],
    [16 * 1024 * 1024 + 1, false],
  ])('%d bytes behind: asked %s', (behind, asked) =>
    expect(kinds(solo({ postgres: primary({ names: [], walEnd: lsn(1_000 + behind) }) })).includes('pg.setNames')).toBe(asked),
  );
});

describe('T3, a Standby that was elected', () => {
  const elected = (over: Partial<Observation> = {}) => seenByB({ lead: leading, ...over });
  const owning = (over: Partial<Observation> = {}) =>
    elected({
      record: record({
        epoch: epoch(6),
        owner: b,
        ownerBoot: 'boot-b',
        phase: 'stopping-old',
        previous: { node: a, epoch: epoch(5), boot: 'boot-a' },
        proof: null,
        syncSet: [a, b],
      }),
      ...over,
    });
  it('claims the next epoch when it is in the sync set', () =>
    expect(proposed(elected())).toMatchObject([{ kind: 'claim', by: b, epoch: 6 }]));
  it('never claims from outside the sync set (T8), and says why', () => {
    const o = elected({ record: record({ syncSet: [a] }), peers: new Map([[a, peer({ heardAgoMs: 9_000 })]]) });
    expect(proposed(o)).toEqual([]);
    expect(decide(o).why).toMatch(/only a human/);
  });
  it('waits until it has committed an entry of its own term', () =>
    expect(proposed(elected({ lead: { ...leading, ready: false } }))).toEqual([]));
  it('cuts its receiver before anything else', () =>
    expect(decide(owning()).actions).toContainEqual({ kind: 'pg.follow', follow: null }));
  it.each([
    [199, false],
    [200, true],
  ])('cut for %d ms: P4 holds %s', (ms, holds) =>
    expect(proposed(owning({ postgres: standby({ receiver: 'cut' }), postgresSinceMs: NOW - ms })).length === 1).toBe(holds),
  );
  it('does not take P4 where the configuration does not list it', () => {
    const o = owning({ postgres: standby({ receiver: 'cut' }) });
    expect(proposed({ ...o, settings: { ...o.settings, stopProofs: ['P1', 'P2'] } })).toEqual([]);
  });
  it('takes a signed P1 of that epoch and boot at once', () =>
    expect(
      proposed(
        owning({
          postgres: standby({ receiver: 'cut' }),
          postgresSinceMs: NOW,
          stopProofs: [{ node: a, epoch: epoch(5), boot: 'boot-a' }],
        }),
      ),
    ).toMatchObject([{ proof: { kind: 'P1' } }]));
  it('takes no P1 of another boot', () =>
    expect(
      proposed(
        owning({
          postgres: standby({ receiver: 'cut' }),
          postgresSinceMs: NOW,
          stopProofs: [{ node: a, epoch: epoch(5), boot: 'older' }],
        }),
      ),
    ).toEqual([]));
  it('promotes with the names the sync set demands, once the proof is committed', () =>
    expect(
      decide(
        owning({
          record: {
            ...owning().record,
            phase: 'promoting',
            syncSet: [b],
            proof: { kind: 'P4', of: a, epoch: epoch(5), evidence: '' },
          },
          postgres: standby({ receiver: 'cut' }),
        }),
      ).actions,
    ).toContainEqual({ kind: 'pg.promote', names: [], above: 0 }));
  it('asks for a timeline above every one that the cluster has had, whatever this server knows of', () => {
    const entry = (timeline: number) => ({ timeline, forkLsn: lsn(900), owner: a, epoch: epoch(5) });
    const opening = { ...owning().record, phase: 'promoting' as const, syncSet: [b], lineage: [entry(2), entry(5), entry(4)] };
    const { actions } = decide(owning({ record: opening, postgres: standby({ receiver: 'cut' }) }));
    expect(actions).toContainEqual({ kind: 'pg.promote', names: [], above: 5 });
  });
  it('opens when the manager is ready and the VIP is held', () =>
    expect(
      kinds(
        owning({
          record: { ...owning().record, phase: 'promoting', syncSet: [b] },
          postgres: primary({ names: [], peers: [] }),
          postgresSinceMs: NOW,
          vipHeld: true,
          manager: { mode: 'gated', epoch: epoch(6), ready: true },
        }),
      ),
    ).toContain('opened'));
});

describe('a policy that keeps a member whatever happens (strict)', () => {
  it('closes the request to recover it once it acknowledges again', () => {
    const open = { node: b, requestId: 'r1', state: 'open' as const };
    expect(proposed(seenByA({ record: record({ recover: [open] }) }))).toMatchObject([{ kind: 'join', node: b }]);
    expect(proposed(seenByA({ record: record({ recover: [open] }), stalledSinceMs: new Map([[b, NOW - 50]]) }))).toEqual([]);
  });
});

describe('nothing begins to write before the dead man is armed', () => {
  const opening = { epoch: epoch(6), owner: b, ownerBoot: 'boot-b', phase: 'promoting' as const, syncSet: [b] };
  const promoting = (over: Partial<Observation>) =>
    seenByB({ record: record(opening), lead: leading, postgres: standby({ receiver: 'cut' }), ...over });
  it('neither a promotion nor a start as a primary', () => {
    expect(kinds(promoting({}))).toContain('pg.promote');
    expect(kinds(promoting({ armed: false }))).not.toContain('pg.promote');
    expect(lint(promoting({ armed: false }), { kind: 'pg.promote', names: [], above: 0 })).toContain('S1');
    expect(kinds(seenByA({ postgres: stopped(), peers: new Map(), armed: false }))).not.toContain('pg.startPrimary');
  });
});

describe('T3, a receiver that opened again', () => {
  const claimed = (over: Partial<Observation>) =>
    seenByB({
      record: record({
        epoch: epoch(6),
        owner: b,
        ownerBoot: 'boot-b',
        phase: 'stopping-old',
        previous: { node: a, epoch: epoch(5), boot: 'boot-a' },
      }),
      lead: leading,
      postgres: standby({ receiver: 'cut', follows: null }),
      ...over,
    });
  it('gives no proof while an action in flight may open it', () =>
    expect(kinds(claimed({ postgresBusy: 'pg.follow' }))).not.toContain('proveStopped'));
  it('is cut again before the promotion', () => {
    const promoting = claimed({ postgres: standby({ receiver: 'connecting' }) });
    expect(kinds({ ...promoting, record: { ...promoting.record, phase: 'promoting' } })).toContain('pg.follow');
  });
});

describe('T4, a switchover', () => {
  const asked = (over: Partial<Observation> = {}) =>
    seenByA({ record: record({ switchover: { requestId: 'r', to: b, epoch: epoch(5) } }), ...over });
  it('stops PostgreSQL first', () => expect(kinds(asked())).toContain('pg.stop'));
  it('is called off when the target is not heard', () =>
    expect(kinds(asked({ peers: new Map([[b, peer({ heardAgoMs: 5_000 })]]) }))).toContain('endSwitchover'));
  it('releases only when the target holds the shutdown checkpoint', () => {
    const at = (end: number) =>
      asked({
        vipHeld: false,
        postgres: stopped({ walEnd: lsn(2_000) }),
        postgresSinceMs: NOW - 10,
        peers: new Map([[b, peer({ postgres: standby({ walEnd: lsn(end) }) })]]),
      });
    expect(kinds(at(1_999))).not.toContain('release');
    expect(kinds(at(2_000))).toContain('release');
  });
  it('is called off when the target does not get there, and the old owner starts again', () => {
    expect(kinds(asked({ vipHeld: false, postgres: stopped({ walEnd: lsn(2_000) }), postgresSinceMs: NOW - 8_000 }))).toContain(
      'endSwitchover',
    );
    expect(kinds(seenByA({ vipHeld: false, postgres: stopped(), peers: new Map([[b, peer({ heardAgoMs: 5_000 })]]) }))).toContain(
      'pg.startPrimary',
    );
  });
  it('hands leadership over once released', () =>
    expect(
      kinds(
        seenByA({
          vipHeld: false,
          postgres: stopped(),
          record: record({ released: { epoch: epoch(5), by: a, walEnd: lsn(1) } }),
        }),
      ),
    ).toContain('raft.transfer'));
});

describe('T4, a lease that was lost and came back in the middle', () => {
  it('ends the switchover: what was started in recovery meanwhile never shuts down as a Master', () =>
    expect(
      proposed(seenByA({ postgres: standby(), record: record({ switchover: { requestId: 'r1', to: b, epoch: epoch(5) } }) })),
    ).toMatchObject([{ kind: 'endSwitchover', requestId: 'r1' }]));
});

describe('two promotions that would call their timeline by one number', () => {
  const lost = (over: Partial<Observation>) =>
    seenByB({
      record: record({ syncSet: [a, b] }),
      lead: leading,
      postgres: standby({ receiver: 'connecting' }),
      peers: new Map(),
      ...over,
    });
  it('are not made: nobody claims beside one who may have promoted and has not said where', () => {
    const open = record({ epoch: epoch(5), owner: a, phase: 'promoting', opening: a });
    expect(proposed(lost({ record: open }))).toEqual([]);
    const claim = { kind: 'claim', id: '1', by: b, boot: 'boot-b', epoch: epoch(6), cause: '', atWallMs: 0 } as const;
    expect(applyCommand(open, claim).refused).toContain('may have promoted');
    expect(applyCommand({ ...open, opening: b }, claim).refused).toBeNull();
  });
  it('are not made: with strict, a member that has not followed the last timeline does not claim', () => {
    const o = lost({ record: record({ lineage: [{ timeline: 2, forkLsn: lsn(900), owner: a, epoch: epoch(5) }] }) });
    expect(proposed({ ...o, settings: { ...o.settings, policy: 'strict' } })).toEqual([]);
    expect(proposed({ ...o, settings: { ...o.settings, policy: 'strict' }, postgres: standby({ timeline: 2 }) })).toMatchObject([
      { kind: 'claim' },
    ]);
  });
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
  it('for good: while the release waits for a majority nothing is started again', () =>
    expect(kinds(failed({ releasing: true, peers: new Map() }))).not.toContain('pg.startPrimary'));
});

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
});

describe('an arbiter that was elected', () => {
  const arbiter = (over: Partial<Observation> = {}) =>
    seenByA({
      self: w,
      kind: 'witness',
      boot: 'boot-w',
      lead: leading,
      postgres: { kind: 'unknown' },
      vipHeld: false,
      manager: null,
      receiver: null,
      peers: new Map([
        [a, peer({ heardAgoMs: 9_000 })],
        [b, peer()],
      ]),
      ...over,
    });
  it('hands over at once to a member of the sync set', () =>
    expect(decide(arbiter()).actions).toEqual([{ kind: 'raft.transfer', to: b }]));
  it('never claims, and hands over to nobody outside the sync set', () =>
    expect(decide(arbiter({ record: record({ syncSet: [a] }) })).actions).toEqual([]));
});

describe('the right to consume alone', () => {
  const link = (over: object) => kinds(seenByA({ receiver: { link: 'down', sinceMs: NOW - 3_000, behindPeer: 0, ...over } }));
  it('is committed when the link between the receivers is down for the stall limit', () =>
    expect(link({})).toContain('ingestAlone'));
  it('is not asked for a millisecond earlier', () => expect(link({ sinceMs: NOW - 2_999 })).not.toContain('ingestAlone'));
  it('is given back when the journals are level', () =>
    expect(proposed(seenByA({ record: record({ ingestAlone: true }) }))).toMatchObject([{ kind: 'ingestAlone', value: false }]));
});

describe('the plan linter refuses', () => {
  const cases: readonly [string, Observation, Action][] = [
    [
      'a promotion without a proof',
      seenByA({ record: record({ phase: 'promoting', proof: null, syncSet: [a] }), postgres: standby({ receiver: 'cut' }) }),
      { kind: 'pg.promote', names: [], above: 0 },
    ],
    [
      'a promotion with the receiver still connected',
      seenByA({ record: record({ phase: 'promoting', syncSet: [a] }), postgres: standby() }),
      { kind: 'pg.promote', names: [], above: 0 },
    ],
    [
      'a promotion without a lease',
      seenByA({ lead: null, record: record({ phase: 'promoting', syncSet: [a] }), postgres: standby({ receiver: 'cut' }) }),
      { kind: 'pg.promote', names: [], above: 0 },
    ],
    ['names that leave out a member of the sync set', seenByA(), { kind: 'pg.setNames', names: [] }],
    ['a rewind on the owner', seenByA(), { kind: 'pg.rewind', source: b }],
    [
      'a base backup from somebody who does not serve',
      seenByB({ record: record({ phase: 'promoting' }) }),
      { kind: 'pg.baseBackup', source: a },
    ],
    ['a VIP on a standby', seenByB(), { kind: 'vip.hold' }],
    ['handing over leadership while owning', seenByA(), { kind: 'raft.transfer', to: b }],
    ['an active manager without the lease', seenByB(), { kind: 'manager.mode', mode: 'active' }],
    [
      'a primary in the wrong phase',
      seenByA({ record: record({ phase: 'stopping-old' }) }),
      { kind: 'pg.startPrimary', names: [b] },
    ],
  ];
  it.each(cases)('%s', (_, o, action) => expect(lint(o, action)).toMatch(/^S\d|owner|leader/));
  it('nothing that the deciders ask for in these pictures', () => {
    for (const o of [seenByA(), seenByB(), seenByA({ lead: null }), seenByB({ lead: leading })])
      for (const action of decide(o).actions) expect(lint(o, action), action.kind).toBeNull();
  });
});

describe('if the Master died now', () => {
  const says = (o: Observation) => predict(o);
  it('the Standby would take over without loss', () =>
    expect(says(seenByA())).toMatchObject({ failsOver: true, to: b, dataLoss: 0 }));
  it('nobody would while it serves alone, and the way out is named', () => {
    const forecast = says(seenByA({ record: record({ syncSet: [a] }) }));
    expect(forecast.failsOver).toBe(false);
    expect(forecast.reason).toContain('yosugara recover');
  });
  it('nobody would without a third voter', () =>
    expect(
      says(
        seenByA({
          peers: new Map<NodeId, ReturnType<typeof peer>>([
            [b, peer()],
            [w, peer({ kind: 'witness', heardAgoMs: 9_000 })],
          ]),
        }),
      ).failsOver,
    ).toBe(false));
});

describe('an operator’s word', () => {
  const waiting = { epoch: epoch(6), owner: b, ownerBoot: 'boot-b', phase: 'stopping-old' as const, proof: null };
  const previous = { node: a, epoch: epoch(5), boot: 'boot-a' };
  const taking = (over: Partial<Observation> = {}, confirmed: Observation['record']['confirmed'] = null) => {
    const o = seenByB({
      lead: leading,
      record: record({ ...waiting, previous, confirmed }),
      postgres: standby({ receiver: 'cut' }),
      peers: new Map([[a, peer({ heardAgoMs: 60_000 })]]),
      ...over,
    });
    return { ...o, settings: { ...o.settings, stopProofs: ['P1', 'P2', 'P3'] as const } };
  };
  it('is waited for where no other proof can be had', () => expect(proposed(taking())).toEqual([]));
  it('is a proof about that owner and epoch (P5)', () =>
    expect(proposed(taking({}, { of: a, epoch: epoch(5), evidence: 'seen off' }))).toMatchObject([{ proof: { kind: 'P5' } }]));
  it('is none about another epoch', () =>
    expect(proposed(taking({}, { of: a, epoch: epoch(4), evidence: 'seen off' }))).toEqual([]));
  it('goes into the record with the forced claim, and the next claim forgets it', () => {
    const forced = applyCommand(record({ syncSet: [a] }), {
      id: '1',
      kind: 'forceClaim',
      by: b,
      boot: 'boot-b',
      epoch: epoch(6),
      evidence: 'seen off',
      atWallMs: 0,
    }).record;
    expect(forced).toMatchObject({ confirmed: { of: a, epoch: 5 }, generation: 2, syncSet: [b] });
    const next = applyCommand(forced, {
      id: '2',
      kind: 'claim',
      by: b,
      boot: 'boot-b2',
      epoch: epoch(7),
      cause: '',
      atWallMs: 0,
    }).record;
    expect(next.confirmed).toBeNull();
  });
});

describe('an old owner that reports from another life', () => {
  const previous = { node: a, epoch: epoch(5), boot: 'boot-a' };
  const claimed = record({ epoch: epoch(6), owner: b, ownerBoot: 'boot-b', phase: 'stopping-old', proof: null, previous });
  const seen = (boot: string, knowsEpoch: number) => {
    const o = seenByB({
      lead: leading,
      record: claimed,
      postgres: standby({ receiver: 'cut' }),
      postgresSinceMs: NOW,
      peers: new Map([[a, peer({ boot, knowsEpoch: epoch(knowsEpoch), postgres: stopped() })]]),
    });
    return proposed(o);
  };
  it('has stopped: its new dead man proved the old life gone (P1)', () =>
    expect(seen('boot-a2', 6)).toMatchObject([{ proof: { kind: 'P1' } }]));
  it('proves nothing when the report may be older than the claim', () => expect(seen('boot-a0', 5)).toEqual([]));
  it('proves nothing from the very life that owned', () => expect(seen('boot-a', 6)).toEqual([]));
});

describe('opening without what is late', () => {
  const opening = (over: Partial<Observation>) =>
    seenByB({
      lead: leading,
      record: record({ epoch: epoch(6), owner: b, ownerBoot: 'boot-b', phase: 'promoting', syncSet: [b] }),
      postgres: primary({ names: [], peers: [] }),
      manager: { mode: 'gated', epoch: epoch(6), ready: true },
      ...over,
    });
  it('waits three seconds for a VIP that cannot be set, then serves without it', () => {
    const failures = new Map([['vip.hold', { count: 3, atMs: NOW, code: 'VIP_DUPLICATE' }]]);
    expect(kinds(opening({ failures, postgresSinceMs: NOW - 2_999 }))).not.toContain('opened');
    expect(kinds(opening({ failures, postgresSinceMs: NOW - 3_000 }))).toContain('opened');
  });
  it('never opens while the names are wrong', () =>
    expect(kinds(opening({ vipHeld: true, postgres: primary({ names: [a] }), postgresSinceMs: 0 }))).not.toContain('opened'));
});

describe('a forecast without a proof that can be had', () => {
  it('says that nobody would take over, and what to do', () => {
    const o = seenByA();
    const forecast = predict({ ...o, settings: { ...o.settings, stopProofs: ['P1', 'P2', 'P3'] } });
    expect(forecast.failsOver).toBe(false);
    expect(forecast.reason).toContain('stopProofs: [P1, P4]');
  });
});

describe('an old owner that wakes up when another one has claimed', () => {
  const awake = (over: Partial<Observation> = {}, boot = 'boot-b'): Observation =>
    seenByB({
      record: record({
        epoch: epoch(6),
        owner: a,
        ownerBoot: 'boot-a',
        phase: 'stopping-old',
        previous: { node: b, epoch: epoch(5), boot, armed: null },
        proof: null,
      }),
      boot: 'boot-b',
      postgres: standby({ receiver: 'cut', follows: null }),
      postgresSinceMs: NOW - 5_000,
      ...over,
    });
  const renounces = (o: Observation) => decide(o).actions.filter(({ kind }) => kind === 'renounce');

  it('says that it has stopped, once it has: nothing else may be able to prove it', () => {
    expect(renounces(awake())).toEqual([{ kind: 'renounce', epoch: 5 }]);
    expect(renounces(awake({ postgres: primary() }))).toEqual([]);
    expect(renounces(awake({ postgresBusy: 'pg.stop' }))).toEqual([]);
    expect(renounces(awake({ vipHeld: true }))).toEqual([]);
  });
  it('says it once, and only of its own life', () => {
    expect(renounces(awake({ renounced: epoch(5) }))).toEqual([]);
    expect(renounces(awake({}, 'an earlier boot'))).toEqual([]);
  });
});
