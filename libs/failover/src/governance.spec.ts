import { epoch, lsn, type NodeId } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import {
  aloneEpoch,
  applyCommand,
  type Command,
  decide,
  forcedEpoch,
  hasDiverged,
  lint,
  newestTimeline,
  type Observation,
  predict,
  successor,
  troublesHere,
  troublesOfCluster,
  wordEpoch,
} from './index.js';
import type { ClusterRecord, TakeOver } from './record.js';
import { a, b, kinds, leading, NOW, peer, primary, proposed, record, seenByA, seenByB, standby, stopped, w } from './testing.js';

const peersOfA = (over: Parameters<typeof peer>[0] = {}) =>
  new Map([
    [b, peer(over)],
    [w, peer({ kind: 'witness', postgres: { kind: 'unknown' } })],
  ]);
const apply = (before: ClusterRecord, command: Record<string, unknown>) =>
  applyCommand(before, { id: 'x', ...command } as Command);
const WALL = 1_700_000_000_000;
const pause = { requestId: 'p', untilWallMs: WALL + 60_000, why: 'switch replaced' };
const inMaintenance = (node: NodeId) => ({ node, requestId: 'm', untilWallMs: WALL + 60_000, why: 'new disk' });

describe('a Master that is shut down', () => {
  const leaving = (over: Partial<Observation> = {}) => seenByA({ leaving: true, ...over });
  const down = (over: Partial<Observation> = {}) =>
    leaving({ postgres: stopped({ walEnd: lsn(2_000) }), vipHeld: false, postgresSinceMs: NOW - 100, ...over });
  it('stops PostgreSQL cleanly while its controller still leads', () =>
    expect(decide(leaving())).toMatchObject({
      role: 'DEMOTING',
      actions: [
        { kind: 'manager.mode', mode: 'passive' },
        { kind: 'pg.stop', mode: 'fast' },
      ],
    }));
  it('releases when its heir holds the shutdown checkpoint, so that it returns without a rewind', () => {
    expect(proposed(down())).toEqual([]);
    const held = peersOfA({ postgres: standby({ walEnd: lsn(2_000) }) });
    expect(proposed(down({ peers: held }))).toMatchObject([{ kind: 'release', walEnd: 2_000, automatic: false }]);
  });
  it.each([
    [1_499, []],
    [1_500, [{ kind: 'release', walEnd: null }]],
  ])('waits for that no longer than 1.5 s: every acknowledged commit is there already (%d ms)', (ms, expected) =>
    expect(proposed(down({ postgresSinceMs: NOW - ms }))).toMatchObject(expected),
  );
  describe('whose walsenders were told to end, too, before they sent the last checkpoint', () => {
    const behind = peersOfA({ postgres: standby({ receiver: 'connecting' }) });
    const level = peersOfA({ postgres: standby({ receiver: 'connecting', walEnd: lsn(2_000) }) });
    const recovering = { postgres: standby({ receiver: 'cut', follows: null, walEnd: lsn(2_000) }), vipHeld: false } as const;
    it('starts PostgreSQL in recovery, so that its heir fetches the rest', () => {
      const o = down({ peers: behind });
      expect(kinds(o)).toContain('pg.startStandby');
      expect(proposed(o)).toEqual([]);
    });
    it('stops it again as soon as the heir holds all, or after 1.5 s, and does not give up its epoch meanwhile', () => {
      const sinceMs = (ms: number) => leaving({ ...recovering, peers: behind, postgresSinceMs: NOW - ms });
      expect(kinds(sinceMs(1_499))).not.toContain('pg.stop');
      expect(kinds(sinceMs(1_499))).not.toContain('renounce');
      expect(kinds(sinceMs(1_500))).toContain('pg.stop');
      expect(kinds(leaving({ ...recovering, peers: level }))).toContain('pg.stop');
    });
    it('then releases, whether that helped or not', () => {
      const postgres = stopped({ state: 'standby', walEnd: lsn(2_000) });
      expect(proposed(down({ postgres, peers: level }))).toMatchObject([{ kind: 'release', walEnd: 2_000 }]);
      expect(proposed(down({ postgres, peers: behind }))).toMatchObject([{ kind: 'release', walEnd: null }]);
    });
    it('releases when that start fails', () => {
      const failures = new Map([['pg.startStandby', { count: 1, atMs: NOW - 10, code: 'START_FAILED' }]]);
      expect(proposed(down({ peers: behind, failures }))).toMatchObject([{ kind: 'release', walEnd: null }]);
    });
  });
  it('stops a PostgreSQL that lets nobody in any more, because it was told to end like everybody on the host', () => {
    const postgres = { kind: 'starting', progress: 'the database system is shutting down' } as const;
    expect(kinds(leaving({ postgres }))).toContain('pg.stop');
    expect(kinds(seenByA({ postgres }))).not.toContain('pg.stop');
  });
  it('goes on serving to the end when nobody can take over', () => {
    for (const over of [{ leaving: true }, { heardAgoMs: 9_000 }, { unfit: 'the volume is read-only' }])
      expect(decide(leaving({ peers: peersOfA(over) })).role).toBe('MASTER_SYNC');
    expect(kinds(down({ peers: peersOfA({ heardAgoMs: 9_000 }) }))).not.toContain('pg.startPrimary');
  });
  it('hands nothing over while the cluster is paused', () =>
    expect(decide(leaving({ record: record({ pause }) })).role).toBe('MASTER_SYNC'));
  it('never claims again, nor is started again as a standby', () => {
    expect(kinds(leaving({ record: record({ released: { epoch: epoch(5), by: a, walEnd: null } }), ...away }))).toEqual([
      'raft.transfer',
      'manager.mode',
    ]);
    expect(kinds(seenByA({ leaving: true, boot: 'boot-a2', vipHeld: false, postgres: standby() }))).not.toContain('claim');
    expect(kinds(seenByB({ leaving: true, postgres: stopped({ state: 'standby' }) }))).not.toContain('pg.startStandby');
  });
  const away = { vipHeld: false, postgres: stopped() };
});

