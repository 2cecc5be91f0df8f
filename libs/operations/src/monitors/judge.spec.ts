import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CompiledMonitor } from './compile.js';
import { judge } from './judge.js';
import type { Judgement, Sample, SampleValue } from './result.js';
import { aMonitor, aSample, NOON_MS } from './testing/monitors.js';

const MINUTE_MS = 60_000;
const number = (value: number): SampleValue => ({ kind: 'number', number: value });
const text = (value: string): SampleValue => ({ kind: 'text', text: value });
const failure: SampleValue = { kind: 'failure', why: 'connection refused by 10.0.0.5:80' };
const told = ({ results }: Judgement) => results.map(({ priority, message }) => `${priority}: ${message}`);

/** One sample a minute, each with the state that the one before left, through JSON as the database keeps it. */
function run(monitor: CompiledMonitor, values: readonly SampleValue[]): readonly Judgement[] {
  let state: unknown = null;
  return values.map((value, at) => {
    const judgement = judge(monitor, aSample(value, NOON_MS + at * MINUTE_MS), state);
    state = JSON.parse(JSON.stringify(judgement.state));
    return judgement;
  });
}

const SNMP = { type: 'snmp-numeric', check: { oid: '1.3.6.1.2.1.2.2.1.10.3' }, itemName: 'In', unit: 'B' };
const load = (numeric: object = {}, body: object = {}) =>
  aMonitor({ ...SNMP, numeric: { info: [0, 80], warning: [80, 90], ...numeric }, ...body });

describe('a numeric monitor', () => {
  it.each([
    [7, 'info: In: 7 B'],
    [80, 'warning: In: 80 B'],
    [90, 'critical: In: 90 B'],
  ])('says of %d: %s', (value, says) => expect(told(judge(load(), aSample(number(value)), null))).toEqual([says]));
  it('tells with which id, of what and to whom', () =>
    expect(
      judge(load({}, { application: 'net', notifications: ['mail'] }), aSample(number(7), NOON_MS, 'eth0/1'), null).results,
    ).toEqual([
      {
        ...{ id: `m/web1/eth0%2F1//${NOON_MS}`, trigger: 'monitor', plugin: 'snmp-numeric', monitor: 'm', facility: 'web1' },
        ...{
          sender: null,
          item: 'eth0/1',
          sub: '',
          priority: 'info',
          application: 'net',
          message: 'In of eth0/1: 7 B',
          atMs: NOON_MS,
        },
        ...{
          original: 'value: 7\ninfo: from 0 to below 80, warning: from 80 to below 90, else critical',
          notifications: ['mail'],
        },
      },
    ]));
  it('tells a failure with its priority, and keeps what it remembered', () => {
    const monitor = load({ hysteresis: { by: 5 } }, { failurePriority: 'critical' });
    const state = judge(monitor, aSample(number(85)), null).state;
    const failed = judge(monitor, aSample(failure), state);
    expect(told(failed)).toEqual(['critical: In: connection refused by 10.0.0.5:80']);
    expect(failed.state).toBe(state);
  });
  it('writes nothing as long as it is steady', () => {
    const monitor = load({ hysteresis: { by: 5 } });
    const info = judge(monitor, aSample(number(7)), null);
    expect(info.state).toBeNull();
    const warning = judge(monitor, aSample(number(81)), null);
    expect(judge(monitor, aSample(number(82), NOON_MS + MINUTE_MS), warning.state).state).toBe(warning.state);
    expect(judge(monitor, aSample(number(7), NOON_MS + MINUTE_MS), warning.state).state).toBeNull();
  });
  it('takes a number from a text that is one, and nothing else for one', () => {
    expect(told(judge(load(), aSample(text(' 7.5 ')), null))).toEqual(['info: In: 7.5 B']);
    expect(told(judge(load(), aSample(text('7 B')), null))).toEqual(['unknown: In: what was seen is no number: 7 B']);
    expect(told(judge(load(), aSample(number(Number.NaN)), null))).toEqual(['unknown: In: what was seen is no number: NaN']);
    expect(told(judge(load(), aSample({ kind: 'truth', truth: true }), null))[0]).toMatch(/^unknown/);
  });
  it('judges and keeps the rate of a counter, from the second value on', () => {
    const values = [1_000, 61_000, 1_000].map((value): SampleValue => ({ kind: 'number', number: value, counter: 32 }));
    const seen = run(load({ delta: 'rate', info: [0, 500] }, { collect: true }), values);
    expect(seen.map(({ collected }) => collected.map(({ value }) => value))).toEqual([[], [1_000], []]);
    expect(seen.map(told)).toEqual([[], ['critical: In: 1000 B/s'], []]);
  });
  it('keeps values when it does not judge, and judges when it does not keep them', () => {
    const kept = judge(load({}, { monitor: false, collect: true }), aSample(number(99)), null);
    expect([kept.results, kept.collected]).toEqual([
      [],
      [{ monitor: 'm', facility: 'web1', item: '', atMs: NOON_MS, value: 99 }],
    ]);
    expect(judge(load(), aSample(number(99)), null).collected).toEqual([]);
    expect(judge(load({}, { collect: true }), aSample(failure), null).collected).toMatchObject([{ value: null }]);
  });
  it('says nothing when its setting is disabled', () =>
    expect(judge({ ...load({}, { collect: true }), enabled: false }, aSample(number(99)), null)).toEqual({
      state: null,
      results: [],
      collected: [],
    }));
});

