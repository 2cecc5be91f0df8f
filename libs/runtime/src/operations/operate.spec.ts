import {
  beginEscalation,
  compileMonitor,
  type EscalationMemory,
  judge,
  NEVER,
  type Result,
  type Sample,
  type SampleValue,
} from '@yosugara/operations';
import { MonitorBodySchema, type NotificationBody } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { Memories } from './memories.js';
import { operate } from './operate.js';
import { countingRules, EVENTS } from './testing/operations.js';

const NOTHING = { monitors: [], notifications: [] };
const sample = (origin: string, monitor = 'ping') => ({
  ...{ origin, monitor, facility: 'web1', sender: null, item: '', atMs: 1, value: { kind: 'number', number: 1 } as const },
});
const internal = (id: string): Result => ({
  ...{ id, trigger: 'internal', plugin: 'internal', monitor: 'INTERNAL', facility: 'INTERNAL', sender: null, item: '', sub: id },
  ...{ priority: 'warning', application: '', message: 'the disk is nearly full', original: '', atMs: 1, notifications: [] },
});

describe('what follows from samples', () => {
  it('are results, told and remembered, and what changed of the memories only', () => {
    const memories = new Memories(NOTHING);
    const batch = operate(countingRules(), { samples: [sample('1'), sample('2')] }, memories, 0);
    expect(batch.events.map(({ told }) => told.id)).toEqual(['ping/web1///1/events', 'ping/web1///2/events']);
    expect(batch.monitorMemory).toEqual([{ monitor: 'ping', facility: 'web1', item: '', state: { count: 2 } }]);
    expect(batch.notifyMemory.map(({ sub, toldPriority }) => [sub, toldPriority])).toEqual([
      ['1', 'critical'],
      ['2', 'critical'],
    ]);
    const again = operate(countingRules(), { samples: [] }, memories, 0);
    expect([again.monitorMemory, again.notifyMemory]).toEqual([[], []]);
  });
  it('is the same whatever was asked of it before with the same memories', () => {
    const make = () => operate(countingRules(), { samples: [sample('1'), sample('2')] }, new Memories(NOTHING), 5);
    expect(make()).toEqual(make());
  });
  it('are lines that somebody counts, where their monitor makes something of them', () => {
    const rules = countingRules({
      judge: (sample, state) => {
        const judged = countingRules().judge(sample, state)!;
        return sample.origin === '2' ? { ...judged, results: [] } : judged;
      },
      countedIn: ({ monitor, facility, origin }, line) => [
        { monitor: 'count', facility, of: monitor, origin, by: null, group: line === null ? '' : line.text },
      ],
    });
    const memories = new Memories(NOTHING);
    const { monitorMemory } = operate(rules, { samples: [sample('1'), sample('2'), sample('3')] }, memories, 0);
    expect(monitorMemory.find(({ monitor }) => monitor === 'count')).toEqual({
      ...{ monitor: 'count', facility: 'web1/lines', item: 'ping', state: { began: '1', by: null, totals: [['', 2]] } },
    });
  });
  it('is the end of a failure of all of it, once, where items of it are seen again', () => {
    const body = { type: 'resource', facility: 'web1', check: { resource: 'filesystem.used' } };
    const numeric = { info: [0, 80], warning: [80, 90] };
    const monitor = compileMonitor(
      {
        ...{ id: 'disks', enabled: true },
        body: MonitorBodySchema.parse({ ...body, numeric, notifications: [EVENTS.id] }),
      },
      { compile: () => ({ match: () => [], at: () => NEVER, problems: [] }) },
    );
    const rules = countingRules({ judge: (sample, state) => judge(monitor, sample, state) });
    const memories = new Memories(NOTHING);
    const at = (origin: string, item: string, value: SampleValue = { kind: 'number', number: 7 }) => ({
      ...{ ...sample(origin, 'disks'), item, value },
    });
    const gone: SampleValue = { kind: 'failure', why: 'timed out' };
    const resultsOf = (...samples: readonly Sample[]) =>
      operate(rules, { samples }, memories, 0).results.map(({ item, priority }) => `${item} ${priority}`);
    expect(resultsOf(at('1', '/'), at('1', '/home'))).toEqual(['/ info', '/home info']);
    expect(resultsOf(at('2', '', gone))).toEqual([' unknown']);
    // A part of a look that failed all the same is no end.
    expect(resultsOf(at('3', '/'), at('3', '', gone))).toEqual(['/ info', ' unknown']);
    expect(resultsOf(at('4', '/'), at('4', '/home'), at('5', '/'))).toEqual([' info', '/ info', '/home info', '/ info']);
  });
  it('is nothing where nobody asks for such samples any more', () => {
    const batch = operate(countingRules({ judge: () => null }), { samples: [sample('1')] }, new Memories(NOTHING), 0);
    expect([batch.events, batch.monitorMemory]).toEqual([[], []]);
  });
  it('is an event of ourselves where a monitor cannot judge, and what it remembers stays', () => {
    const broken = countingRules({
      judge: () => {
        throw new Error('no such group');
      },
    });
    const batch = operate(broken, { samples: [sample('1'), sample('2')] }, new Memories(NOTHING), 61_000);
    expect(new Set(batch.events.map(({ told }) => told.id)).size).toBe(1);
    expect(batch.events[0]?.told.result).toMatchObject({
      priority: 'unknown',
      message: 'The monitor ping could not judge what it saw: no such group',
    });
    expect(batch.monitorMemory).toEqual([]);
  });
  it('is an event of each result of ourselves, and what the notifications make of it that it names', () => {
    const results = [internal('1'), { ...internal('2'), priority: 'critical', notifications: [EVENTS.id, 'nobody'] } as const];
    const { events } = operate(countingRules(), { samples: [], results }, new Memories(NOTHING), 0);
    expect(events.map(({ told }) => told.id)).toEqual(['1/INTERNAL', '2/INTERNAL', `2/${EVENTS.id}`]);
  });
  it('is told at once where somebody tries a notification out, and nothing is remembered of it', () => {
    const rules = countingRules({ notification: () => ({ ...EVENTS, enabled: false }), calendarOpen: () => false });
    const result = { ...internal('TEST/events/1'), trigger: 'test' as const, notifications: ['events'] };
    const { events, notifyMemory } = operate(rules, { samples: [], results: [result] }, new Memories(NOTHING), 1);
    expect([events.map(({ told }) => [told.id, told.why]), notifyMemory]).toEqual([[['TEST/events/1/events', 'tested']], []]);
  });
  it('is an event of ourselves where somebody cannot be told', () => {
    const broken = countingRules({
      event: (told) => {
        if (told.result.trigger === 'monitor') throw new Error('no path');
        return { told, state: 'unconfirmed', scope: '' };
      },
    });
    const { events } = operate(broken, { samples: [sample('1')] }, new Memories(NOTHING), 0);
    expect(events.map(({ told }) => told.result.message)).toEqual(['The monitor ping could not be told of: seen: no path']);
  });
  it('tells results of ourselves that name nobody as events', () => {
    const { events } = operate(countingRules(), { samples: [], results: [internal('disk')] }, new Memories(NOTHING), 0);
    expect(events.map(({ told }) => [told.id, told.notification])).toEqual([['disk/INTERNAL', 'INTERNAL']]);
  });
  it('is one event where there are masses of the same, which says how many', () => {
    const same = Array.from({ length: 100 }, (_, at) => ({ ...internal('disk'), id: `disk${at}` }));
    const { events, folds } = operate(countingRules(), { samples: [], results: same }, new Memories(NOTHING), 0);
    expect(events).toHaveLength(21);
    expect(folds?.at(-1)).toEqual({ into: 'disk20/INTERNAL', count: 80, atMs: 1 });
  });
  it.each([[['events', 'chain']], [['chain', 'events']]])(
    'of a storm escalates until the one event is confirmed: %j',
    (notifications) => {
      const chain = { ...EVENTS, id: 'chain', body: { ...EVENTS.body, kind: 'escalation' } as unknown as NotificationBody };
      const rules = countingRules({
        notification: (id) => (id === 'chain' ? chain : EVENTS),
        outbox: (told) => ({ told, payload: { kind: 'escalation', memory: beginEscalation(0) }, dueAtMs: 0, untilMs: 1 }),
      });
      const results = Array.from({ length: 23 }, (_, at) => ({
        ...{
          ...internal('disk'),
          id: `disk${at}`,
          trigger: 'monitor' as const,
          plugin: 'syslog',
          priority: 'critical' as const,
          notifications,
        },
      }));
      const { outbox } = operate(rules, { samples: [], results }, new Memories(NOTHING), 0);
      const standing = outbox.map(({ payload }) => (payload as { memory: EscalationMemory }).memory.into ?? null);
      expect(standing).toEqual([...Array.from({ length: 21 }, () => null), ['disk20/events'], ['disk20/events']]);
    },
  );
});

