import { epoch } from '@yosugara/kernel';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { signal } from '../os/containment.js';
import { heldMarker } from '../os/markers.js';
import { childrenOf, commandLine, isAlive, processesMarked } from '../os/processes.js';
import { buildChildPrograms } from '../testing/build.js';
import { CLOCK, eventually, stopped, Testbed, type TestNode } from '../testing/testbed.js';

/** An operating system that goes down tells every process of the host to end, all at once. */
let bed: Testbed;
beforeAll(buildChildPrograms);
beforeEach(async () => {
  bed = await Testbed.open();
});
afterEach(() => bed.close());

async function told(node: TestNode): Promise<void> {
  const heard = new Promise<void>((resolve) => node.deadMan.onLeaving(resolve));
  process.kill(node.deadMan.pid()!, 'SIGTERM');
  await heard;
}

const probers = () => childrenOf(process.pid).filter((pid) => commandLine(pid).includes('prober-main'));

// It waits 8 s for its controller: of a few tries one is not stalled for longer.
describe('a dead man that is told to end', { retry: 3 }, () => {
  it('tells its controller and waits for it: what runs serves on, and ends at the controller’s word', async () => {
    const node = await bed.primary();
    const client = await bed.client(node);
    await client.query('create table t (n int)');
    await told(node);
    await client.query('insert into t values (1)');
    expect(node.deadMan.arming()).toBe('soft');
    const deadMan = node.deadMan.pid()!;
    expect(await stopped(node)).toMatchObject({ state: 'clean-primary' });
    // Nothing that could serve is brought back.
    await expect(node.postgres.startPrimary([])).rejects.toMatchObject({ code: 'START_FAILED' });
    expect(isAlive(deadMan)).toBe(true);
    await node.deadMan.close();
    expect(isAlive(deadMan)).toBe(false);
  });

  it('strikes at the end of the lease as ever', async () => {
    const node = await bed.primary();
    await told(node);
    const struck = new Promise((resolve) => node.deadMan.onStruck(resolve));
    const sinceMs = CLOCK.monotonicMs();
    node.deadMan.lease(sinceMs + 300, epoch(7));
    expect(await struck).toBe(7);
    // At the end of the lease, and not at that of its wait for its controller, 8 s.
    expect(CLOCK.monotonicMs() - sinceMs).toBeLessThan(7_000);
    expect(node.deadMan.postmasterPid()).toBeNull();
  });

  it('starts no manager again', async () => {
    const node = await bed.node('a', { manager: ['/bin/sh', '-c', 'exec sleep 600'] });
    node.deadMan.wantManager(true);
    const first = await eventually('a manager', () => node.deadMan.managerPid());
    await told(node);
    process.kill(first, 'SIGTERM');
    await eventually('it has ended', () => node.deadMan.managerPid() === null);
    // Longer than the first pause before a restart.
    await expect(eventually('another one', () => node.deadMan.managerPid(), 1_000)).rejects.toThrow('not within');
    expect(processesMarked(heldMarker('manager', node.config))).toEqual([]);
  });
});

// What stands still by itself for three looks is hung.
it('a host whose every process is told to end still sees PostgreSQL stop cleanly, and takes nothing for hung', {
  retry: 3,
}, async () => {
  const node = await bed.primary();
  const seen: string[] = [];
  await eventually('a prober', () => probers().length > 0);
  node.postgres.onFacts((facts) => seen.push(facts.kind));
  const postmaster = node.deadMan.postmasterPid()!;
  const heard = new Promise<void>((resolve) => node.deadMan.onLeaving(resolve));
  const before = probers();
  // A session of the probe may have ended since it was listed.
  for (const pid of [node.deadMan.pid()!, postmaster, ...childrenOf(postmaster), ...before]) signal(pid, 'SIGTERM');
  await heard;
  expect(await stopped(node)).toMatchObject({ state: 'clean-primary' });
  expect(seen).not.toContain('hung');
  // The write probe’s child ends with the primary; the one that looks stays.
  expect(before.some(isAlive)).toBe(true);
});