describe('ping', () => {
  const ping = aMonitor({ type: 'ping', collect: true, numeric: { info: [0, 100], warning: [100, 500] } });
  const seen = (ms: number, loss: number) => judge(ping, aSample({ kind: 'number', number: ms, also: loss }), null);
  it.each([
    [5, 0, 'info: Response time: 5 ms'],
    [5, 20, 'warning: Response time: 5 ms, 20 % of the packets were lost'],
    [600, 20, 'critical: Response time: 600 ms, 20 % of the packets were lost'],
    [5, 60, 'critical: Response time: 5 ms, 60 % of the packets were lost'],
    [0, 100, 'critical: Response time: no answer, all packets were lost'],
  ])('%d ms with %d %% lost: the worse of both counts', (ms, loss, says) => expect(told(seen(ms, loss))).toEqual([says]));
  it('keeps time and loss; of no answer the loss only', () => {
    expect(seen(5, 20).collected.map(({ item, value }) => [item, value])).toEqual([
      ['', 5],
      ['loss', 20],
    ]);
    expect(seen(0, 100).collected.map(({ item, value }) => [item, value])).toEqual([
      ['', null],
      ['loss', 100],
    ]);
  });
});

describe('a change', () => {
  const change = (parts: object) =>
    load({ info: [null, null], change: { rangeM: 60, minSamples: 5, notifications: ['night'], application: 'odd', ...parts } });
  it('is judged by its own bounds once there are values enough before it, and told to its own', () => {
    const seen = run(change({ of: 'amount', info: [-10, 10], warning: [-20, 20] }), [10, 12, 8, 10, 10, 25].map(number));
    expect(seen.map(({ results }) => results.length)).toEqual([1, 1, 1, 1, 1, 2]);
    expect(seen.at(-1)!.results[1]).toMatchObject({
      ...{ trigger: 'change', sub: 'change', priority: 'warning', application: 'odd', notifications: ['night'] },
      message: 'In: 25 B is 15 B above the mean of the last 60 min, 10 B',
    });
  });
  it('in standard deviations says how unusual a value is', () => {
    const usual = [10, 12, 8, 10, 10, 12, 8];
    const last = (value: number) => run(change({}), [...usual, value].map(number)).at(-1)!.results[1]!;
    expect(last(11)).toMatchObject({ priority: 'info' });
    expect(last(6)).toMatchObject({ priority: 'warning', message: expect.stringContaining('2.65 standard deviations below') });
    expect(last(20)).toMatchObject({ priority: 'critical' });
  });
  it('of what never changed is beyond all bounds, and no change is none', () => {
    const last = (value: number) => run(change({}), [5, 5, 5, 5, 5, value].map(number)).at(-1)!.results[1]!;
    expect([last(5).priority, last(5.1).priority]).toEqual(['info', 'critical']);
  });
  it('forgets what is older than its time', () => {
    const state = run(
      change({ rangeM: 3 }),
      Array.from({ length: 10 }, (_, at) => number(at)),
    ).at(-1)!.state;
    expect(JSON.stringify(state)).toBe(
      JSON.stringify({ numeric: { window: [7, 8, 9].map((at) => [NOON_MS + at * MINUTE_MS, at]) } }),
    );
  });
  it('keeps a state of bounded size whatever the interval', () => {
    const monitor = change({ rangeM: 1_440 });
    let state: unknown = null;
    for (let at = 0; at < 600; at++) state = judge(monitor, aSample(number(at), NOON_MS + at * 300_000), state).state;
    expect(JSON.stringify(state).length).toBeLessThan(4_000);
  });
});

