import { expect, it } from 'vitest';
import { SafeAnswers } from './safe-answers.js';

const given: string[] = [];
let safe = 0;
const answers = new SafeAnswers({ safeSeq: () => safe, maxWaiting: 3 });
const ask = (seq: number, name = String(seq)) => answers.whenSafe(seq, () => given.push(name));

it('an answer is given when its record is safe, in the order of the journal, once', () => {
  for (const seq of [1, 2, 3]) ask(seq);
  expect([answers.waiting, answers.isFull, given]).toEqual([3, true, []]);
  safe = 2;
  answers.release();
  answers.release();
  expect(given).toEqual(['1', '2']);
  ask(2, 'again 2');
  expect(given).toEqual(['1', '2']);
  safe = 3;
  answers.release();
  expect(given).toEqual(['1', '2', '3', 'again 2']);
  ask(3, 'at once');
  expect([given.at(-1), answers.waiting]).toEqual(['at once', 0]);
});

it('whoever asks again is answered instead of before, and whoever is gone is not', () => {
  given.length = 0;
  ask(4, 'first');
  ask(4, 'second');
  ask(5, 'gone');
  answers.forget(5);
  safe = 9;
  answers.release();
  expect(given).toEqual(['second']);
});

it('tells once who found it full that it is not any more, whether an answer was given or nobody waits for it', async () => {
  let through = 0;
  const full = new SafeAnswers({ safeSeq: () => through, maxWaiting: 2 });
  for (const seq of [1, 2]) full.whenSafe(seq, () => undefined);
  const told: string[] = [];
  full.whenRoom(() => told.push('answered'));
  full.whenRoom(() => told.push('taken back'))();
  full.release();
  through = 1;
  full.release();
  await new Promise(setImmediate);
  expect([told, full.isFull]).toEqual([['answered'], false]);
  full.whenSafe(3, () => undefined);
  full.whenRoom(() => told.push('forgotten'));
  full.forget(3);
  await new Promise(setImmediate);
  expect(told).toEqual(['answered', 'forgotten']);
});
