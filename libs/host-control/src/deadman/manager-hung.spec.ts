import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { isAlive } from '../os/processes.js';
import { buildChildPrograms } from '../testing/build.js';
import { secludedController } from '../testing/secluded.js';
import { CLOCK, eventually, Testbed } from '../testing/testbed.js';

let bed: Testbed;
beforeAll(buildChildPrograms);
afterEach(() => bed.close());

/** A real dead man with a real process that reports its pid five times a second, as the manager does over the control socket. */
async function watchedManager(): Promise<{ readonly pid: () => number | null; readonly said: () => readonly number[] }> {
  bed = await Testbed.open();
  const config = bed.config('a');
  const reports = join(bed.root, 'reports');
  const argv = ['/bin/sh', '-c', `while :; do echo $$ >>${reports}; sleep 0.2; done`];
  const { deadMan, postgres } = await bed.node('a', { manager: argv });
  // Its partners are out of reach: whatever a node's part is, its manager is watched.
  const driver = secludedController(config, { deadMan, postgres });
  bed.onClose(() => driver.stop());
  let said: number[] = [];
  const ear = setInterval(() => {
    const now = lines(reports);
    const pid = now.at(-1);
    if (pid !== undefined && now.length > said.length)
      driver.managerReported({ process: 'manager', pid, mode: 'passive', epoch: 0, ready: true, vipBound: false });
    said = now;
  }, 50);
  bed.onClose(async () => clearInterval(ear));
  await driver.start();
  return { pid: () => deadMan.managerPid(), said: () => said };
}

function lines(file: string): number[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** How soon: manager-watch.spec.ts of the runtime, where time is simulated. */
// One that stands still by itself for 3 s is killed rightly: of a few tries in one it does not.
it('a manager that is stopped is killed and runs again; one that answers is left alone', { retry: 3 }, async () => {
  const manager = await watchedManager();
  const first = await eventually('it reports', () => (manager.pid() === null ? null : manager.said().at(-1)));
  expect(first).toBe(manager.pid());
  await eventually('it was watched for longer than a silence may last', () => manager.said().length > 18);
  expect(manager.pid()).toBe(first);

  process.kill(first, 'SIGSTOP');
  const stoppedMs = CLOCK.monotonicMs();
  const second = await eventually('another one reports', () => {
    const pid = manager.said().at(-1);
    return pid === first ? null : pid;
  });
  // Not at once: after 3 s since it was last heard, which may be a while before it was stopped.
  expect(CLOCK.monotonicMs() - stoppedMs).toBeGreaterThan(1_000);
  expect(isAlive(first)).toBe(false);
  await eventually('the new one is the one that the dead man holds', () => manager.pid() === second);
});
