import { expect, it } from 'vitest';
import { ApiError, isOfTakeOver, UnreachableError } from './client.js';
import { untilDone } from './commands.js';

const soon = { patienceMs: 200, againMs: 1 };
/** Answers as the next one says, and notes the keys. */
function aManager(...says: (Error | string)[]) {
  const keys: (string | undefined)[] = [];
  const sendOnce = async (headers: Readonly<Record<string, string>>) => {
    keys.push(headers['idempotency-key']);
    const said = says[Math.min(keys.length, says.length) - 1]!;
    if (said instanceof Error) throw said;
    return said;
  };
  return { keys, sendOnce };
}
const notActive = new ApiError(503, 'NOT_ACTIVE', 'ask the other one');

it('a command goes on over a take-over, under one key', async () => {
  const cut = new UnreachableError('/x', null);
  const { keys, sendOnce } = aManager(cut, notActive, new ApiError(409, 'COMMAND_UNDER_WAY', 'ask again'), 'done');
  expect(await untilDone('wish', sendOnce, isOfTakeOver, undefined, soon)).toBe('done');
  expect([keys.length, new Set(keys).size]).toEqual([4, 1]);
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
});
it('another one has another key', async () => {
  const { keys, sendOnce } = aManager('done');
  await untilDone('wish', sendOnce, isOfTakeOver, undefined, soon);
  await untilDone('wish', sendOnce, isOfTakeOver, undefined, soon);
  expect(new Set(keys).size).toBe(2);
});
it('what the manager refused is not asked again, and patience ends', async () => {
  const refused = aManager(new ApiError(409, 'REFUSED', 'it is held'), 'done');
  await expect(untilDone('refused', refused.sendOnce, isOfTakeOver, undefined, soon)).rejects.toMatchObject({ code: 'REFUSED' });
  const failed = aManager(new ApiError(500, 'INTERNAL', 'its log says why'), 'done');
  await expect(untilDone('failed', failed.sendOnce, isOfTakeOver, undefined, soon)).rejects.toMatchObject({ code: 'INTERNAL' });
  const never = aManager(notActive);
  await expect(untilDone('never', never.sendOnce, isOfTakeOver, undefined, { patienceMs: 300, againMs: 5 })).rejects.toBe(
    notActive,
  );
  expect(never.keys.length).toBeGreaterThan(1);
  const stopped = aManager(notActive, 'done');
  await expect(untilDone('stopped', stopped.sendOnce, isOfTakeOver, AbortSignal.abort(), soon)).rejects.toBe(notActive);
});
it('whoever was never answered and asks for the same has the same key, until there is an answer', async () => {
  const briefly = { patienceMs: 5, againMs: 10 };
  const { keys, sendOnce } = aManager(notActive, notActive, 'done', 'done');
  await expect(untilDone('restart of one', sendOnce, isOfTakeOver, undefined, briefly)).rejects.toBe(notActive);
  await expect(untilDone('restart of another', sendOnce, isOfTakeOver, undefined, briefly)).rejects.toBe(notActive);
  expect(await untilDone('restart of one', sendOnce, isOfTakeOver, undefined, briefly)).toBe('done');
  expect(await untilDone('restart of one', sendOnce, isOfTakeOver, undefined, briefly)).toBe('done');
  expect([keys[2] === keys[0], keys[1] === keys[0], keys[3] === keys[0]]).toEqual([true, false, false]);
});
it('pressed twice while the first is under way it is one command', async () => {
  const keys: (string | undefined)[] = [];
  const sendOnce = async (headers: Readonly<Record<string, string>>) => void keys.push(headers['idempotency-key']);
  await Promise.all([1, 2].map(() => untilDone('pressed', sendOnce, isOfTakeOver, undefined, soon)));
  expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
});
