import { describe, expect, it } from 'vitest';
import { hasLeft, LEAVE_MASTER_MS, LEAVE_STANDBY_MS } from './leaving.js';
import { stepController } from './step.js';
import { a, b, leaves, MiniCluster, w } from './testing/mini-cluster.js';

const begun = (change: ConstructorParameters<typeof MiniCluster>[0] = {}): MiniCluster => {
  const cluster = new MiniCluster(change);
  cluster.begin();
  return cluster;
};
const why = 'switch replaced';

describe('a planned stop', () => {
  it('of the Master is a hand-over: it may end as soon as the Standby leads, and returns without a rewind', () => {
    const cluster = begun();
    cluster.push(a, leaves);
    const tookMs = cluster.until('a has left', () => hasLeft(cluster.state(a)), LEAVE_MASTER_MS);
    expect(cluster.state(a).record.released).toMatchObject({ by: a, automatic: false });
    cluster.powerOff(a);
    const servesMs = cluster.until('b serves', () => cluster.serves(b), 3_000);

    expect(tookMs + servesMs).toBeLessThan(2_500);
    expect(cluster.state(b).record.history[0]).toMatchObject({ owner: b, cause: 'planned stop of a', automatic: false });
  });
  it('of the Master is only a stop when nobody can take over', () => {
    const cluster = begun();
    cluster.powerOff(b);
    cluster.until('a goes on alone', () => cluster.role(a) === 'MASTER_SOLO', 10_000);
    cluster.push(a, leaves);
    expect(hasLeft(cluster.state(a))).toBe(true);
    expect(cluster.role(a)).toBe('MASTER_SOLO');
  });
  it('of the Standby takes it out of the sync set at once, while it still acknowledges', () => {
    const cluster = begun();
    cluster.push(b, leaves);
    expect(hasLeft(cluster.state(b))).toBe(false);
    const tookMs = cluster.until('b has left', () => hasLeft(cluster.state(b)), LEAVE_STANDBY_MS);
    expect(tookMs).toBeLessThan(500);
    cluster.until('the names are free', () => {
      const { facts } = cluster.state(a);
      return facts.kind === 'primary' && facts.names?.length === 0;
    });
    cluster.pass(3_000);
    expect(cluster.role(a)).toBe('MASTER_SOLO');
  });
  it('of both at once waits for neither', () => {
    const cluster = begun();
    cluster.push(a, leaves);
    cluster.push(b, leaves);
    const tookMs = cluster.until(
      'both have left',
      () => hasLeft(cluster.state(a)) && hasLeft(cluster.state(b)),
      LEAVE_STANDBY_MS,
    );
    expect(tookMs).toBeLessThan(1_000);
  });
});

describe('a pause', () => {
  it('asked for anywhere is answered once it is committed, keeps the Standby from taking over, and ends by its time', () => {
    const cluster = begun();
    expect(cluster.ask(w, { kind: 'pause', untilWallMs: cluster.wallMs + 20_000, why })).toMatchObject({ ok: true });
    cluster.powerOff(a);
    cluster.pass(15_000);
    expect(cluster.role(b)).toMatch(/^STANDBY/);
    expect(cluster.state(b).decision.why).toContain('paused until');
    cluster.until('b serves', () => cluster.serves(b), 10_000);
    expect(cluster.state(b).record.pause).toBeNull();
  });
  it('is passed by an operator’s promote, without loss and without a new generation', () => {
    const cluster = begun();
    cluster.ask(a, { kind: 'pause', untilWallMs: cluster.wallMs + 600_000, why });
    cluster.powerOff(a);
    cluster.pass(8_000);
    const answer = cluster.ask(b, { kind: 'promote', node: b, oldMasterIsOff: false });
    expect(answer).toMatchObject({ ok: true, message: expect.stringContaining('nothing is lost') });
    cluster.until('b serves', () => cluster.serves(b), 5_000);
    expect(cluster.state(b).record).toMatchObject({ generation: 1, automatic: false });
  });
  it('refuses an end in the past', () =>
    expect(begun().ask(a, { kind: 'pause', untilWallMs: 1, why })).toMatchObject({ ok: false }));
});