describe('a Standby that is shut down', () => {
  it('leaves the sync set at once, before it stops to acknowledge; the names follow the record', () => {
    const o = seenByA({ peers: peersOfA({ leaving: true }) });
    expect(proposed(o)).toMatchObject([{ kind: 'leave', node: b, why: 'b is being shut down' }]);
    expect(kinds(o)).not.toContain('pg.setNames');
  });
  it('leaves during a pause, too: it was asked to', () =>
    expect(proposed(seenByA({ record: record({ pause }), peers: peersOfA({ leaving: true }) }))).toMatchObject([
      { kind: 'leave' },
    ]));
  it('is not joined again while it goes', () => {
    const o = seenByA({ record: record({ syncSet: [a] }), postgres: primary({ names: [] }), peers: peersOfA({ leaving: true }) });
    expect(decide(o)).toMatchObject({ role: 'MASTER_SOLO' });
    expect(kinds(o)).not.toContain('pg.setNames');
  });
  it('stays where the policy is strict: writes wait for it', () => {
    const o = seenByA({ peers: peersOfA({ leaving: true }) });
    expect(proposed({ ...o, settings: { ...o.settings, policy: 'strict' } })).toEqual([]);
  });
  it('neither claims nor is an heir', () => {
    expect(kinds(seenByB({ lead: leading, leaving: true }))).not.toContain('claim');
    expect(successor(seenByA({ peers: peersOfA({ leaving: true }) }))).toBeNull();
  });
});

