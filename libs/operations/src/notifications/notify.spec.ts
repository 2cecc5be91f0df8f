import { PRIORITIES, type Priority } from '@yosugara/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Circumstances, type NotificationSetting, type NotifyMemory, notify, notifyKeyOf, type Told } from './index.js';
import { RULES } from './rules.js';
import { notification, result } from './testing/samples.js';

const T0 = 1_763_000_000_000;
const MINUTE_MS = 60_000;
const at = (nowMs = T0, change: Partial<Circumstances> = {}): Circumstances => ({ nowMs, calendarOpen: () => true, ...change });

/** Results one after the other. @returns for each why it was told, or '-'. */
function told(
  setting: NotificationSetting,
  priorities: readonly Priority[],
  when: (place: number) => Circumstances = (place) => at(T0 + place * MINUTE_MS),
): string[] {
  let memory: NotifyMemory | null = null;
  return priorities.map((priority, place) => {
    const now = notify(setting, result({ priority }), memory, when(place));
    memory = now.memory;
    return now.told?.why ?? '-';
  });
}

describe('the first result', () => {
  it('is told', () => expect(told(notification(), ['critical'])).toEqual(['first']));
  it('is told when it was seen as often in a row as the notification asks for', () => {
    expect(told(notification({ initialCount: 3 }), ['critical', 'critical', 'critical', 'critical'])).toEqual([
      '-',
      '-',
      'first',
      '-',
    ]);
    expect(told(notification({ initialCount: 2 }), ['critical', 'info', 'critical', 'critical'])).toEqual([
      '-',
      '-',
      '-',
      'first',
    ]);
  });
  it('is only remembered just after enabling, when nothing shall be told then; a change after it is told', () => {
    expect(told(notification({ firstDelay: true }), ['critical', 'critical', 'info', 'critical'])).toEqual([
      '-',
      '-',
      'changed',
      'changed',
    ]);
  });
  it('is told at once when something else was seen before, also when that was not told', () => {
    const setting = notification({ firstDelay: true, priorities: { critical: {} } });
    expect(told(setting, ['info', 'critical'])).toEqual(['-', 'changed']);
  });
});

describe('another priority than was told last', () => {
  it('is told at once, whatever is said of telling again', () => {
    expect(told(notification({ renotify: { when: 'never' } }), ['info', 'warning', 'critical', 'info'])).toEqual([
      'first',
      'changed',
      'changed',
      'changed',
    ]);
  });
  it('says which it was before', () => {
    const first = notify(notification(), result({ priority: 'warning' }), null, at());
    const second = notify(notification(), result({ priority: 'critical' }), first.memory, at());
    expect([first.told?.before, second.told?.before]).toEqual([null, 'warning']);
  });
  it('waits for its count', () =>
    expect(told(notification({ initialCount: 2 }), ['info', 'info', 'critical', 'critical'])).toEqual([
      '-',
      'first',
      '-',
      'changed',
    ]));
});

describe('the same priority', () => {
  it('is told never again, each time, or after some minutes', () => {
    const four: readonly Priority[] = ['critical', 'critical', 'critical', 'critical'];
    expect(told(notification({ renotify: { when: 'never' } }), four)).toEqual(['first', '-', '-', '-']);
    expect(told(notification({ renotify: { when: 'always' } }), four)).toEqual(['first', 'again', 'again', 'again']);
    expect(told(notification({ renotify: { when: 'every', minutes: 2 } }), [...four, 'critical'])).toEqual([
      'first',
      '-',
      'again',
      '-',
      'again',
    ]);
  });
  it.each([
    ['one ms too early', 2 * MINUTE_MS - 1, '-'],
    ['at the minute', 2 * MINUTE_MS, 'again'],
    ['by a clock that is a little behind', -1_000, '-'],
    ['by a clock that was set back by an hour', -60 * MINUTE_MS, 'again'],
  ])('%s', (_, afterMs, expected) => {
    const setting = notification({ renotify: { when: 'every', minutes: 2 } });
    expect(told(setting, ['critical', 'critical'], (place) => at(place === 0 ? T0 : T0 + afterMs))).toEqual(['first', expected]);
  });
  it('after one that is switched off is no news, unless the notification is verbose', () => {
    const priorities = { critical: {} };
    expect(told(notification({ priorities }), ['critical', 'info', 'critical'])).toEqual(['first', '-', '-']);
    expect(told(notification({ priorities, verbose: true }), ['critical', 'info', 'critical'])).toEqual([
      'first',
      '-',
      'changed',
    ]);
  });
});

