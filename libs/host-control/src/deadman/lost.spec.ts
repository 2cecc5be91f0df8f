import { join } from 'node:path';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { postgresAccount } from '../os/account.js';
import { heldMarker } from '../os/markers.js';
import { processesIn, processesMarked } from '../os/processes.js';
import { buildChildPrograms } from '../testing/build.js';
import { secludedController } from '../testing/secluded.js';
import { eventually, Testbed } from '../testing/testbed.js';
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
  const left = () => [
    ...processesIn(join(bed.root, 'a', 'data'), postgresAccount('postgres').uid),
    ...processesMarked(heldMarker('manager', config)),
    ...processesMarked(heldMarker('vip', config)),
  ];
  let atTheEnd: readonly number[] | null = null;
  const driver = secludedController(config, { deadMan, postgres, vip }, () => {
    atTheEnd = left();
  });
  bed.onClose(() => driver.stop());
  await driver.start();
  await postgres.startStandby(null);
  await vip.hold(() => 60_000);
  await eventually('all of it runs', () => left().length > 6 && deadMan.managerPid() !== null);
  process.kill(deadMan.pid()!, 'SIGKILL');
  await eventually('the controller ends', () => atTheEnd !== null);
  expect(atTheEnd).toEqual([]);
  expect(await vip.held()).toBe(false);
  expect(driver.serves()).toBe(false);
});
