import { nodeId } from '@yosugara/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import type { FencePort, FenceResult } from '../ports/fencing.js';
import { FenceHand } from './fence-hand.js';
import type { ControllerInput } from './types.js';

const a = nodeId('a');
const b = nodeId('b');
type Health = Extract<ControllerInput, { kind: 'fenceHealth' }>['health'];
const off: FenceResult = { power: 'off', method: 'fence_spec', evidence: 'read back off', tookMs: 3 };
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const open: FenceHand[] = [];

function handOf(port: Partial<FencePort>): { hand: FenceHand; health: Health[] } {
  const health: Health[] = [];
  const whole: FencePort = {
    targets: [a, b],
    off: async () => off,
    on: async () => ({ ...off, power: 'on' }),
    check: async (target) => ({ target, healthy: true, offMs: 2_000, atMs: -1, says: 'on' }),
    close: async () => undefined,
    ...port,
  };
  const clock = { monotonicMs: () => 42, wallMs: () => 0 };
  const hand = new FenceHand(whole, a, { clock, log: quiet }, (input) => void health.push(input.health));
  open.push(hand);
  return { hand, health };
}
afterEach(async () => {
  for (const hand of open.splice(0)) await hand.stop();
});
const order = { kind: 'fence.off', target: b, requestId: 'f1' } as const;

describe('an order to a power device', () => {
  it('has succeeded when off was read back', async () =>
    expect(await handOf({}).hand.order(order)).toEqual({ ok: true, method: 'fence_spec', evidence: 'read back off' }));
  it.each<[string, FenceResult['power'], string]>([
    ['still on', 'on', 'FENCE_FAILED'],
    ['nobody knows', 'unknown', 'FENCE_UNKNOWN'],
  ])('has failed when it is %s', async (_, power, code) => {
    const { hand } = handOf({ off: async () => ({ ...off, power, evidence: 'no answer' }) });
    expect(await hand.order(order)).toEqual({ ok: false, code, message: 'fence_spec: no answer' });
  });
  it('has failed when the port throws', async () => {
    const { hand } = handOf({ off: async () => Promise.reject(new Error('no such program')) });
    expect(await hand.order(order)).toMatchObject({
      ok: false,
      code: 'FENCE_FAILED',
      message: expect.stringContaining('no such program'),
    });
  });
  it('is not given for the node itself', async () =>
    expect(await handOf({}).hand.order({ ...order, target: a })).toMatchObject({ ok: false, code: 'FENCE_NO_DEVICE' }));
  it('on has succeeded when on was read back', async () =>
    expect(await handOf({}).hand.order({ kind: 'fence.on', target: b })).toMatchObject({ ok: true }));
  it('that is called off tells the port, and is no success', async () => {
    const { hand } = handOf({
      off: (_, options) =>
        new Promise((resolve) => {
          options!.signal!.addEventListener('abort', () => resolve({ ...off, power: 'unknown', evidence: 'called off' }));
        }),
    });
    const ordered = hand.order(order);
    hand.callOff('the epoch is over');
    expect(await ordered).toMatchObject({ ok: false, code: 'FENCE_UNKNOWN' });
  });
});

describe('the health of power devices', () => {
  it('is asked at the start, of every node but this one, and dated by our clock', async () => {
    const { hand, health } = handOf({});
    hand.start(60_000);
    await expect.poll(() => health).toEqual([{ target: b, healthy: true, offMs: 2_000, atMs: 42, says: 'on' }]);
  });
  it('is bad when the check itself breaks', async () => {
    const { hand, health } = handOf({ check: async () => Promise.reject(new Error('login failed')) });
    hand.start(60_000);
    await expect.poll(() => health).toMatchObject([{ target: b, healthy: false, says: expect.stringContaining('login failed') }]);
  });
  it('is asked again and again, and no more after the end', async () => {
    const { hand, health } = handOf({});
    hand.start(5);
    await expect.poll(() => health.length).toBeGreaterThan(2);
    await hand.stop();
    const asked = health.length;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(health.length).toBeLessThanOrEqual(asked + 1);
  });
});