describe('nobody is told', () => {
  const closed = (place: number) => at(T0, { calendarOpen: () => place > 1 });
  const suppressed = (place: number) => at(T0, { suppressedBy: () => (place > 1 ? null : 'the switch sw1 is down') });
  const event = { ...notification(), body: { ...notification().body, kind: 'event' } as NotificationSetting['body'] };
  it.each([
    ['while the calendar is closed', closed],
    ['while a maintenance window or a dead switch keeps it quiet', suppressed],
  ])('%s; what is new by then is told afterwards', (_, when) =>
    expect(told(event, ['critical', 'critical', 'critical', 'critical'], when)).toEqual(['-', '-', 'first', '-']),
  );
  it('but a status is kept with a mark, once for each priority, and what comes afterwards takes the mark away', () => {
    expect(told(notification(), ['critical', 'critical', 'critical', 'critical'], suppressed)).toEqual([
      'suppressed',
      '-',
      'changed',
      '-',
    ]);
    const back = (place: number) => at(T0, { suppressedBy: () => (place === 0 || place > 2 ? null : 'the switch sw1 is down') });
    expect(told(notification(), ['info', 'critical', 'info', 'info', 'info'], back)).toEqual([
      'first',
      'suppressed',
      'suppressed',
      'changed',
      '-',
    ]);
    const marked = notify(notification(), result({ priority: 'critical', message: 'no answer' }), null, suppressed(0));
    expect(marked.told?.result.message).toBe('no answer (nobody is told: the switch sw1 is down)');
  });
  it('by a disabled notification; once enabled, what comes next is the first', () => {
    const first = notify(notification(), result(), null, at());
    const off = notify(notification({}, { enabled: false }), result(), first.memory, at());
    expect(off).toMatchObject({ told: null, memory: { count: 0, toldPriority: null, toldAtMs: null } });
    expect(notify(notification({}, { enabled: false }), result(), off.memory, at()).memory).toBe(off.memory);
    expect(notify(notification({}, { enabled: false }), result(), null, at()).memory).toBeNull();
    expect(notify(notification(), result(), off.memory, at()).told?.why).toBe('first');
  });
  it('is not even asked of the calendar when the priority is switched off', () => {
    const calendarOpen = () => {
      throw new Error('asked');
    };
    expect(notify(notification({ priorities: {} }), result(), null, at(T0, { calendarOpen })).told).toBeNull();
  });
});

it('tells when it cannot be worked out whether to', () => {
  const calendarOpen = () => {
    throw new Error('the calendar has no 30 February');
  };
  const memory = notify(notification(), result(), null, at()).memory;
  const failed = notify(notification(), result(), memory, at(T0, { calendarOpen }));
  expect(failed).toMatchObject({ told: { why: 'failed open', id: 'ping/web1///1000/n' } });
  expect(failed.memory).toBe(memory);
  expect(failed.why).toContain('30 February');
});

it('counts the rules of a log together when asked to', () => {
  const one = result({ sub: '1' });
  expect(notifyKeyOf(notification(), one).sub).toBe('1');
  expect(notifyKeyOf(notification({ acrossSubs: true }), one)).toEqual(
    notifyKeyOf(notification({ acrossSubs: true }), result({ sub: '2' })),
  );
});

it('changes nothing in a steady state', () => {
  for (const when of ['never', 'always'] as const) {
    const setting = notification({ initialCount: 3, renotify: { when } });
    let memory: NotifyMemory | null = null;
    for (let n = 0; n < 3; n++) memory = notify(setting, result(), memory, at(T0 + n)).memory;
    for (let n = 3; n < 10; n++) expect(notify(setting, result(), memory, at(T0 + n)).memory).toBe(memory);
  }
});

