import { describe, expect, it } from 'vitest';
import { a, b, MiniCluster, w } from './testing/mini-cluster.js';

const begun = (
  change: ConstructorParameters<typeof MiniCluster>[0] = {},
  nodes?: ConstructorParameters<typeof MiniCluster>[1],
) => {
  const cluster = new MiniCluster({ stopProofs: ['P1', 'P2'], fenceable: [a, b], ...change }, nodes);
  cluster.begin();
  return cluster;
};
const fence = (node: typeof a) => ({ kind: 'fence', node, by: 'ito', why: 'smoke' }) as const;

describe('an operator’s fence', () => {
  it('of the Standby, asked for anywhere, cuts its power; the Master goes on, and it returns by recover', () => {
    const cluster = begun();
    expect(cluster.ask(w, fence(b))).toMatchObject({ ok: true, message: 'b is to be switched off' });
    cluster.until('it is written down', () => cluster.state(a).record.fence?.state === 'confirmed', 8_000);
    expect(cluster.orders).toMatchObject([{ by: a, target: b, wanted: 'off' }]);
    expect(cluster.state(a).record).toMatchObject({
      epoch: 1,
      fence: { method: 'fence_spec', evidence: 'read back off', ordered: { by: 'ito', why: 'smoke' } },
      fenced: [{ node: b }],
    });
    cluster.until('a goes on alone', () => cluster.role(a) === 'MASTER_SOLO', 10_000);
    cluster.powerOn(b);
    cluster.until('b waits', () => cluster.role(b) === 'FENCED', 5_000);
    expect(cluster.ask(a, { kind: 'recover', node: b })).toMatchObject({ ok: true });
    cluster.until('b is back', () => cluster.role(b) === 'STANDBY_SYNC', 20_000);
  });
  it('of the Master has the Standby take over first, and then cuts its power', () => {
    const cluster = begun();
    expect(cluster.ask(a, fence(a))).toMatchObject({ ok: true });
    cluster.until('b serves', () => cluster.serves(b), 10_000);
    expect(cluster.state(b).record.history[0]).toMatchObject({ owner: b, automatic: false });
    cluster.until('it is written down', () => cluster.state(b).record.fence?.state === 'confirmed', 10_000);
    expect(cluster.orders).toMatchObject([{ by: b, target: a, wanted: 'off' }]);
    expect(cluster.state(b).record.fenced).toMatchObject([{ node: a, epoch: 2 }]);
  });
  it.each(['strict', 'available'] as const)(
    'is lifted by recover also where the Master that came after has lost its data (%s): what is left can be promoted by hand',
    (policy) => {
      const cluster = begun({ policy });
      cluster.ask(a, fence(a));
      cluster.until('it is written down', () => cluster.state(b).record.fenced.length === 1, 15_000);
      cluster.powerOff(b);
      cluster.loseData(b);
      cluster.pass(10_000);
      cluster.powerOn(b);
      cluster.powerOn(a);
      cluster.until('a waits, and nobody serves', () => cluster.role(a) === 'FENCED', 10_000);
      cluster.pass(1_000);
      expect(cluster.ask(w, { kind: 'recover', node: a, dryRun: true })).toMatchObject({
        message: expect.stringContaining('start as a standby again'),
      });
      expect(cluster.ask(a, { kind: 'recover', node: null })).toMatchObject({ ok: true });
      cluster.until('it stands by', () => cluster.state(a).facts.kind === 'standby', 20_000);
      const promote = { kind: 'promote', node: a, oldMasterIsOff: true } as const;
      expect(cluster.ask(a, promote)).toMatchObject({ ok: false, message: expect.stringContaining('switch it off') });
      cluster.powerOff(b);
      cluster.pass(10_000);
      expect(cluster.ask(a, promote)).toMatchObject({ ok: true });
      cluster.until('a serves', () => cluster.serves(a), 30_000);
      expect(cluster.state(a).record.fenced).toEqual([]);
    },
  );
  it('that a device does not carry out is written down as failed, and not tried again', () => {
    const cluster = begun();
    cluster.broken.add(b);
    cluster.ask(a, fence(b));
    cluster.until('it has failed', () => cluster.state(a).record.fence?.state === 'failed', 8_000);
    cluster.pass(10_000);
    expect(cluster.orders).toHaveLength(1);
    expect(cluster.role(a)).toBe('MASTER_SYNC');
  });
});

describe('an operator’s fence is refused', () => {
  const refused = (cluster: MiniCluster, node: typeof a, code: string): void => {
    expect(cluster.ask(a, fence(node))).toMatchObject({ ok: false, code });
    cluster.pass(3_000);
    expect(cluster.orders).toEqual([]);
  };
  it('of a node without a power device', () => refused(begun({ fenceable: [a] }), b, 'FENCE_NO_DEVICE'));
  it('of a node that is no data node', () => refused(begun(), w, 'NODE_UNKNOWN'));
  it('of a node in maintenance', () => {
    const cluster = begun();
    cluster.ask(a, { kind: 'maintenance', node: b, untilWallMs: cluster.wallMs + 600_000, why: 'disk' });
    refused(cluster, b, 'IN_MAINTENANCE');
  });
  it('of the Master while no Standby could take over', () => {
    const cluster = begun();
    cluster.powerOff(b);
    cluster.until('a goes on alone', () => cluster.role(a) === 'MASTER_SOLO', 10_000);
    refused(cluster, a, 'NO_HEIR');
  });
  it('of the Standby while the policy is strict', () => refused(begun({ policy: 'strict' }), b, 'POLICY_STRICT'));
  it('without an arbiter: whoever is heard keeps its vote', () =>
    refused(begun({ fenceDelayMs: 4_000 }, [a, b]), b, 'NO_ARBITER'));
  it('while another one is under way', () => {
    const cluster = begun();
    cluster.ask(a, fence(b));
    expect(cluster.ask(a, fence(a))).toMatchObject({ ok: false, code: 'FENCE_UNDER_WAY' });
  });
});
