import { epoch } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import type { HookPort } from '../ports/fencing.js';
import { HookHand, hookIsOver } from './hook-hand.js';
import { a, b, MiniCluster } from './testing/mini-cluster.js';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const after = { kind: 'hook.run', which: 'after', epoch: epoch(5) } as const;
const before = { ...after, which: 'before' } as const;

/** Programs that end when they are called off only. */
const hanging: HookPort = {
  before: async (_, options) => ({ passed: false, says: await calledOff(options?.signal) }),
  after: async (_, options) => ({ ok: false, says: await calledOff(options?.signal) }),
};
const calledOff = async (signal: AbortSignal | undefined): Promise<string> =>
  await new Promise((resolve) => signal?.addEventListener('abort', () => resolve(`killed: ${signal.reason}`)));

describe('a hook', () => {
  const port: HookPort = {
    before: async () => ({ passed: false, says: 'the storage team works here' }),
    after: async () => ({ ok: false, says: 'no such route' }),
  };
  it('that refuses says so', async () => {
    const hand = new HookHand(port, quiet);
    await expect(hand.run(before)).rejects.toMatchObject({ code: 'HOOK_VETO', message: 'the storage team works here' });
    await expect(hand.run(after)).rejects.toMatchObject({ code: 'HOOK_FAILED', message: 'no such route' });
  });
  it('that is not configured is missed', async () =>
    await expect(new HookHand(undefined, quiet).run(after)).rejects.toMatchObject({ code: 'HOOK_MISSING' }));
  it.each([before, after])('%o that is called off is ended, and has neither let pass nor refused', async (action) => {
    const hand = new HookHand(hanging, quiet);
    const run = hand.run(action);
    hand.callOff('its epoch is over');
    await expect(run).rejects.toMatchObject({ code: 'HOOK_CALLED_OFF', message: 'killed: its epoch is over' });
  });
  it('that has ended cannot be called off any more', async () => {
    const hand = new HookHand({ ...port, after: async () => ({ ok: true, says: 'route moved' }) }, quiet);
    await hand.run(after);
    hand.callOff('its epoch is over');
    await expect(hand.run(after)).resolves.toBeUndefined();
  });
});

describe('the epoch of a hook that hangs', () => {
  const serving = (): MiniCluster => {
    const cluster = new MiniCluster({ hooks: { beforePromotion: false, afterPromotion: true } });
    cluster.hungHooks.add(a);
    cluster.until('a serves, and its hook runs', () => cluster.serves(a) && cluster.state(a).busy.has('hook'));
    return cluster;
  };
  it('lasts as long as its node serves', () => {
    const cluster = serving();
    cluster.pass(5_000);
    expect(hookIsOver(cluster.state(a))).toBe(false);
  });
  it('is over before its lease is, though nobody is heard who could say that another one took over', () => {
    const cluster = serving();
    const { leaseOwnMs } = cluster.state(a).config.settings.timings;
    cluster.cut = true;
    expect(cluster.until('it is over', () => hookIsOver(cluster.state(a)))).toBeLessThan(leaseOwnMs);
  });
  it('is over when the dead man struck', () => {
    const cluster = serving();
    const struck = cluster.state(a).record.epoch;
    cluster.push(a, (nowMs) => ({ kind: 'struck', epoch: struck, nowMs }));
    expect(hookIsOver(cluster.state(a))).toBe(true);
  });
  it('is over before the node that takes its place runs its own', () => {
    const cluster = serving();
    cluster.until('both are in step', () => cluster.state(a).record.syncSet.length === 2);
    cluster.ask(a, { kind: 'switchover', to: b });
    cluster.until('b runs its hook, or a’s is over', () => cluster.state(b).busy.has('hook') || hookIsOver(cluster.state(a)));
    expect(hookIsOver(cluster.state(a))).toBe(true);
  });
  it('has its hook asked anew when it was called off and the epoch is its node’s after all', () => {
    const cluster = serving();
    const { epoch: now } = cluster.state(a).record;
    const result = { ok: false, code: 'HOOK_CALLED_OFF', message: 'killed' } as const;
    const action = { ...after, epoch: now };
    cluster.push(a, (nowMs) => ({ kind: 'done', resource: 'hook', action, result, nowMs }));
    cluster.until('it is asked again', () => cluster.state(a).busy.has('hook') && cluster.state(a).record.epoch === now, 5_000);
  });
});
