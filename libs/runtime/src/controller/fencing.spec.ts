import { membersOf } from '@yosugara/consensus';
import { PROFILES } from '@yosugara/failover';
import type { NodeId } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { hasLeft, LEAVE_MASTER_MS, LEAVE_STANDBY_MS } from './leaving.js';
import { a, b, leaves, MiniCluster } from './testing/mini-cluster.js';

const DELAY_MS = 4_000;
const { leaseVoteMs, leaseOwnMs, demoteAtMs } = PROFILES.lan;

describe('three voters with power devices', () => {
  const begun = (change: ConstructorParameters<typeof MiniCluster>[0] = {}): MiniCluster => {
    const cluster = new MiniCluster({ stopProofs: ['P1', 'P2'], fenceable: [a, b], ...change });
    cluster.begin();
    return cluster;
  };
  it('cut the power of a lost Master before anybody is promoted, and say so in the record', () => {
    const cluster = begun();
    cluster.powerOff(a);
    cluster.until('b serves', () => cluster.serves(b), 12_000);
    const { record } = cluster.state(b);
    expect(cluster.orders).toMatchObject([{ by: b, target: a, wanted: 'off' }]);
    expect(record.history[0]?.proof).toMatchObject({ kind: 'P2', of: a });
    expect(record.fenced).toMatchObject([{ node: a, epoch: 2 }]);
  });
  it('never promote while the device does not answer, and go on as soon as it does', () => {
    const cluster = begun();
    cluster.broken.add(a);
    cluster.powerOff(a);
    cluster.pass(60_000);
    expect(cluster.role(b)).toBe('TAKEOVER');
    expect(cluster.state(b).decision.why).toMatch(/^ALARM: a could not be switched off: no answer in time/);
    const { length } = cluster.orders;
    expect(length).toBeGreaterThan(4);
    expect(length).toBeLessThan(12);
    cluster.broken.clear();
    cluster.until('b serves', () => cluster.serves(b), 15_000);
  });
  it('switch the node on again once somebody serves, and it waits for recover', () => {
    const cluster = begun({ powerOnAfterFence: true });
    cluster.powerOff(a);
    cluster.until('a is on again', () => cluster.orders.some(({ wanted }) => wanted === 'on'), 15_000);
    cluster.until('a knows what it is', () => cluster.role(a) === 'FENCED', 5_000);
    cluster.pass(10_000);
    expect(cluster.orders.map(({ wanted }) => wanted)).toEqual(['off', 'on']);
    expect(cluster.ask(b, { kind: 'recover', node: a })).toMatchObject({ ok: true });
    cluster.until('a is back', () => cluster.role(a) === 'STANDBY_SYNC', 20_000);
    expect(cluster.state(b).record.fenced).toEqual([]);
  });
});

