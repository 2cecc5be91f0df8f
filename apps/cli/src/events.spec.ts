import type { EventDetail, EventRow, StatusRow } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { CommandLine } from './testing/command-line.js';
import { type Asked, managers as managersAt, type Reply } from './testing/managers.js';

const cli = new CommandLine();
const { yosugara } = cli;
const managers = async (reply: (asked: Asked) => Reply) => await managersAt(cli, 86, reply);

const event = (number: number, change: Partial<EventRow> = {}): EventRow => ({
  ...{ number, id: `disks/web1///a-1:${number}/events`, at: '2026-11-21T12:00:00.000Z', storedAt: '2026-11-21T12:00:00.100Z' },
  ...{
    priority: 'critical',
    state: 'unconfirmed',
    facility: 'web1',
    scope: 'Tokyo>web1',
    sender: null,
    monitor: 'disks',
    plugin: 'syslog',
  },
  ...{
    trigger: 'monitor',
    notification: 'events',
    item: '',
    sub: '1',
    application: 'disks',
    message: `disk ${number} failed`,
    why: 'first',
  },
  ...{
    before: null,
    folded: 0,
    lastAt: '2026-11-21T12:00:00.000Z',
    owner: null,
    comment: null,
    changedAt: null,
    changedBy: null,
  },
  ...change,
});
const status: StatusRow = {
  ...{
    id: 'x',
    at: '2026-11-21T12:00:00.000Z',
    since: '2026-11-21T11:00:00.000Z',
    priority: 'warning',
    facility: 'web1',
    scope: 'Tokyo>web1',
  },
  ...{
    sender: null,
    monitor: 'ping',
    plugin: 'ping',
    notification: 'now',
    item: '',
    sub: '',
    application: '',
    message: 'slow',
    original: '',
  },
  ...{ expiresAt: null, expiresTo: null },
};

describe('yosugara events', () => {
  it('shows the newest last, asks for what was said, and tells how to go on', async () => {
    const asked = await managers(() => [200, { rows: [event(8), event(7, { folded: 40 })], next: '7' }]);
    expect(await yosugara('events', '--open', '--priority', 'critical,unknown', '--facility', 'tokyo', '--limit', '2')).toBe(0);
    const query = new URLSearchParams(asked[0]!.path.split('?')[1]);
    expect(Object.fromEntries(query)).toEqual({
      ...{ state: 'unconfirmed,confirming', priority: 'critical,unknown', facility: 'tokyo', limit: '2' },
    });
    expect(cli.out.indexOf('[40×] disk 7 failed')).toBeLessThan(cli.out.indexOf('disk 8 failed'));
    expect(cli.notes).toContain('more: --after 7');
  });
  it('reads page after page, and prints one document for programs', async () => {
    const asked = await managers(({ path }) =>
      path.includes('after=501') ? [200, { rows: [event(1)], next: null }] : [200, { rows: [event(501)], next: '501' }],
    );
    expect(await yosugara('events', '--limit', '600', '--json')).toBe(0);
    expect(asked).toHaveLength(2);
    expect(JSON.parse(cli.out).rows.map(({ number }: EventRow) => number)).toEqual([501, 1]);
  });
  it('hides what would command the terminal', async () => {
    await managers(() => [200, { rows: [event(1, { message: 'a\u001b[2Jb' })], next: null }]);
    expect(await yosugara('events')).toBe(0);
    expect(cli.out).toContain('a\\x1b[2Jb');
  });
});

describe('yosugara events confirm', () => {
  it('takes numbers and ranges, and says who asks', async () => {
    const asked = await managers(() => [200, { changed: [3, 10, 11], unknown: [] }]);
    expect(await yosugara('events', 'confirm', '3', '10-11', '--comment', 'cable')).toBe(0);
    expect(asked).toMatchObject([
      {
        method: 'POST',
        path: '/api/v1/events/changes',
        body: { numbers: [3, 10, 11], state: 'confirmed', comment: 'cable', by: expect.stringMatching(/./) },
      },
    ]);
    expect(cli.out).toContain('3 changed');
  });
  it('ends with 1 when one of them is not there', async () => {
    await managers(() => [200, { changed: [], unknown: [99] }]);
    expect(await yosugara('events', 'unconfirm', '99')).toBe(1);
    expect(cli.out).toContain('not there: 99');
  });
  it.each(['x', '9-3', '1-5000'])('refuses %s', async (numbers) => {
    const asked = await managers(() => [200, {}]);
    expect(await yosugara('events', 'confirm', numbers)).toBe(2);
    expect(asked).toEqual([]);
  });
  it('gives events to somebody, who looks after them then, or to nobody', async () => {
    const asked = await managers(() => [200, { changed: [3], unknown: [] }]);
    expect(await yosugara('events', 'own', '3', '--owner', 'eva')).toBe(0);
    expect(await yosugara('events', 'own', '3', '--owner', '')).toBe(0);
    expect(asked.map(({ body }) => [body.owner, body.state])).toEqual([
      ['eva', 'confirming'],
      ['', undefined],
    ]);
  });
});

it('yosugara events show says what people did with it', async () => {
  const history = [
    { id: 1, at: '2026-11-21T12:01:00.000Z', by: 'eva', action: 'state', detail: { from: 'unconfirmed', to: 'confirmed' } },
  ];
  const detail: EventDetail = { ...event(3), original: '<11>disk 3 failed', history };
  await managers(() => [200, detail]);
  expect(await yosugara('events', 'show', '3')).toBe(0);
  expect(cli.out).toContain('<11>disk 3 failed');
  expect(cli.out).toMatch(/eva {2}state/);
});

it('yosugara statuses shows how everything is', async () => {
  const asked = await managers(() => [200, { rows: [status], more: false }]);
  expect(await yosugara('statuses', '--facility', 'tokyo')).toBe(0);
  expect(asked[0]?.path).toBe('/api/v1/statuses?facility=tokyo&limit=1000');
  expect(cli.out).toMatch(/warning .* slow/);
});
