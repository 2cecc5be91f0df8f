import { describe, expect, it } from 'vitest';
import { CommandLine } from './testing/command-line.js';
import { managers, type Reply } from './testing/managers.js';

const cli = new CommandLine();
const { yosugara } = cli;
const day = { date: '2026-02-01', weekday: 'sun', state: 'closed', open: [] };
const view = { id: 'office', description: '', enabled: true, timeZone: 'Asia/Tokyo', days: [day] };
const moment = {
  ...{ id: 'office', enabled: true, at: '2026-11-21T00:00:00.000Z', open: false, row: 1 },
  ...{ why: 'closed: so says row 1', changes: null },
};
const answers = ({ path }: { readonly path: string }): Reply => (path.includes('/days') ? [200, view] : [200, moment]);

describe('yosugara calendars', () => {
  it('shows a month of one, and whether it is open now', async () => {
    const asked = await managers(cli, 76, answers);
    expect(await yosugara('calendars', 'show', 'office', '--month', '2026-02')).toBe(0);
    expect(asked.map(({ path }) => path)).toEqual([
      '/api/v1/calendars/office/days?from=2026-02-01',
      '/api/v1/calendars/office/open',
    ]);
    expect(cli.out).toContain('office · 2026-02 · Asia/Tokyo');
    expect(cli.out).toContain('closed: so says row 1');
    expect(cli.out).toContain('01 ········');
  });
  it('says of a moment which row decides', async () => {
    const asked = await managers(cli, 76, answers);
    expect(await yosugara('calendars', 'open', 'office', '--at', '2026-11-21T09:00:00+09:00', '--json')).toBe(0);
    expect(asked.map(({ path }) => path)).toEqual(['/api/v1/calendars/office/open?at=2026-11-21T09%3A00%3A00%2B09%3A00']);
    expect(JSON.parse(cli.out)).toEqual(moment);
  });
  it('refuses what is no month, and says when there is no such calendar', async () => {
    await managers(cli, 76, () => [404, { code: 'NOT_FOUND', message: 'there is no calendar nobody' }]);
    expect(await yosugara('calendars', 'show', 'office', '--month', '2026-13')).toBe(2);
    expect(cli.notes).toContain('--month');
    expect(await yosugara('calendars', 'show', 'nobody')).toBe(1);
    expect(cli.notes).toContain('there is no calendar nobody');
  });
});