describe('two nodes without an arbiter', () => {
  const begun = (change: ConstructorParameters<typeof MiniCluster>[0] = {}): MiniCluster => {
    const cluster = new MiniCluster({ stopProofs: ['P1', 'P2'], fenceable: [a, b], fenceDelayMs: DELAY_MS, ...change }, [a, b]);
    cluster.begin();
    return cluster;
  };
  const votersOf = (cluster: MiniCluster, node: NodeId): readonly string[] =>
    membersOf(cluster.state(node).raft)
      .filter(({ voter }) => voter)
      .map(({ id }) => id);

  it('give both the right to fence once they have seen each other', () => {
    const cluster = begun();
    expect([cluster.state(a).fenceRight, cluster.state(b).fenceRight]).toEqual([true, true]);
    expect(votersOf(cluster, b)).toEqual([a, b]);
  });
  it('the Standby replaces a Master that lost its power, after the delay, by a fence that the record shows', () => {
    const cluster = begun();
    cluster.powerOff(a);
    const tookMs = cluster.until('b serves', () => cluster.serves(b), 20_000);
    expect(cluster.orders).toMatchObject([{ by: b, target: a, wanted: 'off' }]);
    expect(tookMs).toBeGreaterThan(leaseVoteMs + DELAY_MS);
    expect(cluster.state(b).record).toMatchObject({
      epoch: 4,
      fence: { target: a, state: 'confirmed', method: 'fence_spec' },
      fenced: [{ node: a }],
      syncSet: [b],
    });
    expect(cluster.state(b).record.history[0]?.proof).toMatchObject({ kind: 'P2', of: a });
    expect(votersOf(cluster, b)).toEqual([b]);
  });
  it('the Master goes on when its Standby lost its power, without ceasing to be Master', () => {
    const cluster = begun();
    cluster.powerOff(b);
    const roles = new Set<string>();
    const goesOn = (): boolean => {
      roles.add(cluster.role(a));
      return cluster.role(a) === 'MASTER_SOLO';
    };
    const tookMs = cluster.until('a goes on alone', goesOn, 10_000);
    expect([...roles]).toEqual(['MASTER_SYNC', 'MASTER_SOLO']);
    expect(tookMs).toBeLessThan(demoteAtMs + 3_000);
    expect(cluster.state(a).record).toMatchObject({ epoch: 1, syncSet: [a], fenced: [{ node: b }] });
    expect(votersOf(cluster, a)).toEqual([a]);
  });
  it('the Master wins when the link between two healthy nodes is cut (F8)', () => {
    const cluster = begun();
    cluster.cut = true;
    cluster.until('a goes on alone', () => cluster.role(a) === 'MASTER_SOLO', 10_000);
    cluster.pass(20_000);
    expect(cluster.orders).toMatchObject([{ by: a, target: b, wanted: 'off' }]);
  });
  it('a Master whose fence fails stops by itself before its Standby may shoot', () => {
    const cluster = begun();
    cluster.broken.add(b);
    cluster.cut = true;
    const cutMs = cluster.nowMs;
    cluster.until('a has stopped', () => cluster.role(a) === 'DEMOTING', 15_000);
    expect(cluster.nowMs - cutMs).toBeGreaterThan(leaseOwnMs);
    expect(cluster.nowMs - cutMs).toBeLessThan(leaseVoteMs + DELAY_MS);
    expect(cluster.orders.every(({ by }) => by === a)).toBe(true);
    expect(cluster.state(a).record.syncSet).toEqual([a, b]);
    cluster.until('b serves', () => cluster.serves(b), 15_000);
    expect(cluster.state(b).record.history[0]?.proof).toMatchObject({ kind: 'P2', of: a });
  });
  it('neither ever serves while no fence is confirmed, however long it lasts', () => {
    const cluster = begun();
    cluster.broken.add(a).add(b);
    cluster.cut = true;
    cluster.until('a has stopped', () => cluster.role(a) === 'DEMOTING', 15_000);
    cluster.pass(120_000);
    expect([cluster.serves(a), cluster.serves(b)]).toEqual([false, false]);
    expect(cluster.state(b).decision.why).toMatch(/^ALARM: a is not heard, and its power could not be cut/);
    cluster.cut = false;
    cluster.until('one serves again', () => cluster.serves(a) || cluster.serves(b), 30_000);
  });
  it('a node that booted has no right: it waits for the other one, and neither shoots it nor serves (F13)', () => {
    const cluster = begun();
    cluster.cut = true;
    cluster.until('a goes on alone', () => cluster.role(a) === 'MASTER_SOLO', 10_000);
    cluster.powerOn(b);
    cluster.pass(60_000);
    expect(cluster.state(b).fenceRight).toBe(false);
    expect(cluster.orders).toHaveLength(1);
    expect(cluster.role(a)).toBe('MASTER_SOLO');
    cluster.cut = false;
    cluster.until('b knows what it is', () => cluster.role(b) === 'FENCED', 5_000);
    cluster.ask(a, { kind: 'recover', node: b });
    cluster.until('b is back', () => cluster.role(b) === 'STANDBY_SYNC' && cluster.role(a) === 'MASTER_SYNC', 20_000);
    cluster.until('b votes again', () => votersOf(cluster, b).length === 2 && cluster.state(b).fenceRight, 5_000);
  });
  it('a report that the other one sent to an earlier life, and that comes late, gives no right', () => {
    const cluster = begun();
    const late = cluster.state(b).reports.get(a)!.report;
    expect(late.hears).toBe(cluster.state(b).config.boot);
    cluster.cut = true;
    cluster.until('a goes on alone', () => cluster.role(a) === 'MASTER_SOLO', 10_000);
    cluster.powerOff(a);
    cluster.powerOn(b);
    cluster.pass(leaseVoteMs);
    const { epoch } = late;
    cluster.state(b).informed = true;
    cluster.state(b).record = { ...cluster.state(b).record, epoch, syncSet: [a, b], owner: a };
    cluster.push(b, (nowMs) => ({ kind: 'message', from: a, message: { k: 'report', r: late }, nowMs, random: 0 }));
    cluster.pass(60_000);
    expect([cluster.state(b).fenceRight, cluster.orders.length]).toEqual([false, 1]);
  });
  it('both wait for each other when both booted', () => {
    const cluster = begun();
    cluster.powerOff(a);
    cluster.powerOff(b);
    cluster.powerOn(b);
    cluster.pass(60_000);
    expect(cluster.orders).toEqual([]);
    expect(cluster.state(b).decision.why).toMatch(/waits for a/);
    cluster.powerOn(a);
    cluster.until('one serves', () => cluster.serves(a) || cluster.serves(b), 20_000);
  });
  it('the survivor alone is a quorum and may restart', () => {
    const cluster = begun();
    cluster.powerOff(a);
    cluster.until('b serves', () => cluster.serves(b), 20_000);
    cluster.powerOff(b);
    cluster.powerOn(b);
    cluster.until('b serves again', () => cluster.serves(b), 15_000);
    expect(cluster.state(b).record.epoch).toBe(7);
  });
  it('the vote of a node whose power was cut comes back with its recover, never with its boot (ruling 7)', () => {
    // `strict` keeps it in the sync set, so nothing but the fence says that it is out.
    const cluster = begun({ policy: 'strict' });
    cluster.powerOff(a);
    cluster.until('b is Master', () => cluster.state(b).record.owner === b && cluster.serves(b), 20_000);
    cluster.powerOn(a);
    cluster.until('a is a learner', () => membersOf(cluster.state(b).raft).length === 2, 10_000);
    cluster.pass(20_000);
    expect(cluster.state(b).record.syncSet).toEqual([a, b]);
    expect(votersOf(cluster, b)).toEqual([b]);
    expect(cluster.role(a)).toBe('FENCED');
    expect(cluster.ask(b, { kind: 'recover', node: a })).toMatchObject({ ok: true });
    cluster.until('a votes again', () => votersOf(cluster, b).length === 2, 20_000);
    expect(cluster.state(b).record.fenced).toEqual([]);
  });
  it('a Standby that left the sync set has no vote, so the Master alone needs nobody, and the vote returns with the join', () => {
    const cluster = begun();
    cluster.push(b, leaves);
    cluster.until('b has left', () => hasLeft(cluster.state(b)), LEAVE_STANDBY_MS);
    expect(votersOf(cluster, b)).toEqual([a]);
    cluster.powerOff(b);
    cluster.pass(30_000);
    expect(cluster.orders).toEqual([]);
    expect(cluster.role(a)).toBe('MASTER_SOLO');
    cluster.powerOn(b);
    cluster.until('b votes again', () => votersOf(cluster, b).length === 2 && cluster.role(a) === 'MASTER_SYNC', 20_000);
  });
  it('a planned stop of the Master is a hand-over without a shot', () => {
    const cluster = begun();
    cluster.push(a, leaves);
    cluster.until('a has left', () => hasLeft(cluster.state(a)), LEAVE_MASTER_MS);
    cluster.powerOff(a);
    cluster.until('b serves', () => cluster.serves(b), 3_000);
    cluster.pass(20_000);
    expect(cluster.orders).toEqual([]);
    expect(cluster.role(b)).toBe('MASTER_SOLO');
  });
  it('an operator’s word brings up a node that booted alone', () => {
    const cluster = begun();
    cluster.powerOff(a);
    cluster.powerOff(b);
    cluster.powerOn(b);
    cluster.pass(20_000);
    expect(cluster.ask(b, { kind: 'promote', node: b, oldMasterIsOff: true })).toMatchObject({ ok: true });
    cluster.until('b serves', () => cluster.serves(b), 15_000);
    cluster.powerOn(a);
    cluster.pass(10_000);
    expect([cluster.serves(a), cluster.serves(b)]).toEqual([false, true]);
  });
  describe('after the Standby was cut off, and the Master that went on alone lost its power, too', () => {
    const promoted = (change: ConstructorParameters<typeof MiniCluster>[0] = {}): MiniCluster => {
      const cluster = begun({ autoRejoin: 'always', ...change });
      cluster.cut = true;
      cluster.until('a goes on alone', () => cluster.role(a) === 'MASTER_SOLO', 10_000);
      cluster.pass(3_000);
      cluster.powerOff(a);
      cluster.powerOn(b);
      cluster.cut = false;
      cluster.pass(10_000);
      expect(cluster.ask(b, { kind: 'promote', node: b, oldMasterIsOff: true })).toMatchObject({
        ok: true,
        message: 'promotion with acceptance of data loss is under way',
      });
      return cluster;
    };
    const aIsOut = (cluster: MiniCluster): void => {
      cluster.pass(15_000);
      const { record } = cluster.state(b);
      expect(record).toMatchObject({ owner: b, generation: 2, syncSet: [b] });
      expect(record.epoch).toBeGreaterThan(100);
      expect([cluster.serves(a), cluster.serves(b), cluster.state(a).decision.needsRecover]).toEqual([false, true, true]);
      expect(cluster.state(a).record).toEqual(record);
      expect(votersOf(cluster, a)).toEqual([b]);
      expect(cluster.ask(b, { kind: 'recover', node: a })).toMatchObject({ ok: true });
      cluster.until('a is back', () => cluster.role(a) === 'STANDBY_SYNC' && votersOf(cluster, a).length === 2, 30_000);
      expect(membersOf(cluster.state(a).raft).every(({ givenUp }) => givenUp === undefined)).toBe(true);
    };
    it('an operator’s word gives up what the Master holds alone: its log and its data come back by recover only', () => {
      const cluster = promoted();
      cluster.until('b serves', () => cluster.serves(b), 15_000);
      cluster.powerOn(a);
      aIsOut(cluster);
    });
    it('the same holds if the Master is on again before b has claimed', () => {
      const cluster = promoted();
      cluster.until('b votes alone', () => votersOf(cluster, b).length === 1, 15_000);
      expect(cluster.state(b).record.owner).toBe(a);
      cluster.powerOn(a);
      aIsOut(cluster);
    });
    it('and if b restarted in between', () => {
      const cluster = promoted();
      cluster.until('b votes alone', () => votersOf(cluster, b).length === 1, 15_000);
      cluster.powerOff(b);
      cluster.powerOn(b);
      cluster.powerOn(a);
      aIsOut(cluster);
    });
    it('whoever was given up and served again meanwhile stops when it meets the other one, and its data is left alone', () => {
      const cluster = promoted();
      cluster.until('b serves', () => cluster.serves(b), 15_000);
      cluster.powerOff(b);
      // By its own log it is the only voter, and it has not heard of b’s.
      cluster.powerOn(a);
      cluster.until('a serves', () => cluster.serves(a), 15_000);
      cluster.powerOn(b);
      cluster.pass(15_000);
      expect([cluster.serves(a), cluster.serves(b)]).toEqual([false, true]);
      expect(cluster.state(a).decision.needsRecover).toBe(true);
    });
    it('the word is void if the Master is heard before b goes on: it serves again what it has', () => {
      const cluster = promoted();
      cluster.powerOn(a);
      cluster.until('a serves', () => cluster.serves(a), 30_000);
      expect(cluster.state(a).record.generation).toBe(1);
      expect(cluster.serves(b)).toBe(false);
    });
  });
  it('without devices an operator’s word lets the Standby take over', () => {
    const cluster = begun({ fenceable: [], stopProofs: ['P1', 'P5'] });
    cluster.powerOff(a);
    cluster.pass(30_000);
    expect(cluster.state(b).decision.why).toMatch(/no power device of a is configured/);
    expect(cluster.ask(b, { kind: 'promote', node: b, oldMasterIsOff: true })).toMatchObject({ ok: true });
    cluster.until('b serves', () => cluster.serves(b), 10_000);
    expect(cluster.state(b).record.history[0]?.proof).toMatchObject({ kind: 'P5', of: a });
  });
  describe('after a wrong word, on which one went on while the other was only cut off, cut its power later and went on, too (F16)', () => {
    const wordTo = (told: typeof a, other: typeof a): MiniCluster => {
      const cluster = begun({ autoRejoin: 'always' });
      cluster.broken.add(a).add(b);
      cluster.cut = true;
      // A Master is told so while it is one, a Standby when nobody is any more.
      if (told === a) cluster.pass(4_000);
      else cluster.until('nobody serves', () => !cluster.serves(a) && !cluster.serves(b), 20_000);
      expect(cluster.ask(told, { kind: 'promote', node: told, oldMasterIsOff: true })).toMatchObject({ ok: true });
      cluster.until(`${told} goes on alone`, () => cluster.serves(told) && votersOf(cluster, told).length === 1, 20_000);
      cluster.broken.delete(told);
      cluster.until(`${other} serves, too`, () => cluster.serves(other), 40_000);
      expect(cluster.state(other).record.fenced).toMatchObject([{ node: told }]);
      return cluster;
    };
    const agree = (cluster: MiniCluster): void => {
      cluster.cut = false;
      cluster.pass(40_000);
      expect(cluster.state(a).record).toEqual(cluster.state(b).record);
      expect([cluster.serves(a), cluster.serves(b)].filter(Boolean)).toHaveLength(1);
    };
    it.each([
      [b, a],
      [a, b],
    ])('to %s: no two took one epoch or timeline, and both hold one log once they meet', (told, other) => {
      const cluster = wordTo(told, other);
      const [one, two] = [cluster.state(a).record, cluster.state(b).record];
      expect(one.epoch).not.toBe(two.epoch);
      expect(one.lineage.at(-1)?.timeline).not.toBe(two.lineage.at(-1)?.timeline);
      cluster.powerOn(told);
      agree(cluster);
    });
    it.each([
      [b, a],
      [a, b],
    ])('to %s, which is alone once more before they meet', (told, other) => {
      const cluster = wordTo(told, other);
      cluster.powerOn(told);
      cluster.until(`${told} serves again`, () => cluster.serves(told), 40_000);
      expect(cluster.state(a).record.epoch).not.toBe(cluster.state(b).record.epoch);
      agree(cluster);
    });
  });
  it('an operator’s word lets a Master whose fence fails go on at once', () => {
    const cluster = begun();
    cluster.broken.add(b);
    cluster.powerOff(b);
    cluster.pass(4_000);
    expect(cluster.ask(a, { kind: 'promote', node: a, oldMasterIsOff: true })).toMatchObject({ ok: true });
    cluster.until('a goes on alone', () => cluster.role(a) === 'MASTER_SOLO', 5_000);
  });
});
