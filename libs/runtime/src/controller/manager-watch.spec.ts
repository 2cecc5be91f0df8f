import { describe, expect, it } from 'vitest';
import { a, b, MiniCluster } from './testing/mini-cluster.js';

function watched(): MiniCluster {
  const cluster = new MiniCluster();
  cluster.begin();
  for (const node of [a, b]) cluster.showManager(node);
  cluster.pass(4_000);
  return cluster;
}
const hangs = (cluster: MiniCluster, node: typeof a): number => {
  cluster.silent.add(node);
  const known = cluster.restarts.length;
  return cluster.until('a restart', () => cluster.restarts.length > known, 90_000);
};

describe('a manager that stops reporting', () => {
  it('is restarted where it is, and the Master stays', () => {
    const cluster = watched();
    expect(hangs(cluster, a)).toBeLessThan(3_500);
    cluster.pass(30_000);
    expect(cluster.restarts).toHaveLength(1);
    expect(cluster.serves(a)).toBe(true);
  });

  it('a second time, the other node takes over, with the cause in the history; and the old one is restarted there', () => {
    const cluster = watched();
    hangs(cluster, a);
    cluster.pass(60_000);
    cluster.silent.add(a);
    const tookMs = cluster.until('b serves', () => cluster.serves(b), 10_000);
    expect(tookMs).toBeLessThan(6_000);
    expect(cluster.state(b).record.history[0]).toMatchObject({ owner: b, cause: 'the manager of a does not answer' });
    cluster.until('a is back with a manager', () => cluster.role(a) === 'STANDBY_SYNC' && !cluster.silent.has(a));
    cluster.pass(30_000);
    expect(cluster.restarts.map(({ node }) => node)).toEqual([a, a]);
    expect(cluster.serves(b)).toBe(true);
  });

  it('and is not ready within 15 s after its restart: the other node takes over', () => {
    const cluster = watched();
    cluster.incurable.add(a);
    hangs(cluster, a);
    const tookMs = cluster.until('b serves', () => cluster.serves(b), 20_000);
    expect(tookMs).toBeGreaterThan(14_000);
    expect(tookMs).toBeLessThan(18_000);
  });

  it('of a Master without a Standby is restarted ever more slowly', () => {
    const cluster = watched();
    cluster.powerOff(b);
    cluster.until('a alone', () => cluster.role(a) === 'MASTER_SOLO');
    cluster.incurable.add(a);
    hangs(cluster, a);
    cluster.pass(300_000);
    const gaps = cluster.restarts.slice(1).map(({ atMs }, at) => atMs - cluster.restarts[at]!.atMs);
    expect(gaps.length).toBeGreaterThan(4);
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(20_000);
    expect(gaps.at(-1)).toBeGreaterThanOrEqual(60_000);
    expect(cluster.serves(a)).toBe(true);
  });

  it('of a Standby is restarted there', () => {
    const cluster = watched();
    expect(hangs(cluster, b)).toBeLessThan(3_500);
    cluster.pass(20_000);
    expect(cluster.role(b)).toBe('STANDBY_SYNC');
  });
});

describe('a manager that is only slow to start', () => {
  it('is given 20 s, also from its first word that it is ready', () => {
    const cluster = watched();
    cluster.showManager(a);
    cluster.pass(2_000);
    expect(hangs(cluster, a)).toBeGreaterThan(19_000);
  });
});

describe('silence is no silence of the manager’s', () => {
  it('while the controller itself stood still: nobody was heard', () => {
    const cluster = watched();
    cluster.silent.add(a);
    cluster.pass(2_000);
    cluster.push(a, (nowMs) => ({ kind: 'tick', nowMs: nowMs + 1_500, wallMs: cluster.wallMs, random: 0.5 }));
    cluster.pass(3_000);
    expect(cluster.restarts).toEqual([]);
    cluster.until('the restart', () => cluster.restarts.length > 0, 2_000);
  });

  it('while the loop is held up again and again for less than a second', () => {
    const cluster = watched();
    cluster.silent.add(a);
    cluster.pass(1_000);
    const before = cluster.state(a).managerLife.heardMs;
    cluster.push(a, (nowMs) => ({ kind: 'tick', nowMs: nowMs + 600, wallMs: cluster.wallMs, random: 0.5 }));
    expect(cluster.state(a).managerLife.heardMs).toBeGreaterThanOrEqual(before + 600);
  });
});
