import { epoch, type NodeId } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import {
  applyCommand,
  CLOCK_DRIFT,
  type ClusterRecord,
  decide,
  goAway,
  holdMaxMs,
  holdUntilMs,
  lint,
  newestTimeline,
  type Observation,
  PROFILES,
  shootDelayMs,
  voteWanted,
} from './index.js';
import { a, b, kinds, leading, NOW, peer, primary, proposed, record, seenByA, seenByB, standby, stopped } from './testing.js';

const DELAY_MS = 10_000;
const { leaseVoteMs, demoteAtMs, leaseOwnMs } = PROFILES.lan;
const only = (node: NodeId, heardAgoMs: number, postgres = primary()): Observation['peers'] =>
  new Map([[node, peer({ heardAgoMs, postgres, knowsEpoch: epoch(5) })]]);
const two = (o: Observation, over: Partial<Observation> = {}, settings: Partial<Observation['settings']> = {}): Observation => ({
  ...o,
  ...{ twoNodes: true, voters: [a, b], fenceRight: true },
  ...over,
  settings: { ...o.settings, stopProofs: ['P1', 'P2'], fenceable: [a, b], fenceDelayMs: DELAY_MS, ...settings },
});

/** `b`, which has not heard its Master `a` for so long; its promise ended with the same silence. */
const orphan = (
  silentMs: number,
  over: Partial<Observation> = {},
  settings: Partial<Observation['settings']> = {},
): Observation =>
  two(
    seenByB({
      peers: only(a, silentMs),
      promisedUntilMs: NOW - silentMs + leaseVoteMs,
      postgres: standby({ receiver: 'connecting' }),
    }),
    over,
    settings,
  );
const health = { healthy: true, atMs: NOW, says: 'on' };
const DUE_MS = leaseVoteMs + DELAY_MS;
const offA = {
  requestId: 'f',
  target: a,
  forEpoch: epoch(5),
  result: 'off',
  method: 'fence_ipmilan',
  evidence: 'read off',
} as const;
const offB = { ...offA, target: b } as const;

