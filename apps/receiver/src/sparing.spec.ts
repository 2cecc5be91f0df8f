import { until } from '@yosugara/testkit';
import { expect, it } from 'vitest';
import { Sparing, type Summed } from './sparing.js';

it('says the first at once, those behind it in one line with the last word, and after a time in silence the first at once again', async () => {
  const said: Summed[] = [];
  const sparing = new Sparing((summed) => void said.push(summed), 100);
  for (const why of ['one', 'two', 'three', 'four']) sparing.happened(why);
  expect(said).toEqual([{ why: 'one', times: 1 }]);
  await until(() => said.length === 2);
  expect(said[1]).toEqual({ why: 'four', times: 3 });
  sparing.stop();
  sparing.happened('five');
  expect(said[2]).toEqual({ why: 'five', times: 1 });
  sparing.stop();
});

it('says the rest when it is stopped, and nothing where there is none', () => {
  const said: Summed[] = [];
  const sparing = new Sparing((summed) => void said.push(summed), 3_600_000);
  sparing.stop();
  for (const why of ['one', 'two']) sparing.happened(why);
  sparing.stop();
  sparing.stop();
  expect(said).toEqual([
    { why: 'one', times: 1 },
    { why: 'two', times: 1 },
  ]);
});