describe('a host that cannot serve', () => {
  const unfit = 'the WAL volume is full';
  it('is left by the Master: killed, for a stop would wait for the disk, then released', () => {
    expect(decide(seenByA({ unfit })).actions).toContainEqual({ kind: 'pg.stop', mode: 'kill', budgetMs: 0 });
    const killed = stopped({ state: 'crashed-primary', walEnd: lsn(2_000) });
    expect(proposed(seenByA({ unfit, vipHeld: false, postgres: killed }))).toMatchObject([
      { kind: 'release', automatic: true, cause: `a cannot serve: ${unfit}` },
    ]);
  });
  it.each([
    ['is not well itself (both disks full: no ping-pong)', { unfit }],
    ['is not heard', { heardAgoMs: 9_000 }],
  ])('stays the Master’s while the Standby %s, and says so', (_, over) => {
    const o = seenByA({ unfit, peers: peersOfA(over) });
    expect(decide(o).role).toBe('MASTER_SYNC');
    expect(troublesHere(o)).toMatchObject([{ level: 'red', code: 'UNFIT' }]);
  });
  it('is neither joined nor handed anything, and never claims', () => {
    expect(
      kinds(seenByA({ record: record({ syncSet: [a] }), postgres: primary({ names: [] }), peers: peersOfA({ unfit }) })),
    ).not.toContain('pg.setNames');
    const o = seenByB({ lead: leading, unfit });
    expect(kinds(o)).not.toContain('claim');
    expect(decide(o).why).toContain(unfit);
  });
  it('gives the leadership to a member that is well', () =>
    expect(kinds(seenByB({ lead: leading, unfit, peers: new Map([[a, peer({ postgres: standby() })]]) }))).toContain(
      'raft.transfer',
    ));
  it('takes up again what it had when nobody else could: it is no take-over', () =>
    expect(
      kinds(seenByA({ unfit, boot: 'boot-a2', vipHeld: false, postgres: standby(), peers: peersOfA({ heardAgoMs: 9_000 }) })),
    ).toContain('claim'));
});

describe('T10, a pause', () => {
  const paused = record({ pause });
  it('keeps a Standby from claiming, and says how to go on', () => {
    const o = seenByB({ lead: leading, record: paused, peers: new Map([[a, peer({ heardAgoMs: 9_000 })]]) });
    expect(kinds(o)).not.toContain('claim');
    expect(decide(o).why).toMatch(/paused until .*yosugara promote/);
  });
  it('gives the leadership back to the owner, who goes on in place', () => {
    expect(kinds(seenByB({ lead: leading, record: paused, peers: new Map([[a, peer()]]) }))).toContain('raft.transfer');
    expect(kinds(seenByA({ record: paused, boot: 'boot-a2', vipHeld: false, postgres: standby() }))).toContain('claim');
  });
  it('keeps the members of the sync set, whatever they do: writes wait, with a red alarm', () => {
    const o = seenByA({ record: paused, stalledSinceMs: new Map([[b, NOW - 60_000]]) });
    expect(kinds(o)).not.toContain('leave');
    expect(troublesHere(o)).toMatchObject([{ level: 'red', code: 'WRITES_BLOCKED' }]);
  });
  it('starts PostgreSQL again in place instead of handing over', () =>
    expect(kinds(seenByA({ record: paused, vipHeld: false, postgres: stopped({ state: 'crashed-primary' }) }))).toContain(
      'pg.startPrimary',
    ));
  it('leaves self-fencing alone', () => expect(kinds(seenByA({ record: paused, lead: null }))).toContain('pg.stop'));
  it('lets what began before it come to its end', () => {
    const released = record({ pause, owner: a, released: { epoch: epoch(5), by: a, walEnd: null } });
    expect(kinds(seenByB({ lead: leading, record: released }))).toContain('claim');
  });
  it('lets an operator promote: the Standby holds every commit, so nothing is forced', () =>
    expect(
      proposed(
        seenByB({ lead: leading, record: paused, peers: new Map(), forced: { requestId: 'r', evidence: 'asked', isOff: true } }),
      ),
    ).toMatchObject([{ kind: 'claim', ordered: { evidence: 'asked' } }]));
  it.each([
    [-1, []],
    [0, [{ kind: 'pause', untilWallMs: null }]],
  ])('is ended by the leader when its time is over (%d ms)', (ms, expected) =>
    expect(proposed(seenByA({ record: paused, wallMs: pause.untilWallMs + ms }))).toMatchObject(expected),
  );
  it('nags, and louder while nobody serves', () => {
    expect(troublesOfCluster(seenByA({ record: paused }), true)).toMatchObject([{ level: 'yellow', code: 'PAUSED' }]);
    expect(troublesOfCluster(seenByA({ record: paused }), false)).toMatchObject([{ level: 'red', code: 'PAUSED' }]);
  });
});