describe('a prediction', () => {
  const prediction = (parts: object = {}) =>
    load({ prediction: { rangeM: 60, aheadM: 30, minSamples: 5, degree: 1, notifications: ['night'], ...parts } });
  it('says where the values lead, by the same bounds', () => {
    const seen = run(prediction(), [50, 51, 52, 53, 54].map(number));
    expect(seen.map(({ results }) => results.length)).toEqual([1, 1, 1, 1, 2]);
    expect(seen.at(-1)!.results[1]).toMatchObject({
      ...{ trigger: 'prediction', sub: 'prediction', priority: 'warning', notifications: ['night'] },
      message: 'In: 84 B is to be expected in 30 min',
    });
  });
  it('follows a parabola', () => {
    const seen = run(prediction({ degree: 2, aheadM: 5 }), [0, 1, 4, 9, 16, 25].map(number));
    expect(seen.at(-1)!.results[1]).toMatchObject({ priority: 'critical', message: 'In: 100 B is to be expected in 5 min' });
  });
});

describe('a monitor of texts', () => {
  const rules = [
    { pattern: '.*maintenance.*', action: 'ignore' },
    { pattern: 'state=(?<state>\\w+).*', priority: 'warning', message: 'It is #[state] (#[1], #[other]): #[LOG_LINE]' },
    { pattern: 'state.*', enabled: false },
    { pattern: 'OK', mode: 'contains', priority: 'info' },
  ];
  const page = (body: object = {}) => aMonitor({ type: 'http-string', check: { url: 'https://web1/' }, rules, ...body });
  it('tells by the first rule that matches the whole text, a line end being a letter like any other', () => {
    const { results } = judge(page(), aSample(text('state=down\nsince noon OK')), null);
    expect(results).toMatchObject([
      { priority: 'warning', sub: '2', message: 'It is down (down, #[other]): state=down\nsince noon OK' },
    ]);
  });
  it('a rule that ignores hides the ones behind it', () =>
    expect(judge(page(), aSample(text('state=down for maintenance')), null).results).toEqual([]));
  it('a part of a text is no match of the whole, and one of its letters', () =>
    expect(told(judge(page(), aSample(text('my state=down OK')), null))).toEqual(['info: my state=down OK']));
  it('an answer that no rule foresees is a failure', () =>
    expect(told(judge(page(), aSample(text('?')), null))).toEqual(['unknown: http-string: no rule matches what was answered']));
  it('a line of a log that no rule foresees is nothing', () =>
    expect(
      judge(aMonitor({ type: 'log-file', check: { directory: '/', file: 'x' }, rules }), aSample(text('?')), null).results,
    ).toEqual([]));
  it('rules have no place of their own where they are counted together', () =>
    expect(judge(page({ acrossSubs: true }), aSample(text('OK')), null).results).toMatchObject([{ sub: '' }]));
  it('cuts what is told, and keeps the whole beside it', () => {
    const [result] = judge(page(), aSample(text(`OK${'x'.repeat(5_000)}`)), null).results;
    expect([result!.message.length, result!.message.at(-1), result!.original.length]).toEqual([1_024, '…', 5_002]);
  });
});

