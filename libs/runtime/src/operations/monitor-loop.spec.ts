import { epoch, SILENT_LOG } from '@yosugara/kernel';
import { newestDueMs, type Result, scheduleOf } from '@yosugara/operations';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StaleEpochError } from '../ingest/index.js';
import { until } from '../ingest/testing/memory.js';
import { MonitorLoop, type MonitorLoopOptions, type MonitorPermit } from './monitor-loop.js';
import type { Probe, ProbeAnswer, ProbeRequest } from './probe-port.js';
import { countingRules, MemoryStore, taskOf } from './testing/operations.js';

const loops: MonitorLoop[] = [];
// Ticks are a second apart: time stands still while anything is done, and goes on to the next timer when nothing is.
beforeEach(() => void vi.useFakeTimers().setTimerTickMode('nextTimerAsync'));
afterEach(async () => {
  for (const loop of loops.splice(0)) await loop.stop();
  vi.useRealTimers();
});
const PERMIT: MonitorPermit = { epoch: epoch(1), leaseUntilMs: Number.POSITIVE_INFINITY };
const clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };
const GOOD: readonly ProbeAnswer[] = [{ item: '', value: { kind: 'number', number: 1 } }];

class FakeProbe implements Probe {
  readonly types = ['ping'];
  readonly concurrency: number;
  readonly asked: ProbeRequest[] = [];
  running = 0;
  most = 0;
  aborted = 0;
  #answer: (request: ProbeRequest) => Promise<readonly ProbeAnswer[]>;

  constructor(answer: (request: ProbeRequest) => Promise<readonly ProbeAnswer[]> = async () => GOOD, concurrency = 10) {
    this.#answer = answer;
    this.concurrency = concurrency;
  }
  async run(request: ProbeRequest, _deadlineMs: number, signal: AbortSignal): Promise<readonly ProbeAnswer[]> {
    this.asked.push(request);
    this.most = Math.max(this.most, ++this.running);
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => {
        this.aborted++;
        reject(new Error('aborted'));
      });
    });
    try {
      return await Promise.race([this.#answer(request), aborted]);
    } finally {
      this.running--;
    }
  }
  async close(): Promise<void> {}
}

function begin(change: Partial<MonitorLoopOptions> & { readonly store?: MemoryStore; readonly probe?: FakeProbe } = {}) {
  const { store = new MemoryStore(), probe = new FakeProbe(), ...rest } = change;
  const rules = countingRules({ tasks: () => [taskOf('web1'), taskOf('web2')] });
  const loop = new MonitorLoop({
    ...{ store, probes: [probe], ready: async () => undefined, rules: () => rules, permit: () => PERMIT, clock, log: SILENT_LOG },
    ...rest,
  });
  loops.push(loop);
  loop.start();
  return { store, probe, loop };
}
/** With the ticks that are of nobody, since the monitors are new, left out. */
const ran = (store: MemoryStore, facility: string) =>
  store.done
    .filter((tick) => tick.facility === facility)
    .map(({ dueAtMs }) => dueAtMs)
    .slice(1);