describe('maintenance of a Standby', () => {
  const kept = record({ maintenance: [inMaintenance(b)] });
  it('begins with its orderly leave', () => {
    const [command] = proposed(seenByA({ record: kept }));
    expect(command).toMatchObject({ kind: 'leave', node: b });
    expect(apply(kept, command as never).record.syncSet).toEqual([a]);
  });
  it.each([
    ['stopped', stopped({ state: 'standby' })],
    ['hung', { kind: 'hung', failures: 9, wasPrimary: false } as const],
    ['empty', { kind: 'empty' } as const],
    ['a standby that follows nobody', standby({ follows: null, receiver: 'cut' })],
  ])('keeps our hands off its PostgreSQL: %s', (_, postgres) => {
    const decision = decide(seenByB({ record: kept, postgres }));
    expect(decision).toMatchObject({ role: 'MAINTENANCE', needsRecover: false });
    expect(decision.actions).toEqual([{ kind: 'manager.mode', mode: 'passive' }]);
  });
  it('never keeps a PostgreSQL that writes without a right to it', () =>
    expect(kinds(seenByB({ record: kept, postgres: primary() }))).toContain('pg.stop'));
  it('makes it no heir, and it does not claim', () => {
    expect(successor(seenByA({ record: kept }))).toBeNull();
    expect(kinds(seenByB({ record: kept, lead: leading, forced: { requestId: '', evidence: '' } }))).not.toContain('claim');
  });
  it('is not missed: a yellow alarm of its own', () =>
    expect(troublesOfCluster(seenByA({ record: kept }), true)).toMatchObject([{ level: 'yellow', code: 'MAINTENANCE' }]));
  it('is what the forecast names, and not a node to be recovered', () => {
    const { failsOver, reason } = predict(seenByA({ record: { ...kept, syncSet: [a] } }));
    expect(failsOver).toBe(false);
    expect(reason).toContain('b is in maintenance until');
  });
  it('ends by its time, and the node returns by itself as a clean standby', () => {
    const over = seenByA({ record: { ...kept, syncSet: [a] }, wallMs: inMaintenance(b).untilWallMs });
    const [command] = proposed(over);
    expect(command).toMatchObject({ kind: 'maintenance', node: b, untilWallMs: null });
    const after = apply({ ...kept, syncSet: [a] }, command as never).record;
    expect(kinds(seenByB({ record: after, postgres: stopped({ state: 'standby' }) }))).toContain('pg.startStandby');
  });
});

describe('maintenance of the Master', () => {
  const kept = record({ maintenance: [inMaintenance(a)] });
  it('hands over first, in an orderly way', () => {
    expect(decide(seenByA({ record: kept })).actions).toContainEqual({ kind: 'pg.stop', mode: 'fast', budgetMs: 3_000 });
    const o = seenByA({ record: kept, vipHeld: false, postgres: stopped(), postgresSinceMs: NOW - 10 });
    expect(proposed(o)).toMatchObject([{ kind: 'release', automatic: false, cause: 'maintenance of a' }]);
  });
  it('then stays stopped', () =>
    expect(
      decide(
        seenByA({ lead: null, record: record({ ...kept, owner: b, epoch: epoch(6) }), postgres: stopped(), vipHeld: false }),
      ),
    ).toMatchObject({ role: 'MAINTENANCE', actions: [{ kind: 'manager.mode' }] }));
  it('waits while nobody can take over: it goes on serving', () =>
    expect(decide(seenByA({ record: kept, peers: peersOfA({ heardAgoMs: 9_000 }) })).role).toBe('MASTER_SYNC'));
});