describe('a truth', () => {
  const agent = aMonitor({ type: 'agent-alive', truth: { false: { message: 'The agent is silent', priority: 'warning' } } });
  it.each([
    [true, 'info: Agent: yes'],
    [false, 'warning: The agent is silent'],
  ])('%s: %s', (truth, says) => expect(told(judge(agent, aSample({ kind: 'truth', truth }), null))).toEqual([says]));
});

describe('a failure that is no change of priority', () => {
  const monitor = load({}, { failureIsChange: false });
  it('is told in a place of its own, and so is its end', () => {
    const seen = run(monitor, [number(7), failure, failure, number(7), number(7)]);
    expect(seen.map(({ results }) => results.map(({ sub, priority }) => `${sub}:${priority}`))).toEqual([
      [':info'],
      ['failure:unknown'],
      ['failure:unknown'],
      ['failure:info', ':info'],
      [':info'],
    ]);
    expect(seen.at(-1)!.state).toBeNull();
  });
});

describe('what has several items and could not be had at all', () => {
  const disks = (more: object = {}) =>
    aMonitor({
      ...{ type: 'resource', check: { resource: 'filesystem.used' }, numeric: { info: [0, 80], warning: [80, 90] }, ...more },
    });
  const again = { kind: 'again' } as const;
  it('is told of, and so is its end, once', () => {
    const seen = run(disks(), [failure, failure, again, again]);
    expect(seen.map(told)).toEqual([
      ['unknown: resource: connection refused by 10.0.0.5:80'],
      ['unknown: resource: connection refused by 10.0.0.5:80'],
      ['info: resource: it can be had again'],
      [],
    ]);
    expect(seen.at(-1)!.state).toBeNull();
  });
  it('is told of apart where failures are no changes', () => {
    const seen = run(disks({ failureIsChange: false }), [failure, again, again]);
    expect(seen.map(({ results }) => results.map(({ sub, priority }) => `${sub}:${priority}`))).toEqual([
      ['failure:unknown'],
      ['failure:info'],
      [],
    ]);
  });
  it('is nothing new for what has one value: that says it by itself, and nothing is remembered', () =>
    expect(run(load(), [failure, number(7)]).map(({ state }) => state)).toEqual([null, null]));
  it('has no end before it began', () => expect(told(judge(disks(), aSample(again), null))).toEqual([]));
});

describe('an answer that is a text', () => {
  const page = (more: object = {}) =>
    aMonitor({
      ...{ type: 'http-string', check: { url: 'https://web1/' } },
      ...{ rules: [{ pattern: 'well', priority: 'info' }, { pattern: 'ill' }, { pattern: 'other', action: 'ignore' }], ...more },
    });
  const text = (said: string): SampleValue => ({ kind: 'text', text: said });
  const placed = (judged: readonly Judgement[]) =>
    judged.map(({ results }) => results.map(({ sub, priority }) => `${sub}:${priority}`));
  it('after a failure ends it in the place of the failure, whichever rule it has', () => {
    const seen = run(page(), [text('well'), failure, text('well'), text('well'), failure, text('ill'), failure, text('other')]);
    expect(placed(seen)).toEqual([
      ['1:info'],
      [':unknown'],
      [':info', '1:info'],
      ['1:info'],
      [':unknown'],
      [':info', '2:critical'],
      [':unknown'],
      [':info'],
    ]);
    expect(seen.at(-1)!.state).toBeNull();
  });
  it('that no rule foresees is told in the same place, and so is its end', () =>
    expect(placed(run(page(), [text('what?'), failure, text('well')]))).toEqual([
      [':unknown'],
      [':unknown'],
      [':info', '1:info'],
    ]));
  it('has one place for all where rules are judged together, and no end beside itself', () =>
    expect(placed(run(page({ acrossSubs: true }), [failure, text('well')]))).toEqual([[':unknown'], [':info']]));
});

