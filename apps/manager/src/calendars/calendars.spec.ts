import 'reflect-metadata';
import { CalendarMomentSchema, CalendarViewSchema } from '@yosugara/protocol';
import { freePort, startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Eras, PROBE_TOKEN, startNode, type TestNode } from '../testing/harness.js';

let server: TestPostgres;
let a: TestNode;
/** A second node on the same database, as a hot standby would show it. */
let b: TestNode;
const { become, becomeActive } = new Eras();
const bearer = PROBE_TOKEN;

beforeAll(async () => {
  server = await startTestPostgres();
  const port = await freePort();
  const common = { vip: '127.0.79.10', port, postgres: { host: server.host, port: server.port } };
  [a, b] = await Promise.all([
    startNode({ ...common, node: 'a', address: '127.0.79.1' }),
    startNode({ ...common, node: 'b', address: '127.0.79.2' }),
  ]);
  become(b, 'b', { mode: 'passive' });
  await becomeActive(a, 'a');
});
afterAll(async () => {
  await Promise.allSettled([a?.stop(), b?.stop()]);
  await server?.stop();
});

const put = async (kind: string, id: string, body: unknown, more: object = {}) =>
  await a.call('PUT', `/api/v1/settings/${kind}/${id}`, { body: { body, ...more }, bearer });
const get = async (path: string, node = a) => await node.call('GET', `/api/v1/calendars/${path}`, { bearer });
const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri'];
const office = {
  timeZone: 'Asia/Tokyo',
  rows: [
    { description: 'holidays', days: { kind: 'pattern', pattern: 'jp' }, operate: false },
    { description: 'office hours', days: { kind: 'weekday', weekdays }, from: '09:00', to: '18:00' },
  ],
};

describe('a calendar that is a setting', () => {
  it('shows its days on its own clock, on both nodes', async () => {
    expect((await put('calendar-pattern', 'jp', { dates: ['2026-11-03', '2026-11-23'] })).status).toBe(200);
    expect((await put('calendar', 'office', office, { description: 'Tokyo office' })).status).toBe(200);
    const answer = await get('office/days?from=2026-11-20&to=2026-11-24');
    expect(answer.status).toBe(200);
    const view = CalendarViewSchema.parse(answer.body);
    expect(view).toMatchObject({ id: 'office', description: 'Tokyo office', enabled: true, timeZone: 'Asia/Tokyo' });
    expect(view.days.map(({ date, weekday, state }) => `${weekday} ${date} ${state}`)).toEqual([
      'fri 2026-11-20 partly',
      'sat 2026-11-21 closed',
      'sun 2026-11-22 closed',
      'mon 2026-11-23 closed',
      'tue 2026-11-24 partly',
    ]);
    expect(view.days[0]!.open).toEqual([
      { from: '2026-11-20T00:00:00.000Z', to: '2026-11-20T09:00:00.000Z', fromClock: '09:00:00', toClock: '18:00:00' },
    ]);
    await expect
      .poll(async () => (await get('office/days?from=2026-11-20&to=2026-11-24', b)).body, { timeout: 60_000 })
      .toEqual(view);
  });
  it('of a month, when only its first day is asked for; of this month, when none is', async () => {
    const { days } = CalendarViewSchema.parse((await get('office/days?from=2028-02-01')).body);
    expect([days.length, days.at(-1)!.date]).toEqual([29, '2028-02-29']);
    const present = CalendarViewSchema.parse((await get('office/days')).body).days;
    expect(present[0]!.date.slice(8)).toBe('01');
    expect(present.length).toBeGreaterThan(27);
  });
  it('says whether it is open at a moment, why, and until when', async () => {
    const at = async (moment: string) =>
      CalendarMomentSchema.parse((await get(`office/open?at=${encodeURIComponent(moment)}`)).body);
    expect(await at('2026-11-20T12:00:00+09:00')).toEqual({
      ...{ id: 'office', enabled: true, at: '2026-11-20T03:00:00.000Z', open: true, row: 2 },
      ...{ why: 'open: so says row 2, office hours', changes: '2026-11-20T09:00:00.000Z' },
    });
    expect(await at('2026-11-23T00:00:00Z')).toMatchObject({
      open: false,
      row: 1,
      why: 'closed: so says row 1, holidays',
      changes: '2026-11-24T00:00:00.000Z',
    });
    expect(await at('2026-11-21T00:00:00Z')).toMatchObject({
      open: false,
      row: null,
      why: 'closed: none of its 2 rows says anything of that time',
    });
    expect((await get('office/open')).status).toBe(200);
  });
  it('a change of its pattern is seen at once', async () => {
    await put('calendar-pattern', 'jp', { dates: [] });
    expect((await get('office/open?at=2026-11-23T03:00:00Z')).body).toMatchObject({ open: true, row: 2 });
  });
  it('disabled, it says so, and still what it would', async () => {
    await put('calendar', 'never', { timeZone: 'UTC', validTo: '2020-12-31', rows: [{}] }, { enabled: false });
    expect((await get('never/open?at=2026-11-23T03:00:00Z')).body).toMatchObject({
      ...{ enabled: false, open: false, row: null, changes: null, why: 'closed: it is valid to 2020-12-31 (UTC)' },
    });
  });
  it.each([
    ['nobody/days', 404, 'NOT_FOUND'],
    ['nobody/open', 404, 'NOT_FOUND'],
    ['office/days?from=2026-02-30', 400, 'INVALID_INPUT'],
    ['office/days?from=2026-11-02&to=2026-11-01', 400, 'INVALID_INPUT'],
    ['office/days?from=2026-01-01&to=2027-06-01', 400, 'INVALID_INPUT'],
    ['office/open?at=yesterday', 400, 'INVALID_INPUT'],
  ])('%s is refused with %d', async (path, status, code) => expect(await get(path)).toMatchObject({ status, body: { code } }));
  it('whoever has not logged in sees nothing', async () =>
    expect((await a.call('GET', '/api/v1/calendars/office/open')).status).toBe(401));
});

describe('a calendar is refused', () => {
  it.each([
    ['a zone that is none', { ...office, timeZone: 'Mars/Olympus' }, 'body.timeZone'],
    ['an offset in the place of a zone', { ...office, timeZone: '+09:00' }, 'body.timeZone'],
    ['an end before its beginning', { timeZone: 'UTC', rows: [{ from: '18:00', to: '09:00' }] }, 'body.rows.0.to'],
    ['a time beyond what can be said', { timeZone: 'UTC', rows: [{ from: '-100:00' }] }, 'body.rows.0.from'],
    ['a substitute that goes on for ever', { timeZone: 'UTC', rows: [{ substitute: { hours: 8784, tries: 2 } }] }, 'body.rows'],
    [
      'a pattern that is not there',
      { timeZone: 'UTC', rows: [{ days: { kind: 'pattern', pattern: 'nothing' } }] },
      'body.rows.0.days.pattern',
    ],
    [
      'a validity that ends before it begins',
      { timeZone: 'UTC', validFrom: '2026-02-01', validTo: '2026-01-31' },
      'body.validTo',
    ],
  ])('%s', async (_, body, place) =>
    expect(await put('calendar', 'wrong', body)).toMatchObject({ status: 400, body: { place } }),
  );
  it('and a pattern that a calendar names cannot be deleted', async () =>
    expect(await a.call('DELETE', '/api/v1/settings/calendar-pattern/jp', { bearer })).toMatchObject({ status: 409 }));
});
