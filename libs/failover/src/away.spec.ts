import { epoch, lsn, nodeId } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import {
  type Away,
  aloneEpoch,
  applyCommand,
  awayCause,
  type ClusterRecord,
  type Command,
  decide,
  forcedEpoch,
  goAway,
  isAfar,
  isAwaited,
  lint,
  type Observation,
  wordEpoch,
} from './index.js';
import {
  a,
  b,
  kinds as kindsOf,
  leading,
  peer,
  primary,
  record,
  seenByA,
  seenByB,
  standby,
  stopped,
  streaming,
  w,
} from './testing.js';

const d = nodeId('d');
const away: Away = {
  ...{ node: d, requestId: 'r', by: 'alice', evidence: 'the site is under water', atWallMs: 1_700_000_000_000 },
  ...{ branch: 'd.2', generation: 1, received: lsn(0x1000), lostBytes: 4_096, heardAgoMs: 12_400 },
};
const forceClaim = (at: ClusterRecord): Command => ({
  ...{ id: 'x', kind: 'forceClaim', by: d, boot: 'boot-d', evidence: 'said so', atWallMs: 0 },
  epoch: forcedEpoch(at),
});
const begun = goAway(record(), away);
const claimed = applyCommand(begun, forceClaim(begun)).record;
/** Promoted and serving. */
const served: ClusterRecord = { ...claimed, phase: 'serving', proof: null };
const withDr = (o: Observation): Observation => ({ ...o, settings: { ...o.settings, drNodes: [d] } });
const kinds = (o: Observation): string[] => kindsOf(withDr(o));

describe('the record with which another site begins its own log', () => {
  it('takes epochs and timelines that the lost site cannot have used', () => {
    expect(begun.epoch).toBe(107);
    expect(begun.timelineTaken).toBe(2_301);
    expect(goAway(record({ timelineTaken: 4 }), away).timelineTaken).toBe(2_304);
  });
  it('asks for nothing that only the lost site could end, and brings nobody back that was asked for before', () => {
    const busy = record({
      recover: [{ node: b, requestId: 'o', state: 'open' }],
      pause: { requestId: 'p', untilWallMs: 1, why: '' },
      maintenance: [
        { node: d, requestId: 'm', untilWallMs: 1, why: '' },
        { node: a, requestId: 'n', untilWallMs: 1, why: '' },
      ],
    });
    expect(goAway(busy, away)).toMatchObject({ recover: [], pause: null, maintenance: [{ node: a }] });
  });
  it('has epochs there that no node at home takes, also from its first claim on', () => {
    const at = Date.UTC(2026, 10, 23);
    const there = goAway(record({ level: 2 }), { ...away, atWallMs: at });
    const later = { ...there, everSync: [a, b, d], epoch: epoch(wordEpoch(there, d, at + 5_000)) };
    for (const taken of [there.epoch, later.epoch, aloneEpoch(later, d, at + 9_000), aloneEpoch(later, d, 0)])
      expect(taken % 3).toBe(2);
    for (const node of [a, b]) expect(aloneEpoch(record({ level: 2 }), node, at + 5_000) % 3).not.toBe(2);
  });
  it('awaits the claim of that member, and is of a new generation once it is made', () => {
    expect([isAwaited(begun, d), isAwaited(begun, a), isAwaited(claimed, d)]).toEqual([true, false, false]);
    expect(claimed).toMatchObject({
      ...{ epoch: 207, generation: 2, owner: d, syncSet: [d], automatic: false },
      confirmed: { of: a, epoch: 107, evidence: 'said so' },
    });
  });
  it('tells in its history who, when, what had arrived and what is lost', () =>
    expect(claimed.cause).toBe(
      'promoted in another site by alice at 2023-11-14T22:13:20Z, WAL received up to 0/1000; estimated loss at least 4096 bytes of WAL, as of 12 s before, when the old Master was last heard',
    ));
  it('says so where the loss is not known', () =>
    expect(awayCause({ ...away, lostBytes: null })).toContain('the loss cannot be estimated'));
});