describe('the limit of automatic take-overs', () => {
  const change = (ago: number, automatic = true): TakeOver => ({
    epoch: epoch(4),
    owner: a,
    from: b,
    atWallMs: WALL - ago,
    cause: '',
    proof: null,
    timeline: 1,
    automatic,
  });
  const limit = { max: 2, withinMs: 60_000 };
  const seen = (history: readonly TakeOver[], over: Partial<Observation> = {}) => {
    const o = seenByB({
      lead: leading,
      peers: new Map([[a, peer({ heardAgoMs: 9_000 })]]),
      record: record({ history }),
      ...over,
    });
    return { ...o, settings: { ...o.settings, rateLimit: limit } };
  };
  it.each([
    ['one of them is too old', [change(10), change(60_000)], true],
    ['an operator made one of them', [change(10), change(20, false)], true],
    ['as many as it allows are recent', [change(10), change(59_999)], false],
  ])('when %s, the next claim is made: %s', (_, history, claims) => expect(kinds(seen(history)).includes('claim')).toBe(claims));
  const reached = [change(10), change(20)];
  it('says until when it waits and how to go on, with a red alarm', () => {
    expect(decide(seen(reached)).why).toMatch(/the next one waits until .*yosugara promote/);
    expect(troublesOfCluster(seen(reached), false)).toMatchObject([{ level: 'red', code: 'RATE_LIMITED' }]);
  });
  it('never holds back an owner that starts again, the heir of a release, or an operator', () => {
    const again = { ...record({ history: reached }), owner: b };
    expect(kinds(seen(reached, { record: again }))).toContain('claim');
    const released = { ...record({ history: reached }), released: { epoch: epoch(5), by: a, walEnd: null } };
    expect(kinds(seen(reached, { record: released }))).toContain('claim');
    expect(kinds(seen(reached, { forced: { requestId: '', evidence: '' } }))).toContain('claim');
  });
  it('makes a failed PostgreSQL start in place instead of moving', () => {
    const o = seenByA({ record: record({ history: reached }), vipHeld: false, postgres: stopped({ state: 'crashed-primary' }) });
    const limited = { ...o, settings: { ...o.settings, rateLimit: limit } };
    expect(kinds(limited)).toContain('pg.startPrimary');
    // Service before damping: a server that does not come up is not worth the outage.
    expect(kinds({ ...limited, restartsInPlace: 3 })).toContain('release');
  });
  it('counts what the record says of each claim', () => {
    const base = record();
    const claim = { kind: 'claim', by: b, boot: 'boot-b', epoch: epoch(6), cause: '', atWallMs: 0 };
    const released = (automatic: boolean) => ({ ...base, released: { epoch: epoch(5), by: a, walEnd: null, automatic } });
    expect(apply(base, claim).record.automatic).toBe(true);
    expect(apply(base, { ...claim, ordered: { evidence: null } }).record.automatic).toBe(false);
    expect(apply(base, { ...claim, by: a }).record.automatic).toBe(false);
    expect(apply(released(true), claim).record.automatic).toBe(true);
    expect(apply(released(false), claim).record.automatic).toBe(false);
    const opening: ClusterRecord = { ...apply(base, claim).record, phase: 'promoting' };
    const opened = { kind: 'opened', epoch: epoch(6), timeline: 2, forks: [], systemId: '7', atWallMs: 1 };
    expect(apply(opening, opened).record.history[0]).toMatchObject({ owner: b, automatic: true });
  });
});

describe('PostgreSQL that fails again and again on the only node', () => {
  const failing = (restartsInPlace: number) =>
    seenByA({
      record: record({ syncSet: [a] }),
      vipHeld: false,
      postgres: stopped({ state: 'crashed-primary' }),
      peers: peersOfA({ heardAgoMs: 9_000 }),
      restartsInPlace,
    });
  it.each([
    [2, true],
    [3, false],
  ])('after %d starts within 20 s is started again: %s', (count, again) =>
    expect(kinds(failing(count)).includes('pg.startPrimary')).toBe(again),
  );
  it('is told to an operator', () => expect(troublesHere(failing(3))).toMatchObject([{ level: 'red', code: 'RESTARTS' }]));
});