it('has one rule at least that decides each case, and a reason for each', () => {
  expect(RULES.at(-1)?.holds({} as never)).toBe(true);
  expect(new Set(RULES.map(({ why }) => why)).size).toBe(RULES.length);
});

describe('whatever comes', () => {
  const settings = fc
    .record({
      initialCount: fc.integer({ min: 1, max: 4 }),
      firstDelay: fc.boolean(),
      verbose: fc.boolean(),
      renotify: fc.constantFrom({ when: 'never' }, { when: 'always' }, { when: 'every', minutes: 3 }),
      priorities: fc.subarray([...PRIORITIES]).map((on) => Object.fromEntries(on.map((priority) => [priority, {}]))),
    })
    .map((body) => notification(body));
  const steps = fc.array(
    fc.record({
      priority: fc.constantFrom(...PRIORITIES),
      afterMs: fc.integer({ min: 0, max: 2 * MINUTE_MS }),
      open: fc.boolean(),
      enabled: fc.boolean(),
    }),
    { maxLength: 40 },
  );
  interface Step {
    readonly priority: Priority;
    readonly afterMs: number;
    readonly open: boolean;
    readonly enabled: boolean;
  }
  /** @param load what becomes of the memory between two results. */
  function run(setting: NotificationSetting, all: readonly Step[], load: (memory: NotifyMemory | null) => NotifyMemory | null) {
    let memory: NotifyMemory | null = null;
    let nowMs = T0;
    return all.map((step, place) => {
      nowMs += step.afterMs;
      const one = result({ priority: step.priority, id: `r${place}` });
      const before = load(memory);
      const now = notify({ ...setting, enabled: step.enabled }, one, before, at(nowMs, { calendarOpen: () => step.open }));
      memory = now.memory;
      return { ...now, before, step, nowMs };
    });
  }
  const keep = (memory: NotifyMemory | null) => memory;

  it('tells the same when the memory was written and read again in between, as in a take-over', () =>
    fc.assert(
      fc.property(settings, steps, (setting, all) => {
        const reload = (memory: NotifyMemory | null) =>
          memory === null ? null : (JSON.parse(JSON.stringify(memory)) as NotifyMemory);
        const toldOf = (each: { readonly told: Told | null }) => each.told;
        expect(run(setting, all, reload).map(toldOf)).toEqual(run(setting, all, keep).map(toldOf));
      }),
    ));
  it('tells again never sooner than it says, and the same priority never when it says so', () =>
    fc.assert(
      fc.property(settings, steps, (setting, all) => {
        let lastMs = Number.NEGATIVE_INFINITY;
        for (const { told: one, nowMs } of run(setting, all, keep)) {
          if (one === null) continue;
          if (one.why === 'again' && setting.body.renotify.when === 'every')
            expect(nowMs - lastMs).toBeGreaterThanOrEqual(3 * MINUTE_MS);
          expect(one.why === 'again' && setting.body.renotify.when === 'never').toBe(false);
          lastMs = nowMs;
        }
      }),
    ));
  it('tells a change that was seen often enough, when its priority is switched on and nothing forbids it', () =>
    fc.assert(
      fc.property(settings, steps, (setting, all) => {
        for (const { told: one, before, memory, step } of run(setting, all, keep)) {
          const last = before?.toldPriority ?? null;
          if (!step.enabled || !step.open || last === null || last === step.priority) continue;
          if (setting.body.priorities[step.priority] === undefined || (memory?.count ?? 0) < setting.body.initialCount) continue;
          expect(one?.why).toBe('changed');
        }
      }),
    ));
  it('tells nothing that is switched off, disabled or outside the calendar, and never counts beyond what matters', () =>
    fc.assert(
      fc.property(settings, steps, (setting, all) => {
        for (const { told: one, memory, step } of run(setting, all, keep)) {
          expect(memory?.count ?? 0).toBeLessThanOrEqual(setting.body.initialCount);
          if (one === null) continue;
          expect([step.enabled, step.open, setting.body.priorities[step.priority] !== undefined]).toEqual([true, true, true]);
        }
      }),
    ));
});