describe('a Standby without an arbiter that has lost its Master', () => {
  it('says what it is about to do', () => {
    expect(decide(orphan(5_000)).role).toBe('STANDBY_CATCHUP');
    expect(decide(orphan(5_000)).why).toBe(
      'a is not heard: unless it comes back, or cuts the power here first, its power is cut after 10 s',
    );
  });
  it.each([
    [DUE_MS - 1, false],
    [DUE_MS, true],
  ])('cuts its power after its promise and the delay: %d ms: %s', (ms, shoots) =>
    expect(kinds(orphan(ms)).includes('fence.off')).toBe(shoots),
  );
  it.each<[string, Partial<Observation>, number]>([
    ['it has measured on the Master', { fenceHealth: new Map([[a, { ...health, target: a, offMs: 6_000 }]]) }, 2 * 3_500],
    [
      'the Master has measured on it',
      {
        peers: new Map([
          [a, peer({ heardAgoMs: 0, postgres: primary(), fenceHealth: [{ ...health, target: b, offMs: 4_500 }] })],
        ]),
      },
      2 * 2_000,
    ],
    ['is no longer than was declared', { fenceHealth: new Map([[a, { ...health, target: a, offMs: 900 }]]) }, 0],
    ['hung for once', { fenceHealth: new Map([[a, { ...health, target: a, offMs: 900_000 }]]) }, 110_000],
  ])('waits longer by twice what a device takes beyond its declared time: what %s', (_, over, moreMs) => {
    const seen = orphan(0, over, { fenceOffMs: 2_500 });
    expect(shootDelayMs(seen, a)).toBe(DELAY_MS + moreMs);
    expect(holdMaxMs(PROFILES.lan, DELAY_MS)).toBeLessThan(leaseVoteMs + shootDelayMs(seen, a));
  });
  it('keeps to S11 with it', () =>
    expect(decide(orphan(DUE_MS)).actions.map((action) => lint(orphan(DUE_MS), action))).not.toContain(/./));
  it('keeps within a promise that was renewed', () =>
    expect(kinds(orphan(DUE_MS, { promisedUntilMs: NOW + 1 }))).not.toContain('fence.off'));
  it('listens anew after it slept itself', () =>
    expect(kinds(orphan(DUE_MS, { awakeSinceMs: NOW - DUE_MS + 1 }))).not.toContain('fence.off'));
  it.each<[string, Partial<Observation>, Partial<Observation['settings']>, RegExp]>([
    [
      'it restarted since it saw it last',
      { fenceRight: false },
      {},
      /since its own start this node has not seen .*; it waits for a/,
    ],
    [
      'it was heard in a newer epoch',
      { peers: new Map([[a, peer({ heardAgoMs: 3_600_000, postgres: primary(), knowsEpoch: epoch(1_005) })]]) },
      {},
      /a went on in epoch 1005, on an operator’s word: this node waits for it/,
    ],
    ['there is no power device', {}, { fenceable: [b] }, /no power device of a/],
    ['P2 is not listed', {}, { stopProofs: ['P1', 'P4'] }, /no power device of a/],
    ['it does not hold every commit', { record: record({ syncSet: [a] }) }, {}, /does not hold every acknowledged commit/],
    ['PostgreSQL here is down', { postgres: stopped() }, {}, /stopped, not yet a running standby/],
    [
      'the Master is worked on',
      { record: record({ maintenance: [{ node: a, requestId: 'm', untilWallMs: 9e12, why: 'disk' }] }) },
      {},
      /a is in maintenance/,
    ],
    [
      'the cluster is paused',
      { record: record({ pause: { requestId: 'p', untilWallMs: 9e12, why: 'upgrade' } }) },
      {},
      /paused until/,
    ],
  ])('never does so when %s', (_, over, settings, why) => {
    const o = orphan(3_600_000, over, settings);
    expect(kinds(o)).not.toContain('fence.off');
    expect(decide(o).why).toMatch(why);
  });
  it('tries again after a pause, and says what an operator can do', () => {
    const o = orphan(DUE_MS, {
      failures: new Map([['fence.off', { count: 1, atMs: NOW - 10, code: 'FENCE_UNKNOWN' }]]),
      fenceOutcome: { ...offA, result: 'failed', evidence: 'no answer' },
    });
    expect(kinds(o)).not.toContain('fence.off');
    expect(decide(o).why).toMatch(/^ALARM: .*no answer.*--old-master-is-off/);
  });
  it('orders nothing more once it is off', () =>
    expect(kinds(orphan(DUE_MS, { fenceOutcome: offA }))).not.toContain('fence.off'));
  it('does not wait as the last Master, whether it still leads or not', () => {
    const o = orphan(leaseVoteMs, { record: record({ owner: b, ownerBoot: 'boot-b' }) });
    expect(kinds(o)).toContain('fence.off');
  });
});