describe('a generation', () => {
  const before = record({ syncSet: [a], generations: { a: 1, b: 1 } });
  const at = forcedEpoch(before);
  const forced = apply(before, {
    kind: 'forceClaim',
    by: b,
    boot: 'boot-b',
    epoch: at,
    evidence: 'seen off',
    atWallMs: 0,
  }).record;
  it('begins with a forced promotion, and only its owner is of it', () =>
    expect(forced).toMatchObject({ generation: 2, generations: { a: 1, b: 2 }, syncSet: [b], automatic: false }));
  it('leaves out the epochs that whoever is given up may have claimed alone, unheard', () => {
    expect(forced.epoch).toBe(105);
    const nextOne = { kind: 'forceClaim', by: b, boot: 'boot-b', epoch: epoch(6), evidence: '', atWallMs: 0 };
    expect(apply(before, nextOne).refused).toContain('epoch is 5');
  });
  it('refuses the claim of a node that is older, even if the sync set lists it', () => {
    const claim = { kind: 'claim', by: a, boot: 'boot-a2', epoch: epoch(at + 1), cause: '', atWallMs: 0 };
    expect(apply({ ...forced, syncSet: [a, b], opening: null }, claim).refused).toContain('older generation');
    expect(kinds(seenByA({ record: { ...forced, syncSet: [a, b] }, vipHeld: false, postgres: standby() }))).not.toContain(
      'claim',
    );
  });
  const serving: ClusterRecord = { ...forced, phase: 'serving' };
  it.each(['never', 'clean', 'always'] as const)('is rejoined by `recover` only (autoRejoin %s)', (autoRejoin) => {
    const o = seenByA({ lead: null, vipHeld: false, record: serving, postgres: stopped({ state: 'standby' }) });
    const older = { ...o, settings: { ...o.settings, autoRejoin } };
    expect(decide(older)).toMatchObject({ needsRecover: true });
    expect(kinds(older)).not.toContain('pg.startStandby');
    const asked = apply(serving, { kind: 'recover', node: a, requestId: 'r' }).record;
    expect(kinds({ ...older, record: asked })).toContain('pg.startStandby');
    expect(apply(asked, { kind: 'join', epoch: at, node: a }).record.generations).toMatchObject({ a: 2 });
  });
  it('keeps a running standby of an older one from being followed up and from being joined', () => {
    const o = seenByA({ lead: null, vipHeld: false, record: serving, postgres: standby({ follows: null, receiver: 'cut' }) });
    expect(decide(o)).toMatchObject({ needsRecover: true });
    expect(kinds(o)).not.toContain('pg.follow');
    const owner = seenByB({ lead: leading, record: serving, postgres: primary({ names: [], peers: [] }) });
    const streams = { ...owner, peers: new Map([[a, peer({ postgres: standby({ follows: b }) })]]) };
    expect(kinds(streams)).not.toContain('pg.setNames');
  });
});

describe('a forced promotion past somebody who may have promoted and has not said where', () => {
  const opening = record({ epoch: epoch(6), owner: a, phase: 'promoting', opening: a, syncSet: [a] });
  const at = forcedEpoch(opening);
  const forced = apply(opening, { kind: 'forceClaim', by: b, boot: 'boot-b', epoch: at, evidence: '', atWallMs: 0 }).record;
  it('leaves out every number that the other one may have taken, promoted as often as it may have been', () => {
    const promoting = { ...forced, phase: 'promoting' as const, proof: record().proof };
    const o = seenByB({ lead: leading, record: promoting, postgres: standby({ receiver: 'cut' }) });
    expect(decide(o).actions).toContainEqual({ kind: 'pg.promote', names: [], above: 1_001 });
  });
  it('is gone on with behind a restart, though nobody here followed the timeline that was given up (strict)', () => {
    const lineage = [{ timeline: 3, forkLsn: lsn(5), owner: a, epoch: epoch(6) }];
    const died = { ...forced, lineage, phase: 'promoting' as const, proof: record().proof, opening: b, ownerBoot: 'before' };
    const o = seenByB({ lead: leading, record: died, postgres: standby({ timeline: 2, receiver: 'cut' }) });
    expect(kinds({ ...o, settings: { ...o.settings, policy: 'strict' } })).toContain('claim');
  });
  it('knows the other one’s timeline for one that leads nowhere, however short its WAL', () => {
    const lineage = [{ timeline: 1_002, forkLsn: lsn(5_000), owner: b, epoch: at }];
    const serving: ClusterRecord = { ...forced, phase: 'serving', lineage };
    for (const taken of [2, 3, 40]) expect(hasDiverged(serving, taken, lsn(10))).toBe(true);
    expect(hasDiverged(serving, 1, lsn(10))).toBe(false);
  });
});

