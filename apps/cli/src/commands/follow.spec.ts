import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Controllers, RefusedError } from '../control/client.js';
import { sent } from './follow.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Refuses with that until so many ms have passed. */
function refusing(message: string, forMs: number): Controllers {
  const fromMs = performance.now();
  const command = async () => {
    if (performance.now() - fromMs < forMs) throw new RefusedError('REFUSED', message);
    return { message: 'accepted' };
  };
  return { command } as unknown as Controllers;
}

async function outcomeOf(controllers: Controllers): Promise<unknown> {
  const outcome = sent(controllers, { method: 'recover' }).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(60_000);
  return await outcome;
}

describe('what is asked of the controllers', () => {
  it.each([
    'no answer in time; ask again',
    'the leader did not answer in time; ask again',
    'busy with another change; ask again',
  ])('is asked again as long as a take-over may last while the answer is "%s"', async (message) => {
    expect(await outcomeOf(refusing(message, 25_000))).toEqual({ message: 'accepted' });
    expect(await outcomeOf(refusing(message, 45_000))).toMatchObject({ message });
  });

  it('is asked again for ten seconds while somebody must do something first', async () => {
    const message = 'a is not heard: switch it on, see that its controller runs, and ask again';
    expect(await outcomeOf(refusing(message, 8_000))).toEqual({ message: 'accepted' });
    expect(await outcomeOf(refusing(message, 15_000))).toMatchObject({ message });
  });

  it('is not asked again where it was refused', async () => {
    expect(await outcomeOf(refusing('b is the Master: it is not out', 300))).toBeInstanceOf(RefusedError);
  });
});
