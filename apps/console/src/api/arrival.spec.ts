import { expect, it } from 'vitest';
import { type ArrivalPorts, arrived } from './arrival.js';

const NEVER = new Promise<never>(() => undefined);

/** Time goes on only where something waits; `press` is the button. */
function aBrowser({ servedFromMs = 0, reloadedAtMs = null as number | null, pressAtMs = Number.POSITIVE_INFINITY } = {}) {
  let nowMs = 100_000;
  const begunMs = nowMs;
  const reloads: number[] = [];
  let last = reloadedAtMs === null ? null : begunMs + reloadedAtMs;
  const ports: ArrivalPorts = {
    isServed: async () => nowMs - begunMs >= servedFromMs,
    reload: () => {
      reloads.push(nowMs - begunMs);
      last = nowMs;
    },
    lastReloadAtMs: () => last,
    nowMs: () => nowMs,
    pause: async (ms) => {
      const isPressed = nowMs - begunMs < pressAtMs && nowMs - begunMs + ms >= pressAtMs;
      nowMs += isPressed ? pressAtMs - (nowMs - begunMs) : ms;
      return isPressed;
    },
    after: async (ms) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      nowMs += ms;
      return null;
    },
  };
  /** Fails so often, then it is there. */
  const failing = (times: number) => {
    let tries = 0;
    return async () => {
      tries += 1;
      if (tries <= times) throw new TypeError('Failed to fetch dynamically imported module');
      return 'page';
    };
  };
  return { ports, reloads, failing };
}

it('what comes is there, and nothing is loaded anew', async () => {
  const { ports, reloads, failing } = aBrowser();
  expect([await arrived(failing(0), ports), reloads]).toEqual(['page', []]);
});
it('a file that did not come while nobody served is asked for again until it comes, and the document stays', async () => {
  const { ports, reloads, failing } = aBrowser({ servedFromMs: 60_000 });
  expect([await arrived(failing(7), ports), reloads]).toEqual(['page', []]);
});
it('where the browser keeps in mind that it failed, a new document is loaded once somebody serves, and not again and again', async () => {
  const { ports, reloads, failing } = aBrowser({ servedFromMs: 5_000 });
  await arrived(failing(14), ports);
  expect(reloads).toEqual([5_750]);
});
it('a request that hangs does not hold it up', async () => {
  const { ports, reloads } = aBrowser();
  let tries = 0;
  await arrived(async () => (++tries === 1 ? await NEVER : 'page'), ports);
  expect(reloads).toEqual([10_000]);
});
it('whoever presses the button has it loaded anew at once, even just after another time', async () => {
  const { ports, reloads, failing } = aBrowser({ reloadedAtMs: -1_000, pressAtMs: 1_000 });
  await arrived(failing(4), ports);
  expect(reloads).toEqual([1_000]);
});