describe('the survivor', () => {
  const elected = (over: Partial<Observation> = {}): Observation =>
    orphan(DUE_MS, { lead: leading, voters: [b], fenceOutcome: offA, fenceRight: false, ...over });
  it('claims with the evidence of the fence', () =>
    expect(proposed(elected())).toMatchObject([
      { kind: 'claim', by: b, epoch: 6, fenced: { target: a, method: 'fence_ipmilan', evidence: 'read off' } },
    ]));
  it('has its P2 proof by that', () => {
    const [claim] = proposed(elected());
    const { record: claimed } = applyCommand(record(), { id: 'x', ...claim! });
    expect(claimed).toMatchObject({ fence: { state: 'confirmed', target: a, forEpoch: 6 }, fenced: [{ node: a, epoch: 6 }] });
    const o = elected({ record: claimed, postgres: standby({ receiver: 'cut', follows: null }) });
    expect(proposed(o)).toMatchObject([{ kind: 'proveStopped', proof: { kind: 'P2', of: a, epoch: 5 } }]);
  });
  it.each(['P3', 'P4'] as const)('never takes %s, listed or not', (kind) => {
    const o = elected({
      fenceOutcome: null,
      record: record({
        ...{ epoch: epoch(6), owner: b, ownerBoot: 'boot-b', phase: 'stopping-old' as const },
        previous: { node: a, epoch: epoch(5), boot: 'boot-a', armed: { kind: 'hardware', timeoutMs: 100 } },
      }),
      postgres: standby({ receiver: 'cut', follows: null }),
      postgresSinceMs: 1_000,
      lead: { ...leading, sinceMs: 1_000 },
    });
    const listed = { ...o, settings: { ...o.settings, stopProofs: ['P1' as const, kind, 'P2' as const] } };
    expect(kinds(listed)).not.toContain('proveStopped');
    expect(kinds(listed)).toContain('fenceRequest');
  });
});

describe('a claim of one of two that is alone (seed 56464 of the simulator)', () => {
  const word = { requestId: 'op', evidence: 'an operator confirmed that a is off', isOff: true, epoch: epoch(5) };
  const AT_MS = Date.UTC(2026, 10, 23);
  const two6 = record({ level: 2 });
  const alone = (over: Partial<Observation> = {}): Observation =>
    orphan(DUE_MS, { lead: leading, voters: [b], forced: null, fenceRight: false, wallMs: AT_MS, record: two6, ...over });
  const claimed = (o: Observation): ClusterRecord => {
    const { record: after, refused } = applyCommand(o.record, { id: 'x', ...proposed(o)[0]! });
    expect(refused).toBeNull();
    return after;
  };
  /** The other one, from the same record. */
  const there = (over: Partial<Observation> = {}): Observation =>
    two(seenByA({ boot: 'boot-a2', lead: leading, vipHeld: false, postgres: standby() }), {
      voters: [a],
      wallMs: AT_MS + 60_000,
      record: two6,
      ...over,
    });
  const onWord = { forced: word };
  const byFence = { fenceOutcome: offA };
  it.each<[string, Partial<Observation>, Partial<Observation>]>([
    ['a word, and a fence later', onWord, { fenceOutcome: offB }],
    ['a word to each', onWord, { forced: { ...word, evidence: 'b is off' } }],
    ['a fence, and a word later', byFence, { forced: { ...word, evidence: 'b is off' } }],
    ['a word, and a restart of the other one behind a word to it', onWord, { givenUp: { node: b, generation: 0 } }],
  ])('takes the second in which it claims: the later one has the higher epoch, and no two a timeline (%s)', (_, one, two) => {
    const [first, second] = [claimed(alone(one)), claimed(there(two))];
    expect(second.epoch).toBeGreaterThan(first.epoch);
    expect(newestTimeline(first)).not.toBe(newestTimeline(second));
  });
  it('passes over timelines on a word only, no more than PostgreSQL can be made to', () => {
    expect(claimed(alone(byFence)).timelineTaken).toBe(0);
    expect(claimed(alone()).timelineTaken).toBe(0);
    for (const o of [alone(onWord), there(onWord)]) {
      expect(claimed(o).timelineTaken).toBeGreaterThan(900);
      expect(claimed(o).timelineTaken).toBeLessThan(3_000);
    }
  });
  it('does so after a restart, too, which forgot the word: the configuration tells of it', () =>
    expect(claimed(alone({ givenUp: { node: a, generation: 0 } })).timelineTaken).toBeGreaterThan(900));
  it('lies far above all that a fence takes where the clock is wrong', () => {
    expect(claimed(alone({ ...onWord, wallMs: 0 })).epoch).toBeGreaterThan(1_000);
    expect(claimed(alone({ ...byFence, wallMs: 0 })).epoch).toBeLessThan(10);
  });
  it('lies below what another site takes later, and a restored cluster', () => {
    const { epoch: at } = claimed(alone(onWord));
    const away = { ...{ node: b, requestId: 'r', by: 'ada', evidence: '', atWallMs: AT_MS + 60_000, branch: '' }, generation: 1 };
    const gone = goAway(two6, { ...away, received: null, lostBytes: null, heardAgoMs: null });
    expect(gone.epoch).toBeGreaterThan(at);
    expect(gone.timelineTaken).not.toBe(claimed(alone(onWord)).timelineTaken);
  });
  it.each<[string, Partial<Observation>]>([
    ['the other one has its vote', { voters: [a, b] }],
    ['members of an older version would refuse another', { record: record({ level: 1 }) }],
    ['there is an arbiter', { twoNodes: false }],
  ])('takes the next epoch where %s', (_, over) => {
    expect(claimed(alone({ ...onWord, ...over }))).toMatchObject({ epoch: 6, timelineTaken: 0 });
  });
});

