import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CommandLine } from './testing/command-line.js';
import { type Asked, managers as managersAt, type Reply } from './testing/managers.js';

const cli = new CommandLine();
const { yosugara } = cli;
const managers = async (reply: (asked: Asked) => Reply) => await managersAt(cli, 86, reply);
const AT = '2026-11-22T03:00:00.000Z';

describe('what one manager says', () => {
  it('is told also when another one is silent', async () => {
    await managers(() => [500, { code: 'INTERNAL', message: 'the disk is full' }]);
    expect(await yosugara('overview')).toBe(1);
    expect(cli.notes).toContain('the disk is full');
  });
  it('that nobody is known ends with 4, not as if nobody answered', async () => {
    await managers(() => [401, { code: 'NOT_LOGGED_IN', message: 'log in first' }]);
    expect(await yosugara('users', 'list')).toBe(4);
    expect(cli.notes).toBe('yosugara: log in first\n');
    expect(await yosugara('users', 'list', '--json')).toBe(4);
    expect(JSON.parse(cli.out)).toEqual({ error: { code: 'NOT_LOGGED_IN', message: 'log in first', exitCode: 4 } });
  });
});

describe('jobs', () => {
  const approval = {
    session: 'S',
    unit: 'night',
    unitName: 'Night',
    job: 'ask',
    name: '',
    sentence: 'go on\u001b[2J?',
    role: 'ops',
  };
  it('approvals say what is asked, of whom and since when', async () => {
    await managers(() => [200, { approvals: [{ ...approval, user: 'eva', since: AT, mine: true }], more: false }]);
    expect(await yosugara('jobs', 'approvals')).toBe(0);
    expect(cli.out).toMatch(/^S +night\/ask +2026-11-22 03:00:00 +eva \(ops\) +yes +go on\\x1b\[2J\?$/m);
  });
  it('links are what was said, and when', async () => {
    const message = { id: 'message-1', messageId: 'done', message: 'all', priority: 'info', values: { branch: '7' }, at: AT };
    const asked = await managers(() => [200, { messages: [message] }]);
    expect(await yosugara('jobs', 'links', '--message-id', 'done')).toBe(0);
    expect(asked[0]?.path).toBe('/api/v1/job-links?messageId=done&limit=100');
    expect(cli.out).toMatch(/done +info +all +branch=7$/m);
  });
  it('try-schedule asks with the schedule of a trigger, of one that is stored or of a file', async () => {
    const body = {
      type: 'schedule',
      unit: 'night',
      timeZone: 'Asia/Tokyo',
      schedule: { type: 'cron', cron: '0 3 * * *' },
      calendar: 'office',
    };
    const setting = { kind: 'job-trigger', id: 'nightly', revision: 1, description: '', enabled: true, ownerRole: 'operator' };
    const stored = { ...setting, createdAt: AT, createdBy: '', modifiedAt: AT, modifiedBy: '', hasSecret: [], body };
    const asked = await managers(({ method }) => (method === 'GET' ? [200, stored] : [200, { times: [AT] }]));
    expect(await yosugara('jobs', 'try-schedule', 'nightly', '--limit', '3')).toBe(0);
    const { timeZone, schedule, calendar } = body;
    expect(asked.at(-1)?.body).toEqual({ timeZone, schedule, calendar, limit: 3 });
    expect(cli.out).toBe(`${AT}\n`);
    mkdirSync(cli.dir, { recursive: true });
    writeFileSync(join(cli.dir, 'trigger.yaml'), JSON.stringify({ kind: 'job-trigger', id: 'x', body }));
    expect(await yosugara('jobs', 'try-schedule', '-f', join(cli.dir, 'trigger.yaml'))).toBe(0);
    expect(await yosugara('jobs', 'try-schedule')).toBe(2);
    expect(cli.notes).toMatch(/trigger: found "neither"/);
  });
});

describe('graphs show', () => {
  const series = { id: 17, monitor: 'cpu', facility: 'web1', item: 'user', since: AT };
  const point = (minute: number, mean: number | null) => ({
    at: `2026-11-22T03:0${minute}:00.000Z`,
    mean,
    least: mean,
    most: mean,
    count: 1,
    missing: 0,
  });
  it('draws values as text, and asks for the span that was said', async () => {
    const asked = await managers(() => [
      200,
      { from: AT, to: AT, stepMs: 60_000, series: [{ ...series, points: [point(0, 0), point(1, null), point(2, 50)] }] },
    ]);
    expect(await yosugara('graphs', 'show', '17', '--since', '2026-11-22T00:00:00Z', '--step', '1m')).toBe(0);
    expect(asked[0]?.path).toBe('/api/v1/series/17/values?from=2026-11-22T00%3A00%3A00.000Z&step=1m');
    expect(cli.out).toMatch(/^cpu of web1, user: mean of 60 s\n50 ┤ {2}█\n/);
  });
  it('is refused for what are no numbers of series', async () => {
    await managers(() => [200, {}]);
    expect(await yosugara('graphs', 'show', 'cpu')).toBe(2);
  });
});

describe('secrets', () => {
  it('are not asked for where nobody sits', async () => {
    const asked = await managers(() => [200, {}]);
    expect(await yosugara('login', 'eva')).toBe(2);
    expect(cli.notes).toContain('--password-file: nobody can be asked here');
    expect(asked).toEqual([]);
  });
  it('of a file that cannot be read are told by its name', async () => {
    await managers(() => [200, {}]);
    expect(await yosugara('login', 'eva', '--password-file', join(cli.dir, 'none'))).toBe(2);
    expect(cli.notes).toMatch(/--password-file: found .*none/);
  });
});