describe('a scenario', () => {
  const pages = [
    { name: 'login', url: 'https://web1/login', statuses: ['200', '302-303'] },
    {
      name: 'list',
      url: 'https://web1/list',
      priority: 'warning',
      rules: [
        { pattern: '.*sold out.*', message: 'Nothing left' },
        { pattern: '.*', priority: 'info' },
      ],
    },
  ];
  const scenario = aMonitor({ type: 'http-scenario', collect: true, check: { pages, collectPages: true } });
  const page = (status: number, body = '', why: string | null = null) => ({ ms: 10, status, body, why });
  const seen = (...of: ReturnType<typeof page>[]) => judge(scenario, aSample({ kind: 'pages', pages: of }), null);
  it('is right when all pages are', () =>
    expect(told(seen(page(302), page(200, 'apples')))).toEqual(['info: Scenario: 2 pages in 20 ms']));
  it.each([
    [[page(500)], 'critical: Page 1 (login): the status is 500; 200, 302-303 would be right'],
    [[page(200), page(200, 'sold out')], 'critical: Page 2 (list): Nothing left'],
    [[page(200), page(404)], 'warning: Page 2 (list): the status is 404; 200-399 would be right'],
    [[page(200), page(0, '', 'connection refused')], 'unknown: Page 2 (list): connection refused'],
    [[page(200)], 'unknown: Scenario: only 1 of 2 pages were fetched'],
  ])('is not with %j', (of, says) => expect(told(seen(...of))).toEqual([says]));
  it('keeps the time of all and of each; of one that was wrong not that of all', () => {
    expect(seen(page(200), page(200)).collected.map(({ item, value }) => [item, value])).toEqual([
      ['', 20],
      ['login', 10],
      ['list', 10],
    ]);
    expect(seen(page(500)).collected.map(({ item, value }) => [item, value])).toEqual([
      ['', null],
      ['login', 10],
    ]);
  });
});

describe('a correlation', () => {
  const check = { first: { monitor: 'a' }, second: { monitor: 'b' } };
  const monitor = aMonitor({ type: 'correlation', check, numeric: { info: [0.5, 2], warning: [0, 0.5] } });
  const series = (values: readonly (number | null)[], shiftMs = 0) =>
    values.map((value, at) => [NOON_MS + at * MINUTE_MS + shiftMs, value] as const);
  const seen = (first: readonly (number | null)[], second: readonly (number | null)[], shiftMs = 0) =>
    told(judge(monitor, aSample({ kind: 'series', first: series(first), second: series(second, shiftMs) }), null));
  it.each([
    [[1, 2, 3, 4, 5], [2, 4, 6, 8, 10], 'info: Correlation: 1'],
    [[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], 'critical: Correlation: -1'],
    [[1, 2, null, 3, 4, 5], [1, 2, 9, 3, 4, 5], 'info: Correlation: 1'],
    [
      [1e12, 1e12 + 40, 1e12 + 80, 1e12 + 120, 1e12 + 160],
      [1.8e9, 1.8e9 - 1, 1.8e9 - 2, 1.8e9 - 3, 1.8e9 - 4],
      'critical: Correlation: -1',
    ],
    [[1e300, -1e300, 1e300, -1e300, 1e300], [1, 0, 1, 0, 1], 'info: Correlation: 1'],
    [
      [1, 2, 3, 4, 5],
      [0.3, 0.1 + 0.2, 0.3, 0.1 + 0.2, 0.3],
      'unknown: Correlation: one of the two has always had the same value',
    ],
    [[1, 2, 3, 4, 5], [7, 7, 7, 7, 7], 'unknown: Correlation: one of the two has always had the same value'],
    [[1, 2, 3, 4], [1, 2, 3, 4], 'unknown: Correlation: only 4 values of both are there at the same time; 5 are needed'],
  ])('of %j and %j', (first, second, says) => expect(seen(first, second)).toEqual([says]));
  it('pairs values that were measured nearly at the same time', () =>
    expect(seen([1, 2, 3, 4, 5], [2, 4, 6, 8, 10], 25_000)).toEqual(['info: Correlation: 1']));
});