describe('a node that went on alone on an operator’s word, not having seen that its data is the newest', () => {
  const forced = { requestId: 'p', evidence: 'the operator: a is off', isOff: true };
  const blindly = (over: Partial<Observation> = {}): Observation =>
    two(orphan(60_000), { lead: leading, voters: [b], fenceRight: false, givenUp: { node: a, generation: 1 }, ...over });
  it('claims by force only: what the other one may hold is given up', () =>
    expect(proposed(blindly({ forced, record: record({ level: 2 }) }))).toMatchObject([
      { kind: 'forceClaim', by: b, epoch: 1_006, evidence: forced.evidence },
    ]));
  it('does so in an epoch and onto a timeline that a member of before level 2 takes, too, while there may be one', () => {
    const [claim] = proposed(blindly({ forced }));
    expect(claim).toMatchObject({ kind: 'forceClaim', epoch: 105 });
    expect(applyCommand(record(), { id: 'x', ...claim! }).record.timelineTaken).toBe(1_001);
  });
  it('does so after a restart, and while the other one is heard again, too', () => {
    const word = /operator confirmed that a is off .* before a restart of b/;
    for (const o of [blindly(), blindly({ peers: only(a, 50, stopped()) })])
      expect(proposed(o)).toMatchObject([{ kind: 'forceClaim', evidence: expect.stringMatching(word) }]);
  });
  it('which leaves the data of the other one alone until its recover', () => {
    const [claim] = proposed(blindly({ forced }));
    const { record: claimed } = applyCommand(record(), { id: 'x', ...claim! });
    expect(claimed).toMatchObject({ generation: 2, syncSet: [b], owner: b });
    // It may have promoted, too: nobody could tell two timelines of one number apart.
    expect(claimed.timelineTaken).toBeGreaterThan(1_000);
    const serving = { ...claimed, phase: 'serving' as const };
    const o = two(seenByA({ lead: null, vipHeld: false, record: serving, postgres: stopped(), peers: only(b, 50) }));
    const always = { ...o, settings: { ...o.settings, autoRejoin: 'always' as const } };
    expect([kinds(always), decide(always).needsRecover]).toEqual([
      expect.not.arrayContaining(['pg.rewind', 'pg.baseBackup']),
      true,
    ]);
  });
  it('starts its PostgreSQL first, and says what it waits for', () => {
    expect(kinds(blindly({ postgres: stopped() }))).toContain('pg.startStandby');
    expect(decide(blindly({ unfit: 'the disk is full' })).why).toMatch(/disk is full/);
    expect(proposed(blindly({ unfit: 'the disk is full' }))).toEqual([]);
  });
  it('does not hand over to it', () =>
    expect(kinds(blindly({ unfit: 'the disk is full', peers: only(a, 50, standby()) }))).not.toContain('raft.transfer'));
  it('claims plainly again once that is in the record', () =>
    expect(
      proposed(
        blindly({ record: record({ owner: b, ownerBoot: 'boot-b0', syncSet: [b], generation: 2, generations: { [b]: 2 } }) }),
      ),
    ).toMatchObject([{ kind: 'claim' }]));
});

