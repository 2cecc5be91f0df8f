import { epoch, SILENT_LOG } from '@yosugara/kernel';
import { newestDueMs, scheduleOf } from '@yosugara/operations';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { until } from '../ingest/testing/memory.js';
import type { AskedLook, LookSeen } from './asked-looks.js';
import { MonitorLoop, type MonitorPermit } from './monitor-loop.js';
import type { Probe, ProbeAnswer } from './probe-port.js';
import { countingRules, MemoryStore, taskOf } from './testing/operations.js';

const loops: MonitorLoop[] = [];
// As in monitor-loop.spec.ts: time stands still while anything is done, and goes on to the next timer when nothing is.
beforeEach(() => void vi.useFakeTimers().setTimerTickMode('nextTimerAsync'));
afterEach(async () => {
  for (const loop of loops.splice(0)) await loop.stop();
  vi.useRealTimers();
});
const clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };
const PERMIT: MonitorPermit = { epoch: epoch(1), leaseUntilMs: Number.POSITIVE_INFINITY };
const HOUR_MS = 3_600_000;

/** A monitor whose next look by the schedule is far away, unless the spec says otherwise. */
async function begin({ store = new MemoryStore(), intervalMs = HOUR_MS, isOutOfWatch = false, answers = 0 } = {}) {
  let permit: MonitorPermit | null = PERMIT;
  let asked = 0;
  let answer: (() => void) | null = null;
  const probe: Probe = {
    ...{ types: ['ping'], concurrency: 10, close: async () => undefined },
    run: async (_, __, signal): Promise<readonly ProbeAnswer[]> => {
      asked++;
      if (asked > answers)
        await new Promise<void>((resolve, reject) => {
          answer = resolve;
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        });
      return [{ item: '', value: { kind: 'number', number: asked } }];
    },
  };
  const rules = countingRules({ tasks: () => [taskOf('web1', { intervalMs })], isOutOfWatch: () => isOutOfWatch });
  const loop = new MonitorLoop({
    ...{ store, probes: [probe], ready: async () => undefined, rules: () => rules, permit: () => permit },
    ...{ clock, log: SILENT_LOG },
  });
  loops.push(loop);
  loop.start();
  await until(() => loop.stats().tasks > 0 && store.done.length > 0);
  return {
    ...{ store, loop, asked: () => asked },
    answer: () => answer?.(),
    end: () => {
      permit = null;
      loop.poke();
    },
  };
}
const seenOf = async (look: AskedLook | null): Promise<LookSeen> => {
  if (look?.kind !== 'looks') throw new Error(`not looked: ${JSON.stringify(look)}`);
  return await look.seen;
};

describe('a look that somebody asks for', () => {
  it('is stored and told as any look, and is none of the schedule', async () => {
    const { store, loop } = await begin({ answers: 9 });
    const ticks = store.done.length;
    const { seen, results } = await seenOf(loop.look('ping', 'web1'));
    expect(seen).toEqual([{ item: '', value: { kind: 'number', number: 1 } }]);
    expect(results).toMatchObject([{ monitor: 'ping', facility: 'web1', priority: 'critical' }]);
    expect([...store.events]).toEqual([[expect.stringMatching(/^ping\/web1\/\/\/asked-\d+\/events$/), 1]]);
    expect(store.monitors.get('ping web1 ')?.state).toEqual({ count: 1 });
    expect(store.done).toHaveLength(ticks);
    expect(loop.stats()).toMatchObject({ skipped: 0, late: 0 });
  });
  it('is answered by the one that is under way, by however many it is asked', async () => {
    const { store, loop, asked, answer } = await begin();
    const looks = [loop.look('ping', 'web1'), loop.look('ping', 'web1')].map(seenOf);
    await until(() => asked() === 1);
    looks.push(seenOf(loop.look('ping', 'web1')));
    answer();
    const [first, ...others] = await Promise.all(looks);
    for (const other of others) expect(other).toEqual(first);
    expect([asked(), store.events.size]).toEqual([1, 1]);
  });
  it('holds up no tick that becomes due meanwhile: it follows, once', async () => {
    const { store, loop, answer, asked } = await begin({ intervalMs: 2_000 });
    const [known] = store.done;
    const look = seenOf(loop.look('ping', 'web1'));
    await until(() => asked() === 1);
    await until(() => newestDueMs(scheduleOf('ping', 'web1', 2_000), Date.now()) > known!.dueAtMs);
    answer();
    await look;
    await until(() => asked() === 2);
    answer();
    await until(() => store.done.length === 2);
    expect(store.done[1]).toMatchObject({ dueAtMs: known!.dueAtMs + 2_000, skipped: 0 });
  });
  it('is refused where nobody looks, and where a maintenance window keeps everybody from looking', async () => {
    const { loop } = await begin();
    expect([loop.look('ping', 'other'), loop.look('other', 'web1')]).toEqual([{ kind: 'unknown' }, { kind: 'unknown' }]);
    expect((await begin({ isOutOfWatch: true })).loop.look('ping', 'web1')).toEqual({ kind: 'closed' });
  });
  it('ends with an error when this node serves no longer, and stores nothing', async () => {
    const { store, loop, asked, end } = await begin();
    const look = seenOf(loop.look('ping', 'web1'));
    await until(() => asked() === 1);
    end();
    await expect(look).rejects.toMatchObject({ code: 'NOT_SERVING' });
    expect(store.events.size).toBe(0);
    await until(() => loop.look('ping', 'web1') === null);
  });
});