const STATUSES = {
  ...EVENTS,
  id: 'statuses',
  body: { ...EVENTS.body, kind: 'status', priorities: { critical: {}, info: {} } } as unknown as NotificationBody,
};

describe('silence of what lies behind another node', () => {
  const behind: Readonly<Record<string, readonly string[]>> = { web1: ['switch'] };
  const reach = {
    behind: (node: string) => behind[node] ?? [],
    isWatched: () => true,
    isReachability: (monitor: string) => monitor === 'ping',
  };
  const look = (facility: string, second: number, answers = false) => ({
    ...{ origin: String(second), monitor: 'ping', facility, sender: null, item: '', atMs: second * 1_000 },
    value: answers ? ({ kind: 'number', number: 1 } as const) : ({ kind: 'failure', why: 'no answer' } as const),
  });
  const rules = countingRules({
    notification: (id) => (id === 'events' ? EVENTS : STATUSES),
    judge: (sample, state) => {
      const judged = countingRules().judge(sample, state)!;
      const priority = sample.value.kind === 'failure' ? 'critical' : 'info';
      return {
        ...judged,
        results: judged.results.map((result) => ({ ...result, sub: '', priority, notifications: ['events', 'statuses'] })),
      };
    },
  });
  const run = (memories: Memories, second: number, ...samples: ReturnType<typeof look>[]) =>
    operate(rules, { samples, reach }, memories, second * 1_000);

  it('is held, and is nobody’s news when the switch turns out to be silent: a status says why', () => {
    const memories = new Memories(NOTHING);
    const first = run(memories, 10, look('web1', 10));
    expect([first.events, first.statuses, first.results]).toEqual([[], [], []]);
    expect(first.monitorMemory.map(({ monitor, item }) => `${monitor}${item.split(' ')[0]}`)).toEqual(['ping', 'down', 'held']);
    const second = run(memories, 20, look('switch', 20));
    expect(second.events.map(({ told }) => told.result.facility)).toEqual(['switch']);
    expect(second.statuses.map(({ told }) => [told.result.facility, told.why])).toEqual([
      ['switch', 'first'],
      ['web1', 'suppressed'],
    ]);
    expect(second.statuses[1]!.told.result.message).toBe(
      'no answer (nobody is told: it lies behind switch, which does not answer)',
    );
    expect(run(memories, 30, look('web1', 30)).statuses).toEqual([]);
    const after = run(memories, 70, look('switch', 70, true), look('web1', 70, true));
    expect(after.statuses.map(({ told }) => [told.result.facility, told.result.priority, told.why])).toEqual([
      ['switch', 'info', 'changed'],
      ['web1', 'info', 'changed'],
    ]);
  });
  it('is told when the switch answers after it', () => {
    const memories = new Memories(NOTHING);
    run(memories, 10, look('web1', 10));
    expect(run(memories, 20, look('switch', 20, true)).events.map(({ told }) => told.result.atMs)).toEqual([10_000]);
  });
  it('is held over a take-over, and told in the end', () => {
    const rows = run(new Memories(NOTHING), 10, look('web1', 10)).monitorMemory;
    const next = new Memories({ monitors: JSON.parse(JSON.stringify(rows)), notifications: [] });
    expect([next.reachability.isDue(99_999), next.reachability.isDue(100_000)]).toEqual([false, true]);
    const batch = run(next, 100);
    expect(batch.events.map(({ told }) => told.result.facility)).toEqual(['web1']);
    expect(batch.monitorMemory).toEqual([{ monitor: '', facility: '', item: expect.stringMatching(/^held /), state: null }]);
  });
  it('of lines nothing is held', () => {
    const { events } = operate(rules, { samples: [look('web1', 10)] }, new Memories(NOTHING), 10_000);
    expect(events).toHaveLength(1);
  });
});