describe('two words, each given blindly: to one node, and when that is off again to the other', () => {
  const begun = record({ epoch: epoch(5), owner: a, phase: 'serving', level: 2 });
  const word = (by: NodeId, atWallMs: number) =>
    apply(begun, {
      ...{ kind: 'forceClaim', by, boot: `boot-${by}`, blind: true, evidence: 'seen off', atWallMs },
      epoch: wordEpoch(begun, by, atWallMs),
    });
  const noon = Date.UTC(2026, 10, 21, 12);
  const [first, second] = [word(b, noon), word(a, noon + 60_000)];
  it('the later one has the higher epoch: what the first has let out is refused nowhere for being newer', () => {
    expect([first.refused, second.refused]).toEqual([null, null]);
    expect(second.record.epoch).toBeGreaterThan(first.record.epoch + 50);
  });
  it('so does one that follows soon on a claim of its second: thousands apart from it both would be the same', () => {
    const soon = { ...begun, epoch: first.record.epoch };
    const [one, two] = [wordEpoch(soon, a, noon + 15_000), wordEpoch(soon, b, noon + 33_000)];
    expect([one, two].map((at) => Math.round((at - soon.epoch) / 3))).toEqual([15, 33]);
  });
  it('have epochs of their own, at once, soon after one another and with any clock', () => {
    for (const [one, two] of [
      [noon, noon],
      [noon + 200, noon + 800],
      [0, 0],
      [0, noon],
    ] as const)
      expect(wordEpoch(begun, a, one)).not.toBe(wordEpoch(begun, b, two));
    // Nor does a restart of one take what a word to the other one did.
    for (const known of [5, 6, 7, first.record.epoch, second.record.epoch].map(epoch))
      expect(aloneEpoch({ ...begun, epoch: known }, a, 0)).not.toBe(wordEpoch({ ...begun, epoch: known }, b, 0));
  });
  it('promote onto timelines of different numbers, which PostgreSQL can be made to pass over one by one', () => {
    const [one, two] = [newestTimeline(first.record), newestTimeline(second.record)];
    expect(Math.abs(one - two)).toBeGreaterThan(50);
    expect(Math.max(one, two)).toBeLessThan(3_000);
  });
  it('lie above all that a promotion with a proof takes, also where the clock is wrong', () => {
    expect(wordEpoch(begun, a, 0)).toBeGreaterThan(forcedEpoch(begun) + 500);
    expect(word(a, 0).refused).toBeNull();
  });
  it('are one each: said twice it is refused', () => {
    const again = { kind: 'forceClaim', by: b, boot: 'boot-b', blind: true, evidence: '', atWallMs: noon };
    expect(apply(first.record, { ...again, epoch: first.record.epoch }).refused).toContain('epoch is');
  });
});

describe('a Master that crashed right after its promotion', () => {
  const lineage = [{ timeline: 2, forkLsn: lsn(900), owner: a, epoch: epoch(5) }];
  const crashed = stopped({ state: 'crashed-primary', timeline: 1 });
  it('has not diverged from the timeline that it made itself, whatever pg_control still shows', () =>
    expect(
      kinds(seenByA({ lead: null, boot: 'boot-a2', vipHeld: false, record: record({ lineage }), postgres: crashed })),
    ).toContain('pg.startStandby'));
  it('has diverged from one that the other node made', () => {
    const theirs = record({ lineage: [{ ...lineage[0]!, owner: b }] });
    expect(decide(seenByA({ lead: null, boot: 'boot-a2', vipHeld: false, record: theirs, postgres: crashed }))).toMatchObject({
      needsRecover: true,
    });
  });
});

