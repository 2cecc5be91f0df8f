import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VipDriver } from '@yosugara/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Hosts, hasCables, ip, isRefused, layCable, secondsLeft, vipOn } from '../testing/cable.js';
import { eventually, Testbed } from '../testing/testbed.js';

const VIP = '10.79.0.20';
/** Writes each command down, takes its time where it is told to, then runs it. */
const COUNTING = 'echo "$5 $6 $7" >>"$0"; [ -e "$0.slow" ] && sleep 0.3; exec "$@"';

/** The controller renews it with its lease, twice a second: each renewal is one call of hold. */
describe.runIf(hasCables)('a renewal of the address on an interface', () => {
  let bed: Testbed;
  let hosts: Hosts;
  let vip: VipDriver;
  let calls: string;
  beforeAll(async () => {
    bed = await Testbed.open();
    hosts = await layCable(bed, 'r');
    calls = join(bed.root, 'calls');
    const times = { everyMs: 60_000, forMs: 60_000, lookEveryMs: 60_000 };
    vip = vipOn(bed, hosts, 'a', { address: VIP }, { before: ['sh', '-c', COUNTING, calls], times });
  });
  afterAll(() => bed.close());
  beforeEach(async () => {
    await vip.hold(() => 30_000);
    // The announcements that follow a first hold are no part of a renewal.
    await eventually('announced', () => commands().some((words) => words.startsWith('arping -U')));
    writeFileSync(calls, '');
  });
  afterEach(async () => {
    rmSync(`${calls}.slow`, { force: true });
    await vip.release();
  });
  const commands = (): readonly string[] => readFileSync(calls, 'utf8').trim().split('\n').filter(Boolean);
  const left = () => secondsLeft(hosts.a, VIP);

  it('makes it live as long as the lease that is left, rounded down: longer or shorter', async () => {
    await vip.hold(() => 60_900);
    expect(left()).toBeGreaterThanOrEqual(35);
    expect(left()).toBeLessThanOrEqual(60);
    await vip.hold(() => 5_900);
    expect(left() ?? 0).toBeLessThanOrEqual(5);
  });

  it('asks nobody on the cable: the address is ours already, and a look and a command suffice', async () => {
    await vip.hold(() => 30_000);
    expect(commands()).toEqual(['ip -j addr', 'ip addr replace']);
  });

  it('that finds one at work adds nothing to it', async () => {
    writeFileSync(`${calls}.slow`, '');
    await Promise.all([vip.hold(() => 30_000), vip.hold(() => 30_000), vip.hold(() => 30_000)]);
    expect(commands().filter((words) => words === 'ip addr replace')).toHaveLength(1);
  });

  it('reads the lease when it sets the address, not when it was asked', async () => {
    writeFileSync(`${calls}.slow`, '');
    let leaseMs = 30_000;
    const renewed = vip.hold(() => leaseMs);
    leaseMs = 9_900;
    await renewed;
    expect(left()).toBeLessThanOrEqual(9);
  });

  it('with less than a second of the lease left says so, and the address runs out by itself', async () => {
    await vip.hold(() => 1_900);
    await expect(vip.hold(() => 900)).rejects.toMatchObject({ code: 'VIP_LEASE_TOO_SHORT' });
    expect(left() ?? 0).toBeLessThanOrEqual(1);
    await eventually('gone', () => left() === undefined);
    expect(await vip.held()).toBe(false);
  });

  it('that is at work while the address is released does not leave it here', async () => {
    writeFileSync(`${calls}.slow`, '');
    const renewal = vip.hold(() => 30_000);
    await vip.release();
    await renewal;
    expect(left()).toBeUndefined();
    expect(await vip.held()).toBe(false);
  });

  it('sets an address again that somebody removed by hand, and asks the cable first', async () => {
    ip('-n', hosts.a, 'addr', 'del', `${VIP}/24`, 'dev', 'eth0');
    await vip.hold(() => 30_000);
    expect(left()).toBeGreaterThan(0);
    const said = commands();
    const asked = said.findIndex((words) => words.startsWith('arping -D'));
    expect(asked, said.join('; ')).toBeGreaterThanOrEqual(0);
    expect(asked).toBeLessThan(said.indexOf('ip addr replace'));
  });

  it('does not take it back from a host that has it since', async () => {
    ip('-n', hosts.a, 'addr', 'del', `${VIP}/24`, 'dev', 'eth0');
    ip('-n', hosts.b, 'addr', 'add', `${VIP}/24`, 'dev', 'eth0');
    try {
      expect(await isRefused(vip, 30_000)).toBe(true);
      expect(left()).toBeUndefined();
    } finally {
      ip('-n', hosts.b, 'addr', 'del', `${VIP}/24`, 'dev', 'eth0');
    }
  });
});