describe('a Master without an arbiter that has lost its Standby', () => {
  const lead = (silentMs: number) => ({
    ...leading,
    quorumSentMs: NOW - silentMs,
    leaseUntilMs: Math.max(NOW - silentMs + leaseOwnMs, NOW + leaseOwnMs - 50),
  });
  const alone = (
    silentMs: number,
    over: Partial<Observation> = {},
    settings: Partial<Observation['settings']> = {},
  ): Observation => two(seenByA({ peers: only(b, silentMs, standby()), lead: lead(silentMs) }), over, settings);
  it.each([
    [demoteAtMs - 1, false],
    [demoteAtMs, true],
  ])('cuts its power at once when it would have to stop: %d ms: %s', (ms, shoots) =>
    expect(kinds(alone(ms)).includes('fence.off')).toBe(shoots),
  );
  it('goes on as Master meanwhile, its writes blocked', () => {
    const o = alone(5_000, { fenceBusy: true, stalledSinceMs: new Map([[b, NOW - 5_000]]) });
    expect(decide(o)).toMatchObject({
      role: 'MASTER_SYNC',
      why: 'writes are blocked: b does not answer; its power is being cut',
    });
    expect(kinds(o)).not.toContain('leave');
  });
  it('never opens them by time', () =>
    expect(
      kinds(alone(9_000, { stalledSinceMs: new Map([[b, NOW - 9_000]]), fenceOutcome: { ...offB, result: 'failed' } })),
    ).not.toContain('leave'));
  it('writes the fence down when it alone is the majority', () =>
    expect(proposed(alone(0, { voters: [a], fenceOutcome: offB }))).toMatchObject([
      { kind: 'fenceRequest', epoch: 5, by: a, target: b, requestId: 'f' },
    ]));
  it('then lets the Standby leave, and clears the names only after that', () => {
    const fence = { ...offB, by: a, state: 'confirmed', atWallMs: 1 } as const;
    const o = alone(0, { voters: [a], record: record({ fence, fenced: [{ node: b, epoch: epoch(5), evidence: 'read off' }] }) });
    expect(proposed(o)).toMatchObject([{ kind: 'leave', node: b }]);
    expect(kinds(o)).not.toContain('pg.setNames');
  });
  it('does not shoot a Standby whose echoes only itself was too slow to read', () =>
    expect(kinds(alone(5_000, { awakeSinceMs: NOW - 100 }))).not.toContain('fence.off'));
  it('has no hold, and stops in time, without the right to shoot', () => {
    const o = alone(demoteAtMs, {
      fenceRight: false,
      lead: { ...lead(0), quorumSentMs: NOW - demoteAtMs, leaseUntilMs: NOW - demoteAtMs + leaseOwnMs },
    });
    expect(holdUntilMs(o)).toBeNull();
    expect(decide(o).role).toBe('DEMOTING');
  });

  describe('holds its lease', () => {
    const held = (silentMs: number, leftMs = leaseOwnMs - silentMs): number | null =>
      holdUntilMs(alone(silentMs, { lead: { ...lead(silentMs), leaseUntilMs: NOW + leftMs } }));
    it.each([
      [demoteAtMs / 2 - 1, null],
      [demoteAtMs / 2, NOW + leaseOwnMs],
    ])('from a silence of %d ms on', (ms, until) => expect(held(ms)).toBe(until));
    it('no longer than the Standby waits before it shoots, whatever the clocks show', () => {
      const most = holdMaxMs(PROFILES.lan, DELAY_MS);
      expect(most * (1 + CLOCK_DRIFT)).toBeLessThanOrEqual((leaseVoteMs + DELAY_MS) * (1 - CLOCK_DRIFT) + 1e-6);
      expect(held(most - 1_000, 900)).toBe(null);
      expect(held(most - 2_000, 1_500)).toBeCloseTo(NOW + 2_000);
    });
    it('not once it ran out', () => expect(held(5_000, 0)).toBeNull());
  });
});