describe('maintenance', () => {
  it('of the Master hands over first; its end brings it back by itself', () => {
    const cluster = begun();
    expect(cluster.ask(b, { kind: 'maintenance', node: a, untilWallMs: cluster.wallMs + 600_000, why })).toMatchObject({
      ok: true,
    });
    cluster.until('b serves, a is worked on', () => cluster.serves(b) && cluster.role(a) === 'MAINTENANCE', 10_000);
    cluster.pass(5_000);
    expect(cluster.state(a).facts.kind).toBe('stopped');
    expect(cluster.state(b).record.syncSet).toEqual([b]);
    cluster.ask(a, { kind: 'maintenance', node: a, untilWallMs: null, why });
    cluster.until('a is back', () => cluster.role(a) === 'STANDBY_SYNC' && cluster.role(b) === 'MASTER_SYNC', 15_000);
  });
  it('of the Standby leaves no write waiting, and ends by its time', () => {
    const cluster = begun();
    cluster.ask(a, { kind: 'maintenance', node: b, untilWallMs: cluster.wallMs + 10_000, why });
    cluster.until('b is out', () => cluster.role(b) === 'MAINTENANCE' && cluster.role(a) === 'MASTER_SOLO', 3_000);
    cluster.pass(2_000);
    expect(cluster.role(a)).toBe('MASTER_SOLO');
    cluster.until('b is back', () => cluster.role(b) === 'STANDBY_SYNC', 15_000);
  });
  it.each([
    ['of a node that is none', { node: w }, {}, /not a data node/],
    ['that is over already', { untilWallMs: 1 }, {}, /in the past/],
    ['of a Standby that writes wait for (strict)', { node: b }, { policy: 'strict' as const }, /strict/],
  ])('is refused: %s', (_, change, settings, message) => {
    const cluster = begun(settings);
    const untilWallMs = cluster.wallMs + 60_000;
    const answer = cluster.ask(a, { kind: 'maintenance', node: a, untilWallMs, why, ...change });
    expect(answer).toMatchObject({ ok: false, message: expect.stringMatching(message) });
  });
  it('is refused for a Master that nobody can follow', () => {
    const cluster = begun();
    cluster.powerOff(b);
    cluster.until('a goes on alone', () => cluster.role(a) === 'MASTER_SOLO', 10_000);
    expect(cluster.ask(a, { kind: 'maintenance', node: a, untilWallMs: cluster.wallMs + 60_000, why })).toMatchObject({
      ok: false,
    });
  });
});

describe('a forced promotion (T8)', () => {
  const lost = (): MiniCluster => {
    const cluster = begun();
    cluster.push(b, leaves);
    cluster.until('b has left', () => hasLeft(cluster.state(b)), LEAVE_STANDBY_MS);
    cluster.state(b).leaving = false;
    cluster.powerOff(a);
    cluster.pass(8_000);
    return cluster;
  };
  it('needs the word that the old Master is off', () => {
    const cluster = lost();
    expect(cluster.ask(b, { kind: 'promote', node: null, oldMasterIsOff: false })).toMatchObject({ ok: false });
    expect(cluster.role(b)).toBe('STANDBY_CATCHUP');
  });
  it('begins a generation that the old Master is not of', () => {
    const cluster = lost();
    expect(cluster.ask(b, { kind: 'promote', node: null, oldMasterIsOff: true })).toMatchObject({ ok: true });
    cluster.until('b serves', () => cluster.serves(b), 10_000);
    expect(cluster.state(b).record).toMatchObject({ generation: 2, generations: { b: 2 }, syncSet: [b] });
  });
  it('keeps in its evidence whose word it was, also when another member was asked', () => {
    for (const told of [b, w]) {
      const cluster = lost();
      cluster.ask(told, { kind: 'promote', node: b, oldMasterIsOff: true, by: 'alice' });
      cluster.until('b serves', () => cluster.serves(b), 10_000);
      expect(JSON.stringify(cluster.state(b).record.history)).toContain(
        'an operator (alice) confirmed that a is off and accepted',
      );
    }
  });
  it('keeps it, too, where a Master is told that its Standby is off', () => {
    const cluster = new MiniCluster({ stopProofs: ['P1', 'P2'], fenceable: [a, b] }, [a, b]);
    cluster.begin();
    cluster.broken.add(a).add(b);
    cluster.cut = true;
    cluster.pass(4_000);
    expect(cluster.ask(a, { kind: 'promote', node: a, oldMasterIsOff: true, by: 'alice' })).toMatchObject({ ok: true });
    expect(cluster.state(a).forced?.evidence).toMatch(/^an operator \(alice\) confirmed that b is off \(request /);
  });
  it('is refused while the Master is heard and serves', () =>
    expect(begun().ask(b, { kind: 'promote', node: b, oldMasterIsOff: true })).toMatchObject({
      ok: false,
      message: expect.stringContaining('use switchover'),
    }));
  it('is refused right after this node stood still: the Master may be there, and was not listened for', () => {
    const cluster = begun();
    const state = cluster.state(b);
    const nowMs = state.nowMs + state.config.settings.timings.leaseVoteMs + 100;
    const request = { kind: 'promote', node: b, oldMasterIsOff: true } as const;
    expect(stepController(state, { kind: 'operator', id: 'op', nowMs, request })).toContainEqual(
      expect.objectContaining({ kind: 'answer', ok: false, message: expect.stringMatching(/stood still.*ask again$/) }),
    );
  });
});
