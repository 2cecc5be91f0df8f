import { expect, it } from 'vitest';
import { looked } from './look.js';
import { Turns } from './turns.js';

const never = new AbortController().signal;

it('so many are at once with one partner, others do not wait for it, and whoever gives up is passed over', async () => {
  const turns = new Turns(2);
  const log: string[] = [];
  const ends = new Map<string, () => void>();
  const start = async (name: string, partner: string, deadlineMs = 20_000) =>
    await looked(deadlineMs, never, async (look) => {
      look.doing = name;
      return await turns.take(look, partner, async () => {
        log.push(name);
        await look.wait(new Promise<void>((resolve) => ends.set(name, resolve)));
        return [];
      });
    });
  const all = [start('a', 'x'), start('b', 'x')];
  const late = start('late', 'x', 30);
  all.push(start('c', 'x'), start('other', 'y'));
  expect(await late).toEqual([{ item: '', value: { kind: 'failure', why: 'late: no answer within 30 ms' } }]);
  expect(log).toEqual(['a', 'b', 'other']);
  ends.get('a')!();
  await expect.poll(() => log).toEqual(['a', 'b', 'other', 'c']);
  for (const name of ['b', 'c', 'other']) ends.get(name)!();
  expect(await Promise.all(all)).toEqual([[], [], [], []]);
  // Nothing is left over: the next two go at once.
  const again = [start('d', 'x'), start('e', 'x')];
  await expect.poll(() => log.slice(4)).toEqual(['d', 'e']);
  for (const name of ['d', 'e']) ends.get(name)!();
  await Promise.all(again);
});
