import { SILENT_LOG } from '@yosugara/kernel';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { buildChildPrograms } from '../testing/build.js';
import { CLOCK, eventually, Testbed } from '../testing/testbed.js';
import { createPostgresHost } from './host.js';

let bed: Testbed;
beforeAll(buildChildPrograms);
beforeEach(async () => {
  bed = await Testbed.open();
});
afterEach(() => bed.close());

it('while a change of Master waits for it, PostgreSQL is looked at more often', async () => {
  const { config, deadMan } = await bed.primary();
  // Calm, it looks again after an hour: whatever looks come here come because of the hurry.
  const calm = createPostgresHost({ config, deadMan, log: SILENT_LOG, clock: CLOCK, probeMs: 3_600_000 });
  bed.onClose(() => calm.close());
  let looks = 0;
  calm.onFacts(() => looks++);
  await eventually('the first look', () => looks > 0);
  calm.hurry?.(true);
  await eventually('many more', () => looks > 10);
  calm.hurry?.(false);
  // One may be under way, and the next one already due.
  const most = looks + 2;
  await expect(eventually('more than were under way', () => looks > most, 1_000)).rejects.toThrow('not within');
});
