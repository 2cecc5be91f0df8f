import 'reflect-metadata';
import { TriedSchema } from '@yosugara/protocol';
import { freePort, startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Eras, PROBE_TOKEN, startNode, type TestNode } from '../testing/harness.js';

let server: TestPostgres;
let node: TestNode;
const bearer = PROBE_TOKEN;

beforeAll(async () => {
  server = await startTestPostgres();
  const postgres = { host: server.host, port: server.port };
  node = await startNode({ vip: '127.0.79.10', port: await freePort(), postgres, node: 'a', address: '127.0.79.1' });
  await new Eras().becomeActive(node, 'a');
});
afterAll(async () => {
  await node?.stop();
  await server?.stop();
});

const rules = [
  { description: 'Backups', pattern: '.*backup.*', action: 'ignore' },
  {
    description: 'Logins',
    pattern: '.*Failed password for (?<user>\\S+).*',
    priority: 'warning',
    message: 'Login of #[user] failed',
  },
];
const syslog = (more: object = {}) => ({ type: 'syslog', facility: 'REGISTERED', rules, ...more });
const attempt = async (monitor: unknown, text: string) =>
  await node.call('POST', '/api/v1/monitors/try', { bearer, body: { monitor, text } });
const put = async (body: object) => await node.call('PUT', '/api/v1/settings/monitor/logins', { bearer, body: { body } });

describe('trying a line', () => {
  it('says which rule decides, and what would be told', async () => {
    const { status, body } = await attempt(
      syslog(),
      '<38>Nov 21 22:14:15 web1 sshd[812]: Failed password for root from 192.0.2.7',
    );
    expect(status).toBe(200);
    const tried = TriedSchema.parse(body);
    expect(tried).toMatchObject({ text: 'sshd[812]: Failed password for root from 192.0.2.7', why: 'rule 2 tells it' });
    expect(tried.told).toMatchObject({ priority: 'warning', message: 'Login of root failed' });
    expect(tried.rules.map(({ outcome }) => outcome)).toEqual(['no match', 'tells']);
  });
  it('of a pattern that is none says where it breaks, and goes on', async () => {
    const { body } = await attempt(syslog({ rules: [{ pattern: 'a**' }, ...rules] }), 'the backup ran');
    expect(body).toMatchObject({ told: null, why: 'rule 2 ignores it' });
    expect(body.rules[0]).toMatchObject({ outcome: 'broken', why: expect.stringContaining('At character 2') });
  });
  it.each(['(a+)+$', '(a|a)*b', '((a*)*)*b', '(.*a){12}'])('is answered of the hostile pattern %s, too', async (pattern) => {
    const begin = process.cpuUsage();
    const { status, body } = await attempt(syslog({ rules: [{ pattern, mode: 'regex' }, ...rules] }), `${'a'.repeat(60_000)}!`);
    const { user, system } = process.cpuUsage(begin);
    expect([status, body.rules[0].outcome]).toEqual([200, pattern === '(.*a){12}' ? 'tells' : 'no match']);
    // By backtracking the first would take longer than there is time. Of the processor: others may have it meanwhile.
    expect((user + system) / 1_000).toBeLessThan(30_000);
  });
  it('of what is no monitor is refused with its place', async () => {
    const { status, body } = await attempt(syslog({ rulez: [] }), 'x');
    expect([status, body.code]).toEqual([400, 'INVALID_INPUT']);
  });
  it('needs somebody who is known', async () => {
    const { status } = await node.call('POST', '/api/v1/monitors/try', { body: { monitor: syslog(), text: 'x' } });
    expect(status).toBe(401);
  });
});

describe('a monitor', () => {
  it('is not taken with a pattern that is none: it would match nothing, and nobody would know', async () => {
    const { status, body } = await put(syslog({ rules: [...rules, { pattern: '(a+' }] }));
    expect([status, body.code]).toEqual([400, 'INVALID_INPUT']);
    expect(body.message).toMatch(
      /^body\.rules\.2\.pattern: found "\(a\+", allowed is a regular expression of RE2\. At character 1, /,
    );
    const documents = [{ kind: 'monitor', id: 'logins', body: syslog({ rules: [{ pattern: '(?=x)' }] }) }];
    const imported = await node.call('POST', '/api/v1/settings/import', { bearer, body: { documents } });
    expect([imported.status, imported.body.problems?.[0]?.place]).toEqual([400, 'documents.0.body.rules.0.pattern']);
  });
  it('is not taken with a pattern that would be too large', async () => {
    const { status, body } = await put(syslog({ rules: [{ pattern: '((a{10}){10}){10}'.repeat(60) }] }));
    expect([status, body.code]).toEqual([400, 'INVALID_INPUT']);
    expect(body.message).toMatch(/^body\.rules\.0\.pattern: .*(too large|invalid repeat count)/);
  });
  it('is taken with a hostile pattern, which does nobody any harm', async () =>
    expect((await put(syslog({ rules: [{ pattern: '(a+)+$' }] }))).status).toBe(200));
  it('is taken with patterns that are right', async () => expect((await put(syslog())).status).toBe(200));
});
