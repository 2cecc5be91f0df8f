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
  expect(await untilDone(sendOnce, isOfTakeOver, undefined, soon)).toBe('done');
  expect([keys.length, new Set(keys).size]).toEqual([4, 1]);
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
});
it('another one has another key', async () => {
  const { keys, sendOnce } = aManager('done');
  await untilDone(sendOnce, isOfTakeOver, undefined, soon);
  await untilDone(sendOnce, isOfTakeOver, undefined, soon);
  expect(new Set(keys).size).toBe(2);
});
it('what the manager refused is not asked again, and patience ends', async () => {
  const refused = aManager(new ApiError(409, 'REFUSED', 'it is held'), 'done');
  await expect(untilDone(refused.sendOnce, isOfTakeOver, undefined, soon)).rejects.toMatchObject({ code: 'REFUSED' });
  const failed = aManager(new ApiError(500, 'INTERNAL', 'its log says why'), 'done');
  await expect(untilDone(failed.sendOnce, isOfTakeOver, undefined, soon)).rejects.toMatchObject({ code: 'INTERNAL' });
  const never = aManager(notActive);
  await expect(untilDone(never.sendOnce, isOfTakeOver, undefined, { patienceMs: 300, againMs: 5 })).rejects.toBe(notActive);
  expect(never.keys.length).toBeGreaterThan(1);
  const stopped = aManager(notActive, 'done');
  await expect(untilDone(stopped.sendOnce, isOfTakeOver, AbortSignal.abort(), soon)).rejects.toBe(notActive);
});
