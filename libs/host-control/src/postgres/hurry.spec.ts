import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { buildChildPrograms } from '../testing/build.js';
import { CLOCK, Testbed } from '../testing/testbed.js';

let bed: Testbed;
beforeAll(buildChildPrograms);
beforeEach(async () => {
  bed = await Testbed.open();
});
afterEach(() => bed.close());

// One slow look on a busy host says nothing: one of a few tries shows it.
it('while a change of Master waits for it, PostgreSQL is looked at more often', { retry: 3 }, async () => {
  const node = await bed.primary();
  const looks = (count: number) =>
    new Promise<number>((resolve) => {
      const sinceMs = CLOCK.monotonicMs();
      let seen = 0;
      node.postgres.onFacts(() => {
        seen++;
        if (seen === count) resolve(CLOCK.monotonicMs() - sinceMs);
      });
    });
  const calmMs = await looks(5);
  node.postgres.hurry?.(true);
  const hurriedMs = await looks(5);
  node.postgres.hurry?.(false);
  const calmAgainMs = await looks(5);
  expect(hurriedMs).toBeLessThan(calmMs);
  expect(hurriedMs).toBeLessThan(calmAgainMs);
});