describe('autoRejoin never', () => {
  const never = (over: Partial<Observation>) => {
    const o = seenByA({ lead: null, vipHeld: false, ...over });
    return { ...o, settings: { ...o.settings, autoRejoin: 'never' as const } };
  };
  const claimed = record({
    epoch: epoch(6),
    owner: b,
    ownerBoot: 'boot-b',
    phase: 'stopping-old',
    previous: { node: a, epoch: epoch(5), boot: 'boot-a' },
    proof: null,
    automatic: true,
    cause: 'a lost its lease',
  });
  it('keeps an old Master down from the moment another one claims, though the sync set still lists it', () =>
    expect(decide(never({ record: claimed, postgres: stopped() }))).toMatchObject({ role: 'STOPPED', needsRecover: true }));
  it('lets it start when the new one is lost: it may be needed', () =>
    expect(kinds(never({ record: claimed, postgres: stopped(), peers: peersOfA({ heardAgoMs: 9_000 }) }))).toContain(
      'pg.startStandby',
    ));
  it('lets it start when the new one has lost its data', () =>
    expect(kinds(never({ record: claimed, postgres: stopped(), peers: peersOfA({ postgres: { kind: 'empty' } }) }))).toContain(
      'pg.startStandby',
    ));
  it('keeps a server that already runs from following the new Master', () => {
    const o = never({
      record: { ...claimed, phase: 'serving', syncSet: [b] },
      postgres: standby({ follows: null, receiver: 'cut' }),
    });
    expect(decide(o)).toMatchObject({ needsRecover: true });
    expect(kinds(o)).not.toContain('pg.follow');
  });
  it('does not hold after a switchover: an operator meant both nodes to go on', () =>
    expect(kinds(never({ record: { ...claimed, automatic: false, cause: 'switchover' }, postgres: stopped() }))).toContain(
      'pg.startStandby',
    ));
  describe('after a switchover whose new Master went on alone, because the old one was slow to come back', () => {
    const alone = record({ ...claimed, phase: 'serving', syncSet: [b], automatic: false, cause: 'switchover' });
    it('does not hold for one that has shut down as the Master it was', () =>
      expect(kinds(never({ record: alone, postgres: stopped() }))).toContain('pg.startStandby'));
    it.each<[string, Observation['postgres']]>([
      ['was a standby since: that is another stop', stopped({ state: 'standby' })],
      ['did not stop cleanly', stopped({ state: 'crashed-primary' })],
    ])('holds for one that %s', (_, postgres) =>
      expect(decide(never({ record: alone, postgres }))).toMatchObject({ role: 'STOPPED', needsRecover: true }),
    );
    it('holds where it was no operator who moved it', () =>
      expect(
        decide(never({ record: { ...alone, automatic: true, cause: 'a lost its lease' }, postgres: stopped() })),
      ).toMatchObject({ role: 'STOPPED', needsRecover: true }));
  });
});

describe('the hooks around a promotion', () => {
  const opening = (over: Partial<Observation>) => {
    const o = seenByB({
      lead: leading,
      record: record({ epoch: epoch(6), owner: b, ownerBoot: 'boot-b', phase: 'promoting', syncSet: [b] }),
      postgres: standby({ receiver: 'cut' }),
      ...over,
    });
    return { ...o, settings: { ...o.settings, hooks: { beforePromotion: true, afterPromotion: true } } };
  };
  it.each([
    ['none', ['hook.run']],
    ['running', []],
    ['passed', ['pg.promote', 'vip.hold']],
  ] as const)('before it, when the hook’s state is %s', (hookBefore, expected) =>
    expect(kinds(opening({ hookBefore })).filter((kind) => kind !== 'manager.mode')).toEqual(expected),
  );
  it('a veto keeps the epoch, is asked again ever more slowly, and is told in red', () => {
    const vetoed = (agoMs: number) =>
      opening({ hookBefore: 'vetoed', failures: new Map([['hook.run', { count: 3, atMs: NOW - agoMs, code: 'HOOK_VETO' }]]) });
    expect(kinds(vetoed(1_999))).toEqual(['manager.mode']);
    expect(kinds(vetoed(2_000))).toContain('hook.run');
    expect(troublesHere(vetoed(0))).toMatchObject([{ level: 'red', code: 'HOOK_VETO' }]);
  });
  it('the linter lets no promotion past it', () =>
    expect(lint(opening({ hookBefore: 'running' }), { kind: 'pg.promote', names: [], above: 0 })).toContain('hook'));
  it('after it, once an epoch, and nothing waits for it', () => {
    const o = seenByA({ hookAfter: 'none' });
    const serving = { ...o, settings: { ...o.settings, hooks: { beforePromotion: true, afterPromotion: true } } };
    expect(decide(serving).actions).toContainEqual({ kind: 'hook.run', which: 'after', epoch: 5 });
    expect(kinds({ ...serving, hookAfter: 'done' })).not.toContain('hook.run');
  });
});