describe('the promoted member of another site', () => {
  const seenByD = (over: Partial<Observation> = {}): Observation =>
    withDr(
      seenByA({
        ...{ self: d, boot: 'boot-d', record: served, voters: [d], peers: new Map(), slots: [] },
        postgres: primary({ names: [], peers: [] }),
        ...over,
      }),
    );
  it('serves as any Master does', () => expect(decide(seenByD()).role).toBe('MASTER_SOLO'));
  it('campaigns and claims again by itself after its own restart', () => {
    const again = seenByD({ boot: 'boot-d2', postgres: standby({ follows: null, receiver: 'cut' }), lead: leading });
    expect(decide(again).campaign.may).toBe(true);
    expect(kinds(again)).toContain('claim');
  });
  it('takes a node of the other site into the sync set when it is back', () => {
    const back = { ...served, generations: { d: 2, a: 1 }, recover: [{ node: a, requestId: 'o', state: 'open' as const }] };
    const follows = peer({ postgres: standby({ follows: d }) });
    const joins = seenByD({
      record: back,
      peers: new Map([[a, follows]]),
      postgres: primary({ names: [], peers: [streaming(a)] }),
    });
    expect(kinds(joins)).toContain('pg.setNames');
  });
});

describe('the way home', () => {
  const home: ClusterRecord = { ...served, owner: a, ownerBoot: 'boot-a', syncSet: [a], everSync: [a, b, d] };
  const seen = (over: Partial<Observation> = {}): Observation =>
    withDr(
      seenByA({
        ...{ record: home, slots: [b, d], voters: [a, w] },
        postgres: primary({ names: [], peers: [streaming(d, { sync: false })] }),
        peers: new Map([[d, peer({ postgres: standby({ follows: a }) })]]),
        ...over,
      }),
    );
  it('ends when the Master is home and the other site follows without a vote', () => {
    expect(kinds(seen())).toContain('home');
    expect(kinds(seen({ voters: [a, w, d] }))).not.toContain('home');
    expect(kinds(seen({ postgres: primary({ names: [], peers: [] }) }))).not.toContain('home');
    const { record: after } = applyCommand(home, { id: 'h', kind: 'home', epoch: home.epoch, node: d });
    expect(after).toMatchObject({ away: null, everSync: [a, b], generation: 2 });
    expect(isAfar({ ...seen(), record: after }, d)).toBe(true);
  });
  it('is refused while somebody still counts on the other site', () => {
    const refused = (at: Partial<ClusterRecord>) =>
      applyCommand({ ...home, ...at }, { id: 'h', kind: 'home', epoch: home.epoch, node: d }).refused;
    expect(refused({ syncSet: [a, d] })).toContain('still counted on');
    expect(refused({ owner: d })).toContain('still counted on');
    expect(refused({ away: null })).toContain('not away');
    expect(refused({ epoch: epoch(200) })).toContain('epoch is 200');
  });
  it('takes the other site out of the sync set; with `strict` only when another node of this site is in it', () => {
    const counted = seen({ record: { ...home, syncSet: [a, d] } });
    const strict = { ...counted, settings: { ...counted.settings, policy: 'strict' as const } };
    expect(kinds(counted)).toContain('leave');
    expect(kinds(strict)).not.toContain('leave');
    expect(kinds({ ...strict, record: { ...home, syncSet: [a, b, d] } })).toContain('leave');
    expect(lint(strict, { kind: 'pg.setNames', names: [d] })).toBeNull();
  });
  it('is gone by a node of the old generation only when an operator asks for its recover', () => {
    const old = seenByB({ record: { ...served, everSync: [a, b, d] }, postgres: stopped(), peers: new Map([[d, peer()]]) });
    expect(decide(withDr(old))).toMatchObject({ role: 'STOPPED', needsRecover: true });
  });
});
