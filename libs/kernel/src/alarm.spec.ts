import { expect, it } from 'vitest';
import { Alarm } from './alarm.js';

const now = () => performance.now();
/** Every timer rings early by this clock. */
const slow = () => performance.now() / 3;

it('never rings before its moment, however early the timer of the system rings', async () => {
  const atMs = slow() + 20;
  const rangMs = await new Promise<number>((resolve) => new Alarm(slow, () => resolve(slow())).set(atMs));
  expect(rangMs).toBeGreaterThanOrEqual(atMs);
});

it('rings at once for a moment that has passed, once, and for the newest moment only', async () => {
  const rings: string[] = [];
  const alarm = new Alarm(now, () => rings.push('ring'));
  alarm.set(now() + 3_600_000);
  alarm.set(now() - 1);
  await new Promise<void>((resolve) => new Alarm(now, resolve).set(now() + 20));
  expect(rings).toEqual(['ring']);
});

it('does not ring once it is cleared, nor at once for a moment beyond what a timer can count', async () => {
  const rings: string[] = [];
  const cleared = new Alarm(now, () => rings.push('cleared'));
  cleared.set(now() + 5);
  cleared.clear();
  const far = new Alarm(now, () => rings.push('far'));
  far.set(now() + 2 ** 40);
  await new Promise<void>((resolve) => new Alarm(now, resolve).set(now() + 20));
  far.clear();
  expect(rings).toEqual([]);
});
