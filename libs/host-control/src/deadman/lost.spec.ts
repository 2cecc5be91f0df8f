import { join } from 'node:path';
import { PROFILES } from '@yosugara/failover';
import { nodeId, SILENT_LOG } from '@yosugara/kernel';
import { ControllerDriver } from '@yosugara/runtime';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { postgresAccount } from '../os/account.js';
import { heldMarker } from '../os/markers.js';
import { processesIn, processesMarked } from '../os/processes.js';
import { buildChildPrograms } from '../testing/build.js';
import { CLOCK, eventually, Testbed } from '../testing/testbed.js';
import { createVipDriver } from '../vip/driver.js';

let bed: Testbed;
beforeAll(buildChildPrograms);
afterEach(() => bed.close());

it('a controller that loses its dead man has stopped everything on its host before it ends', async () => {
  bed = await Testbed.open();
  const config = bed.config('a', 'bind');
  const { deadMan, postgres } = await bed.node('a', { manager: ['/bin/sh', '-c', 'setsid sleep 600 & exec sleep 600'] });
  const vip = createVipDriver(config);
  bed.onClose(() => vip.release());
  await postgres.initialise();
  const members = config.cluster.members.map(({ id, kind }) => ({
    id: nodeId(id),
    kind: kind === 'witness' ? ('witness' as const) : ('data' as const),
    voter: true,
  }));
  const timings = PROFILES.lan;
  const left = () => [
    ...processesIn(join(bed.root, 'a', 'data'), postgresAccount('postgres').uid),
    ...processesMarked(heldMarker('manager', config)),
    ...processesMarked(heldMarker('vip', config)),
  ];
  let atTheEnd: readonly number[] | null = null;
  const driver = new ControllerDriver(
    {
      clock: CLOCK,
      random: { next: () => 0.5 },
      log: SILENT_LOG,
      // Its partners are out of reach and nothing is decided: what runs here runs as it was started.
      disk: { load: () => Promise.reject(), persist: async () => {}, renew: async () => 'i1', close: async () => {} },
      mailbox: { start: async () => {}, send: () => {}, onMessage: () => {}, links: () => [], stop: async () => {} },
      host: { deadMan, postgres, vip },
      peers: new Map(),
      pid: process.pid,
      onNotice: () => {},
      onFatal: () => {
        atTheEnd = left();
      },
    },
    {
      ...{ self: nodeId('a'), kind: 'data', boot: 'a1', members, compactEvery: 1_000, trailing: 10 },
      settings: {
        ...{ policy: 'available', stopProofs: ['P1'], autoRejoin: 'clean', timings, hasVip: true },
        ...{ drNodes: [], fenceable: [], fenceDelayMs: 10_000, powerOnAfterFence: false },
        ...{ rateLimit: { max: 5, withinMs: 3_600_000 }, hooks: { beforePromotion: false, afterPromotion: false } },
      },
      raft: { ...timings, witnessDelayMs: timings.leaseVoteMs },
    },
    { clusterId: config.cluster.id, profile: 'lan', members: config.cluster.members, vip: config.cluster.vip ?? null },
    { hardState: { term: 0, votedFor: null }, snapshot: null, entries: [] },
  );
  bed.onClose(() => driver.stop());
  await driver.start();
  await postgres.startStandby(null);
  await vip.hold(() => 60_000);
  await eventually('all of it runs', 5_000, () => left().length > 6 && deadMan.managerPid() !== null);
  process.kill(deadMan.pid()!, 'SIGKILL');
  await eventually('the controller ends', 5_000, () => atTheEnd !== null);
  expect(atTheEnd).toEqual([]);
  expect(await vip.held()).toBe(false);
  expect(driver.serves()).toBe(false);
});
