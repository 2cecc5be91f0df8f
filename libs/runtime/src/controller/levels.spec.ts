import { levelOf } from '@yosugara/failover';
import { describe, expect, it } from 'vitest';
import { upgradeOf } from './levels.js';
import { statusOf } from './status.js';
import { stepController } from './step.js';
import { a, b, MiniCluster, type Program, w } from './testing/mini-cluster.js';
import type { NodeReport } from './types.js';

const OLD: Program = { version: '1.0.0', speaks: { from: 1, through: 1 } };
const NEW: Program = { version: '2.0.0', speaks: { from: 1, through: 2 } };
const NEWEST: Program = { version: '3.0.0', speaks: { from: 2, through: 3 } };
const CONTEXT = {
  clusterId: 'c',
  profile: 'lan',
  members: [a, b, w].map((id) => ({ id, kind: id === w ? ('witness' as const) : ('data' as const), address: '', zone: '' })),
  vip: null,
};
const upgrade = (cluster: MiniCluster) => upgradeOf(cluster.state(a), CONTEXT);
const level = (cluster: MiniCluster) => [a, b, w].map((node) => levelOf(cluster.state(node).record));
const inSync = (cluster: MiniCluster) => () => cluster.state(a).record.syncSet.length === 2 && cluster.serves(a);

/** With `a` as its Master, and everything in order. */
function running(program: Program): MiniCluster {
  const cluster = new MiniCluster({}, [a, b, w], program);
  cluster.until(
    'both in sync',
    () => cluster.state(a).record.syncSet.length === 2 || cluster.state(b).record.syncSet.length === 2,
  );
  if (cluster.serves(b)) cluster.ask(b, { kind: 'switchover', to: a });
  cluster.until('a is Master and b in sync', inSync(cluster));
  return cluster;
}
function restart(cluster: MiniCluster, node: typeof a, program: Program): void {
  cluster.powerOff(node);
  cluster.pass(100);
  cluster.programs.set(node, program);
  cluster.powerOn(node);
  if (node === b) cluster.until('b is back', inSync(cluster));
  cluster.pass(2_000);
}

describe('a cluster', () => {
  it('is born at the highest level that all its members speak', () => {
    expect(level(running(NEW))).toEqual([2, 2, 2]);
    expect(level(running(OLD))).toEqual([1, 1, 1]);
  });
  it('stays at its level while its members are upgraded, until the last step', () => {
    const cluster = running(OLD);
    expect(upgrade(cluster)).toMatchObject({ state: 'none', level: 1, common: 1 });
    restart(cluster, b, NEW);
    expect(upgrade(cluster)).toMatchObject({ state: 'rolling', level: 1, common: 1 });
    restart(cluster, w, NEW);
    expect(cluster.ask(b, { kind: 'finishUpgrade' })).toMatchObject({ ok: false, message: expect.stringContaining('a (1.0.0)') });
    expect(cluster.ask(a, { kind: 'switchover', to: b }).ok).toBe(true);
    cluster.until('b is Master', () => cluster.serves(b) && cluster.state(b).record.syncSet.length === 2);
    cluster.powerOff(a);
    cluster.programs.set(a, NEW);
    cluster.pass(100);
    cluster.powerOn(a);
    cluster.pass(2_000);
    expect(upgrade(cluster)).toMatchObject({ state: 'ready', level: 1, common: 2 });
    expect(cluster.ask(a, { kind: 'finishUpgrade' })).toMatchObject({ ok: true, message: 'the cluster is at level 2' });
    cluster.pass(500);
    expect(level(cluster)).toEqual([2, 2, 2]);
    expect(upgrade(cluster)).toMatchObject({ state: 'none', level: 2 });
    expect(cluster.ask(a, { kind: 'finishUpgrade' })).toMatchObject({ ok: false });
  });
  it('takes the older version back before the last step', () => {
    const cluster = running(OLD);
    restart(cluster, b, NEW);
    restart(cluster, b, OLD);
    expect(upgrade(cluster)).toMatchObject({ state: 'none', level: 1 });
    expect(cluster.state(a).leftBehind.size).toBe(0);
  });
  it('does not finish while a member is not heard', () => {
    const cluster = running(OLD);
    for (const node of [b, w]) restart(cluster, node, NEW);
    cluster.powerOff(w);
    cluster.pass(4_000);
    expect(upgrade(cluster)).toMatchObject({ state: 'unknown', common: null });
    expect(cluster.ask(b, { kind: 'finishUpgrade' }).message).toContain('w is not heard');
  });
});

describe('a version that the cluster has left behind', () => {
  it('stops by itself, by what its own log says or by what the others say', () => {
    const cluster = running(NEW);
    cluster.powerOff(b);
    cluster.programs.set(b, OLD);
    expect(() => {
      cluster.powerOn(b);
      cluster.pass(1_000);
    }).toThrow(/the cluster is at level 2, and this version speaks levels 1 to 1/);
  });
  it('which knows nothing of levels is not listened to, and everybody is told why', () => {
    const cluster = running(NEW);
    const { version: _, speaks: __, level: ___, ...old } = cluster.state(a).reports.get(b)!.report;
    const heard = (message: { k: 'report'; r: NodeReport } | { k: 'raft'; m: never }) =>
      stepController(cluster.state(a), { kind: 'message', from: b, message, nowMs: cluster.nowMs, random: 0.5 });
    heard({ k: 'report', r: old });
    expect(upgrade(cluster)).toMatchObject({ state: 'rolling', next: expect.stringContaining('does not speak level 2') });
    const { term } = cluster.state(a).raft;
    heard({ k: 'raft', m: { kind: 'vote', term: term + 9, lastIndex: 99, lastTerm: 99, transfer: true } as never });
    expect(cluster.state(a).raft.term).toBe(term);
  });
});

it('a newer version stops where the cluster has not come to the level that it needs', () => {
  const cluster = running(OLD);
  cluster.powerOff(b);
  cluster.programs.set(b, NEWEST);
  expect(() => {
    cluster.powerOn(b);
    cluster.pass(2_000);
  }).toThrow(/the cluster is at level 1 only/);
});

it('a message or a request of a newer version that is not known here does no harm', () => {
  const cluster = running(OLD);
  const { state, nowMs } = { state: cluster.state(a), nowMs: cluster.nowMs };
  const message = (body: object) =>
    stepController(state, { kind: 'message', from: b, message: body as never, nowMs, random: 0.5 });
  expect(message({ k: 'tomorrow' })).toEqual([]);
  const asked = message({ k: 'request', id: 'x', request: { kind: 'tomorrow' } });
  expect(asked).toContainEqual(expect.objectContaining({ message: expect.objectContaining({ k: 'answer', ok: false }) }));
});

it('the status tells every version', () => {
  const status = statusOf(running(NEW).state(a), CONTEXT);
  expect(status.upgrade?.members.map(({ name, version }) => [name, version])).toEqual([
    ['a', '2.0.0'],
    ['b', '2.0.0'],
    ['w', '2.0.0'],
  ]);
});