describe('the vote', () => {
  const master = (over: Partial<Observation> = {}): Observation => two(seenByA({ peers: only(b, 50, standby()) }), over);
  it('goes with the place in the sync set', () =>
    expect(voteWanted(master({ record: record({ syncSet: [a] }) }))).toEqual({ node: b, voter: false }));
  it('stays while a join may still come true', () =>
    expect(voteWanted(master({ record: record({ syncSet: [a] }), joining: b }))).toBeNull());
  it('comes back with it', () => expect(voteWanted(master({ voters: [a] }))).toEqual({ node: b, voter: true }));
  it('is left alone while both agree', () => {
    expect(voteWanted(master())).toBeNull();
    expect(voteWanted(master({ record: record({ syncSet: [a] }), voters: [a] }))).toBeNull();
  });
  it('is not given to a node that was just switched off', () =>
    expect(voteWanted(master({ voters: [a], fenceOutcome: offB }))).toBeNull());
  describe('of a node whose power was cut (ruling 7)', () => {
    const fenced = [{ node: b, epoch: epoch(5), evidence: 'read off' }];
    const recover = [{ node: b, requestId: 'r', state: 'open' as const }];
    const booted = (over: Parameters<typeof record>[0] = {}, more: Partial<Observation> = {}) =>
      master({ voters: [a], record: record({ fenced, ...over }), ...more });
    it('does not come back because it boots, nor while it catches up after a recover', () => {
      expect(voteWanted(booted())).toBeNull();
      expect(voteWanted(booted({ recover }))).toBeNull();
      const always = booted();
      expect(voteWanted({ ...always, settings: { ...always.settings, autoRejoin: 'always' } })).toBeNull();
    });
    it('comes back with the join, which forgets that it was cut', () => {
      const joined = applyCommand(record({ fenced, recover }), { id: 'j', kind: 'join', epoch: epoch(5), node: b }).record;
      expect(joined.fenced).toEqual([]);
      expect(voteWanted(master({ voters: [a], record: joined }))).toEqual({ node: b, voter: true });
    });
    it('comes back by an operator’s recover alone where nobody serves, and by itself only where that is wanted', () => {
      const nobody = { postgres: stopped() };
      expect(voteWanted(booted({}, nobody))).toBeNull();
      expect(voteWanted(booted({ recover }, nobody))).toEqual({ node: b, voter: true });
      const always = booted({}, nobody);
      expect(voteWanted({ ...always, settings: { ...always.settings, autoRejoin: 'always' } })).toEqual({ node: b, voter: true });
    });
  });
  it('is the owner’s to take, and any leader’s to give back', () => {
    const led = (over: Partial<Observation>): Observation => two(orphan(50), { lead: leading, ...over });
    expect(voteWanted(led({ record: record({ syncSet: [b] }) }))).toBeNull();
    expect(voteWanted(led({ voters: [b] }))).toEqual({ node: a, voter: true });
    expect(voteWanted(led({ voters: [b], lead: null }))).toBeNull();
  });
  it('is not given to the one without whom this node went on blindly, before the record gives it up', () => {
    const led = (over: Parameters<typeof record>[0] = {}): Observation =>
      two(orphan(50), { lead: leading, voters: [b], givenUp: { node: a, generation: 1 }, record: record(over) });
    const always = { ...led(), settings: { ...led().settings, autoRejoin: 'always' as const } };
    expect([voteWanted(led()), voteWanted(always)]).toEqual([null, null]);
    expect(voteWanted(led({ generation: 2, generations: { [a]: 2, [b]: 2 } }))).toEqual({ node: a, voter: true });
  });
  it('does not exist with an arbiter', () => expect(voteWanted(seenByA({ record: record({ syncSet: [a] }) }))).toBeNull());
});