describe('every monitor', () => {
  const monitors = [
    load({ hysteresis: { by: 5 }, delta: 'rate', change: {}, prediction: { degree: 3 } }),
    aMonitor({ type: 'ping' }),
    aMonitor({ type: 'http-string', check: { url: 'https://web1/' }, rules: [{ pattern: 'a+' }], failureIsChange: false }),
    aMonitor({
      type: 'integration',
      check: { ordered: true, conditions: [{ monitor: 'a', is: { by: 'number', operator: '>', than: 0 } }] },
    }),
    aMonitor({ type: 'http-scenario', check: { pages: [{ name: 'x', url: 'https://web1/' }] } }),
    aMonitor({
      type: 'correlation',
      check: { first: { monitor: 'a' }, second: { monitor: 'b' } },
      numeric: { info: [0, 1], warning: [1, 2] },
    }),
    aMonitor({ type: 'syslog', rules: [{ pattern: 'a', where: { facilities: ['auth'] } }] }),
    aMonitor({ type: 'log-count', check: { of: 'm' }, numeric: { info: [0, 1], warning: [1, 2], delta: 'difference' } }),
  ];
  // JSON has no -0.
  const anyNumber = fc.oneof(fc.double(), fc.integer()).map((number) => number + 0);
  const point = fc.tuple(fc.integer(), fc.option(anyNumber));
  const value: fc.Arbitrary<SampleValue> = fc.oneof(
    fc.record({ kind: fc.constant('number' as const), number: anyNumber }),
    fc.record({
      kind: fc.constant('number' as const),
      number: anyNumber,
      also: fc.integer({ min: 0, max: 100 }),
      counter: fc.constantFrom(32 as const, 64 as const),
    }),
    fc.record({ kind: fc.constant('text' as const), text: fc.string() }),
    fc.record({ kind: fc.constant('truth' as const), truth: fc.boolean() }),
    fc.record({ kind: fc.constant('failure' as const), why: fc.string() }),
    fc.constant({ kind: 'again' as const }),
    fc.record({ kind: fc.constant('counted' as const), began: fc.option(fc.constantFrom('j:1', 'j:2')), total: fc.nat() }),
    fc.record({
      kind: fc.constant('pages' as const),
      pages: fc.array(fc.record({ ms: anyNumber, status: fc.nat(999), body: fc.string(), why: fc.option(fc.string()) })),
    }),
    fc.record({ kind: fc.constant('series' as const), first: fc.array(point), second: fc.array(point) }),
    fc.record({
      kind: fc.constant('newest' as const),
      values: fc.array(
        fc.option(
          fc.record({
            atMs: fc.integer(),
            number: fc.option(anyNumber),
            text: fc.option(fc.string()),
            priority: fc.constant(null),
          }),
        ),
      ),
    }),
  );
  it('judges whatever is seen with whatever it remembers, the same each time, and leaves a state that JSON keeps', () =>
    fc.assert(
      fc.property(
        fc.constantFrom(...monitors),
        fc.array(fc.tuple(value, fc.integer({ min: -1_000, max: 10_000_000 })), { minLength: 1, maxLength: 20 }),
        fc.jsonValue(),
        (monitor, values, begin) => {
          let state: unknown = JSON.parse(JSON.stringify(begin));
          let atMs = NOON_MS;
          for (const [seen, stepMs] of values) {
            atMs += stepMs;
            const sample: Sample = aSample(seen, atMs);
            const judgement = judge(monitor, sample, state);
            expect(judge(monitor, sample, state)).toEqual(judgement);
            expect(JSON.parse(JSON.stringify(judgement.state))).toEqual(judgement.state);
            expect(new Set(judgement.results.map(({ id }) => id)).size).toBe(judgement.results.length);
            state = judgement.state;
          }
        },
      ),
    ));
});