describe('monitors that are looked at', () => {
  it('are looked at when they are due, each tick once, and what follows is stored with its tick', async () => {
    const { store } = begin();
    await until(() => ran(store, 'web1').length >= 3);
    const done = store.done.filter(({ facility }) => facility === 'web1').slice(1);
    const ticks = done.map(({ dueAtMs }) => dueAtMs);
    // None but such as a machine that stood still has missed, and those are counted.
    expect(done.every(({ dueAtMs, skipped }, at) => at === 0 || dueAtMs - ticks[at - 1]! === 1_000 * (skipped + 1))).toBe(true);
    expect(ticks.every((at) => at === newestDueMs(scheduleOf('ping', 'web1', 1_000), at))).toBe(true);
    expect([...store.events.keys()]).toEqual(expect.arrayContaining(ticks.map((at) => `ping/web1///${at}/events`)));
    expect([...store.events.values()].every((times) => times === 1)).toBe(true);
  });
  it.each([
    ['refused', 'refuse'],
    ['stored and the answer lost', 'store and lose the answer'],
  ] as const)('have no tick twice and none without its results when batches are %s', async (_, what) => {
    const store = new MemoryStore();
    store.next = ['store', what, 'store', what, what];
    begin({ store });
    await until(() => ran(store, 'web1').length >= 4 && ran(store, 'web2').length >= 4);
    for (const facility of ['web1', 'web2']) {
      const ticks = ran(store, facility);
      expect(new Set(ticks).size).toBe(ticks.length);
      // What the memory counted is what was done, whatever was thrown away.
      expect(store.monitors.get(`ping ${facility} `)?.state).toEqual({ count: ticks.length });
    }
    expect(store.loads).toBeGreaterThan(2);
  });
  it('go on after a take-over with the tick that is due, and count those before it as skipped', async () => {
    const store = new MemoryStore();
    const doneMs = newestDueMs(scheduleOf('ping', 'web1', 1_000), Date.now()) - 10_000;
    store.ticks.set('ping web1', { monitor: 'ping', facility: 'web1', dueAtMs: doneMs, skipped: 0 });
    const rules = countingRules({ tasks: () => [taskOf('web1')] });
    begin({ store, rules: () => rules });
    await until(() => store.done.length > 0);
    const [first] = store.done;
    expect(first!.dueAtMs).toBe(doneMs + (first!.skipped + 1) * 1_000);
    expect(first!.skipped).toBeGreaterThanOrEqual(9);
    expect([...store.events.keys()].some((id) => id.startsWith('INTERNAL/ticks_skipped/1/'))).toBe(true);
  });
  it('go on with what was held when another one was the owner, and tell it when its time is over', async () => {
    const store = new MemoryStore();
    const judged = countingRules().judge(
      {
        ...{ origin: '1', monitor: 'ping', facility: 'web1', sender: null, item: '', atMs: 1 },
        value: { kind: 'failure', why: 'no answer' },
      },
      null,
    )!;
    const probed = { result: judged.results[0]!, reachability: false, silent: true };
    const state = { kind: 'held', probed, untilMs: Date.now() - 1 };
    store.monitors.set('  held', { monitor: '', facility: '', item: `held ${probed.result.id}`, state });
    const reach = { behind: () => ['switch'], isWatched: () => true, isReachability: () => false };
    const rules = countingRules({ reach });
    begin({ store, rules: () => rules });
    await until(() => store.events.size > 0);
    expect([...store.events.keys()]).toEqual(['ping/web1///1/events']);
    expect(store.monitors.get(`  held ${probed.result.id}`)?.state).toBeNull();
  });
  it('tell once that a maintenance window is about to end, late when nobody was there to', async () => {
    const dueMs = Date.now() - 60_000;
    const ending = {
      id: 'maintenance/disks/7',
      window: 'disks',
      facilities: ['web1'],
      reason: 'new disks',
      endsAtMs: 7,
      message: 'it ends',
    };
    const rules = countingRules({
      endingWindows: (afterMs, throughMs) => (afterMs < dueMs && dueMs <= throughMs ? [ending] : []),
    });
    const { store, loop } = begin({ rules: () => rules });
    await until(() => store.events.size > 0);
    await loop.stop();
    expect([...store.events]).toEqual([['maintenance/disks/7/INTERNAL', 1]]);
  });
  it('find what the look before left for them, in the database of whoever took over, too', async () => {
    const store = new MemoryStore();
    const found: unknown[] = [];
    const probe = new FakeProbe(async ({ facility, memory }) => {
      if (facility !== 'web1') return GOOD;
      found.push(memory!.stored);
      memory!.keep({ looks: found.length });
      return GOOD;
    });
    const { loop } = begin({ store, probe });
    await until(() => found.length >= 2 && ran(store, 'web1').length >= 2);
    await loop.stop();
    const [left] = [...store.monitors.values()].filter(({ facility }) => facility === 'web1/probe');
    expect([found[0], found[1], left?.monitor]).toEqual([null, { looks: 1 }, 'ping']);
    const before = found.length;
    begin({ store, probe });
    await until(() => found.length > before);
    expect(found[before]).toEqual(left!.state);
    expect([...store.monitors.values()].some(({ facility }) => facility === 'web2/probe')).toBe(false);
  });
  it('begin with their next tick when they are new', async () => {
    const { store, probe } = begin();
    const beganMs = Date.now();
    await until(() => probe.asked.length > 0);
    expect(probe.asked.every(({ dueAtMs }) => dueAtMs > beganMs - 1_000)).toBe(true);
    expect(store.done.filter(({ skipped }) => skipped > 0)).toEqual([]);
  });
  it('run as many at once as their probe bears', async () => {
    const waiting: (() => void)[] = [];
    const probe = new FakeProbe(async () => await new Promise((resolve) => waiting.push(() => resolve(GOOD))), 3);
    const tasks = Array.from({ length: 9 }, (_, at) => taskOf(`n${at}`));
    const rules = countingRules({ tasks: () => tasks });
    const { store, loop } = begin({ probe, rules: () => rules });
    await until(() => loop.stats().waiting > 0 && loop.stats().running === 3);
    while (store.events.size < 9) {
      for (const go of waiting.splice(0)) go();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(probe.most).toBe(3);
  });
  it('are thrown away when the permit ends, and their ticks are not done', async () => {
    let permit: MonitorPermit | null = PERMIT;
    const probe = new FakeProbe(async () => await new Promise<never>(() => undefined));
    const { store } = begin({ probe, permit: () => permit });
    await until(() => probe.running === 2);
    permit = null;
    await until(() => probe.aborted === 2);
    expect(ran(store, 'web1')).toEqual([]);
    expect(store.events.size).toBe(0);
  });
  it('are not looked at near the end of the lease', async () => {
    const { probe } = begin({ permit: () => ({ ...PERMIT, leaseUntilMs: performance.now() + 100 }) });
    const beganMs = performance.now();
    await until(() => performance.now() - beganMs > 1_300);
    expect(probe.asked).toEqual([]);
  });
  it('have a failure as their answer when the probe does not come back', async () => {
    const probe = new FakeProbe(async () => {
      throw new Error('no such socket');
    });
    const { store } = begin({ probe });
    await until(() => store.events.size > 0);
    expect(store.events.size).toBeGreaterThan(0);
  });
  it('are not looked at while their calendar is closed, and nothing of that counts as skipped', async () => {
    const rules = countingRules({ tasks: () => [taskOf('web1', { calendar: 'night' })], calendarOpen: (id) => id === null });
    const { store, probe } = begin({ rules: () => rules });
    await until(() => store.done.length >= 3);
    expect(probe.asked).toEqual([]);
    expect(store.done.every(({ skipped }) => skipped === 0)).toBe(true);
  });
  it('are not looked at in a maintenance window that keeps monitors from looking, elsewhere they are, and nothing counts as skipped', async () => {
    const rules = countingRules({
      tasks: () => [taskOf('web1'), taskOf('web2')],
      isOutOfWatch: (facility) => facility === 'web1',
    });
    const { store, probe } = begin({ rules: () => rules });
    await until(() => ran(store, 'web1').length >= 2 && ran(store, 'web2').length >= 2);
    expect(new Set(probe.asked.map(({ facility }) => facility))).toEqual(new Set(['web2']));
    expect(store.done.every(({ skipped }) => skipped === 0)).toBe(true);
    expect(store.monitors.has('ping web1 ')).toBe(false);
  });
  it('follow the settings', async () => {
    let rules = countingRules({ tasks: () => [taskOf('web1')] });
    const { store, probe } = begin({ rules: () => rules });
    await until(() => ran(store, 'web1').length > 0);
    rules = countingRules({ version: 2, tasks: () => [taskOf('web2')] });
    await until(() => ran(store, 'web2').length > 1);
    expect(probe.asked.at(-1)?.facility).toBe('web2');
  });
});

describe('a loop that looks at monitors', () => {
  const told: Result = {
    ...{
      id: 'OUTBOX/1',
      trigger: 'internal',
      plugin: 'outbox',
      monitor: 'OUTBOX',
      facility: 'INTERNAL',
      sender: null,
      item: '',
      sub: '',
    },
    ...{ priority: 'warning', application: '', message: 'given up', original: '', atMs: 1, notifications: [] },
  };
  it('stores what others tell, once, and says when it is stored', async () => {
    const store = new MemoryStore();
    store.next = ['refuse', 'store and lose the answer'];
    const { loop } = begin({ store });
    await loop.tell(told);
    expect(store.events.has('OUTBOX/1/INTERNAL')).toBe(true);
  });
  it('says when the database belongs to a younger epoch', async () => {
    const stale: StaleEpochError[] = [];
    const store = new MemoryStore();
    store.storeOperations = async () => {
      throw new StaleEpochError(1, 2);
    };
    begin({ store, onStale: (error) => stale.push(error) });
    await until(() => stale.length > 0);
  });
  // How soon: permitted-loop.spec.ts, where time is simulated.
  it('stops though the database hangs for ever, and whoever waits is told', async () => {
    const store = new MemoryStore();
    store.next = Array.from({ length: 99 }, () => 'hang' as const);
    const { loop } = begin({ store });
    const telling = loop.tell(told).catch((error: Error) => error.message);
    await until(() => store.batches > 0);
    await loop.stop();
    expect(await telling).toBe('the loop that stores it has ended');
  });
});
