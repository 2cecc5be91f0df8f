import { epoch, lsn, nodeId } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { applyCommand, decide, forcedEpoch, goAway, isAwaited, lint, type Observation } from './index.js';
import { a, b, kinds, leading, peer, primary, record, seenByA, seenByB, standby, stopped, streaming, w } from './testing.js';

const d = nodeId('d');
const withDr = (o: Observation): Observation => ({ ...o, settings: { ...o.settings, drNodes: [d] } });

describe('a DR member (T9)', () => {
  const master = primary({ walEnd: lsn(5_000) });
  const seenByD = (over: Partial<Observation> = {}): Observation =>
    withDr(
      seenByB({
        self: d,
        boot: 'boot-d',
        postgres: standby({ follows: a }),
        peers: new Map([
          [a, peer({ postgres: master })],
          [b, peer()],
          [w, peer({ kind: 'witness', postgres: { kind: 'unknown' } })],
        ]),
        ...over,
      }),
    );
  it('follows asynchronously under a role of its own, and says how far it is behind', () =>
    expect(decide(seenByD())).toMatchObject({ role: 'DR_ASYNC', why: expect.stringContaining('4000 bytes behind') }));
  it('copies, starts and follows by itself as a standby does', () => {
    expect(kinds(seenByD({ postgres: { kind: 'empty' } }))).toContain('pg.baseBackup');
    expect(decide(seenByD({ postgres: stopped({ state: 'standby' }) })).actions).toContainEqual({
      kind: 'pg.startStandby',
      follow: a,
    });
    expect(decide(seenByD({ postgres: standby({ follows: b }) })).actions).toContainEqual({ kind: 'pg.follow', follow: a });
  });
  it('never campaigns, and says why it does nothing when its site’s other half is silent', () => {
    const alone = seenByD({ peers: new Map([[a, peer({ heardAgoMs: 60_000, postgres: master })]]) });
    expect(decide(alone)).toMatchObject({
      role: 'DR_ASYNC',
      why: expect.stringMatching(/only a human.*4000 bytes/),
      campaign: { may: false },
    });
  });
  it('never claims, though it should lead', () =>
    expect(kinds(seenByD({ lead: leading, record: record({ syncSet: [a, b, d] }) }))).not.toContain('claim'));
  it('is promoted by an operator’s word with a new generation, where it leads', () => {
    const forced = { requestId: 'r', evidence: 'the site is under water', isOff: true };
    expect(decide(seenByD({ lead: leading, forced, peers: new Map() })).actions).toMatchObject([
      { kind: 'record.propose', command: { kind: 'forceClaim', by: d, evidence: 'the site is under water' } },
      { kind: 'manager.mode' },
    ]);
    const claim = {
      id: 'x',
      kind: 'forceClaim',
      by: d,
      boot: 'boot-d',
      epoch: forcedEpoch(record()),
      evidence: '',
      atWallMs: 0,
    } as const;
    expect(applyCommand(record(), claim).record).toMatchObject({ generation: 2, syncSet: [d], generations: { d: 2 } });
  });
});

describe('a branch that was begun', () => {
  const away = {
    ...{ node: a, requestId: 'r', by: 'ada', evidence: 'the site is under water', atWallMs: 0, branch: 'a.2.x' },
    ...{ generation: 1, received: lsn(1_000), lostBytes: null, heardAgoMs: null },
  };
  const begun = goAway(record({ owner: a, syncSet: [a, b] }), away);
  const seen = seenByA({
    // Its own life before ended.
    boot: 'boot-a2',
    record: begun,
    postgres: standby(),
    lead: leading,
    voters: [a],
    forced: { requestId: 'r', evidence: 'e', isOff: true },
  });
  it('is claimed by force also where all that was acknowledged is held: only that ends the old generation', () => {
    expect(isAwaited(begun, a)).toBe(true);
    expect(kinds(seen)).toContain('forceClaim');
    expect(kinds(seen)).not.toContain('claim');
  });
});

describe('the Master of a cluster with a DR member', () => {
  const both = primary({ names: [], peers: [streaming(d, { sync: false })] });
  const reports = () =>
    new Map([
      [b, peer({ heardAgoMs: 60_000 })],
      [d, peer({ postgres: standby({ follows: a }) })],
      [w, peer({ kind: 'witness', postgres: { kind: 'unknown' } })],
    ]);
  const master = (over: Partial<Observation> = {}) =>
    withDr(seenByA({ record: record({ syncSet: [a] }), postgres: both, peers: reports(), ...over }));
  it('keeps a slot for it', () => expect(decide(master()).actions).toContainEqual({ kind: 'pg.ensureSlot', node: d }));
  it('never asks it for a commit, however well it follows (R14)', () => {
    expect(decide(master()).role).toBe('MASTER_SOLO');
    expect(lint(master(), { kind: 'pg.setNames', names: [d] })).toContain('R13');
    expect(lint(master(), { kind: 'record.propose', command: { kind: 'join', epoch: epoch(5), node: d } })).toContain('R13');
  });
  it('stops for good when it was promoted in the other site: this one is of the past, majority or not', () => {
    const over = master({ superseded: d });
    expect(decide(over)).toMatchObject({ role: 'DEMOTING', why: expect.stringContaining('promoted in the other site') });
    expect(kinds(over)).toContain('pg.stop');
    const down = { ...over, vipHeld: false, postgres: stopped() };
    expect(decide(down)).toMatchObject({ role: 'HALT', needsRecover: true });
    expect(kinds(withDr(seenByB({ lead: leading, superseded: d })))).not.toContain('claim');
  });
});

describe('two streams of one name (R13)', () => {
  const twice = [streaming(b), streaming(b, { flushLsn: lsn(900) })];
  it('join nobody: either could acknowledge what the node lacks', () => {
    const o = seenByA({ record: record({ syncSet: [a] }), postgres: primary({ names: [], peers: twice }) });
    expect(kinds(o)).not.toContain('pg.setNames');
    const joinMark = { node: b, epoch: epoch(5), lsn: 900, atMs: 0 };
    expect(kinds({ ...o, postgres: primary({ peers: twice }), joinMark })).not.toContain('join');
  });
});
