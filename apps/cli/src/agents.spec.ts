import type { AgentList, AgentTokenView, AgentView } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { CommandLine } from './testing/command-line.js';
import { type Asked, managers as managersAt, type Reply } from './testing/managers.js';

const cli = new CommandLine();
const { yosugara } = cli;
const managers = async (reply: (asked: Asked) => Reply) => await managersAt(cli, 96, reply);

const AT = '2026-11-21T18:00:00.000Z';
const agent = (id: string, change: Partial<AgentView> = {}): AgentView => ({
  ...{ agent: id, connected: true, since: AT, address: '10.0.0.1', version: '0.1.0', spool: 'a'.repeat(32), hostName: id },
  ...{ platform: 'LINUX', os: 'Debian 12', certificateEnds: '2027-11-21T18:00:00.000Z', joinedAt: AT, joinedBy: 'token 1' },
  ...{ revokedAt: null, revokedBy: null, node: true, ...change },
});
const list = (rows: readonly AgentView[], change: Partial<AgentList> = {}): AgentList => ({
  ...{ rows: [...rows], next: null, connected: 1, known: rows.length, serving: true, ...change },
});
const token = (number: number, change: Partial<AgentTokenView> = {}): AgentTokenView => ({
  ...{ number, description: 'web\u001b[2J', node: null, scopes: ['web'], ownerRole: 'web-team', usesLeft: 20 },
  ...{ expiresAt: '2099-01-01T00:00:00.000Z', createdAt: AT, createdBy: 'ann', ...change },
});
const query = ({ path }: Asked) => Object.fromEntries(new URLSearchParams(path.split('?')[1]));

describe('yosugara agents list', () => {
  it('shows who is connected and who is not, and hides what would command the terminal', async () => {
    const rows = [
      agent('ap1', { connected: false }),
      agent('db1', { node: false }),
      agent('old', { revokedAt: AT, revokedBy: 'ann' }),
      agent('web1', { version: 'x\u001b[2J' }),
    ];
    const asked = await managers(() => [200, list(rows, { next: 'web1' })]);
    expect(await yosugara('agents', 'list', '--text', 'w', '--connected', '--limit', '4')).toBe(0);
    expect(query(asked[0]!)).toEqual({ text: 'w', connected: 'true', limit: '4' });
    expect(cli.out).toContain('1 of 4 agents are connected');
    for (const line of [/ap1 +away/, /db1 +no node/, /old +revoked/, /web1 +connected .*x\\x1b\[2J +2027-11-21/])
      expect(cli.out).toMatch(line);
    expect(cli.notes).toContain('more: --after web1');
    expect(await yosugara('agents', 'list', '--away', '--after', 'a')).toBe(0);
    expect(query(asked[1]!)).toEqual({ connected: 'false', after: 'a', limit: '200' });
  });
  it('--json is one document, and nothing beside it', async () => {
    await managers(() => [200, list([agent('web1')], { next: 'web1' })]);
    expect(await yosugara('agents', 'list', '--json')).toBe(0);
    expect(JSON.parse(cli.out)).toMatchObject({ rows: [{ agent: 'web1' }], next: 'web1' });
    expect(cli.notes).toBe('');
  });
  it('says when nobody lets agents in', async () => {
    await managers(() => [200, list([], { serving: false })]);
    expect(await yosugara('agents', 'list')).toBe(0);
    expect(cli.out).toContain('this node does not let agents in just now');
  });
  it.each([
    [['--limit', 'many'], 2, 'a number above 0'],
    [['--nothing'], 2, 'unknown option'],
  ])('%j ends with %d', async (words, code, why) => {
    await managers(() => [200, list([])]);
    expect(await yosugara('agents', 'list', ...words)).toBe(code);
    expect(cli.notes).toContain(why);
  });
  it('ends with 1 when no Master answers', async () => {
    await managers(() => [503, { code: 'NOT_ACTIVE', message: 'this node is not the Master' }]);
    expect(await yosugara('agents', 'list')).toBe(1);
    expect(cli.notes).toContain('not the Master');
  });
});

describe('yosugara agents token', () => {
  const made = { number: 3, token: 'yja.secret.ca', expiresAt: AT, managers: [{ host: '2001:db8::1', port: 8084 }] };
  it('asks for what was said, and shows the token with what to do with it', async () => {
    const asked = await managers(() => [200, made]);
    const words = ['--scope', 'web', '--scope', 'tokyo', '--owner-role', 'web-team', '--uses', '20', '--minutes', '120'];
    expect(await yosugara('agents', 'token', ...words, '--description', 'new rack')).toBe(0);
    expect(asked[0]).toMatchObject({
      ...{ method: 'POST', path: '/api/v1/agents/tokens' },
      body: {
        ...{ node: null, scopes: ['web', 'tokyo'], ownerRole: 'web-team', uses: 20, lifetimeMinutes: 120 },
        ...{ description: 'new rack', by: expect.any(String) },
      },
    });
    expect(cli.out.split('\n')[0]).toBe('yja.secret.ca');
    expect(cli.out).toContain('join --manager [2001:db8::1]:8084 --token-file FILE');
    expect(await yosugara('agents', 'token', '--node', 'db1', '--json')).toBe(0);
    expect(asked[1]?.body).toMatchObject({ node: 'db1', ownerRole: 'operator', uses: 1, lifetimeMinutes: 60 });
    expect(JSON.parse(cli.out)).toEqual(made);
  });
  it('for a scope that is not there, or by somebody who may not, makes none', async () => {
    let answer: Reply = [400, { code: 'INVALID_INPUT', message: 'scopes: there is no scope x', place: 'scopes' }];
    await managers(() => answer);
    expect(await yosugara('agents', 'token', '--scope', 'x')).toBe(2);
    expect(cli.notes).toContain('there is no scope x');
    answer = [403, { code: 'FORBIDDEN', message: 'needs the role admin' }];
    expect(await yosugara('agents', 'token')).toBe(4);
    expect(await yosugara('agents', 'token', '--uses', '0x')).toBe(2);
  });
});

describe('yosugara agents tokens', () => {
  it('shows what they are for and how much of them is left, never what they are', async () => {
    const tokens = [token(2), token(1, { node: 'db1', scopes: [], expiresAt: '2020-01-01T00:00:00.000Z', usesLeft: 0 })];
    await managers(() => [200, { tokens }]);
    expect(await yosugara('agents', 'tokens')).toBe(0);
    expect(cli.out).toMatch(/2 +any new agent +web +web-team +20 +2099-\S+ +ann +web\\x1b\[2J/);
    expect(cli.out).toMatch(/1 +db1 +web-team +0 +over +ann/);
    expect(await yosugara('agents', 'tokens', '--json')).toBe(0);
    expect(JSON.parse(cli.out).tokens).toHaveLength(2);
  });
  it('goes on to the last page', async () => {
    const asked = await managers(({ path }) => [
      200,
      path.includes('after=7') ? { tokens: [token(1)], next: null } : { tokens: [token(7)], next: 7 },
    ]);
    expect(await yosugara('agents', 'tokens', '--json')).toBe(0);
    expect(JSON.parse(cli.out).tokens.map(({ number }: { number: number }) => number)).toEqual([7, 1]);
    expect(asked).toHaveLength(2);
  });
});

describe('yosugara agents remove-token and revoke', () => {
  it.each([
    [['remove-token', '3'], '/api/v1/agents/tokens/3', 'the join token 3 was removed', { removed: '3' }],
    [['revoke', 'web/1'], '/api/v1/agents/web%2F1', 'the agent of web/1 was revoked', { revoked: 'web/1' }],
  ])('%j', async (words, path, text, json) => {
    const asked = await managers(() => [200, { done: true }]);
    expect(await yosugara('agents', ...words)).toBe(0);
    expect(asked[0]?.method).toBe('DELETE');
    expect(asked[0]?.path.split('?')[0]).toBe(path);
    expect(query(asked[0]!)['by']).toMatch(/./);
    expect(cli.out).toContain(text);
    expect(await yosugara('agents', ...words, '--json')).toBe(0);
    expect(JSON.parse(cli.out)).toEqual(json);
  });
  it.each([
    [['remove-token', '9'], [404, { code: 'NOT_FOUND', message: 'there is no join token 9' }], 1, 'no join token 9'],
    [['revoke', 'x'], [404, { code: 'NOT_FOUND', message: 'there is no agent x that is not revoked' }], 1, 'no agent x'],
    [['revoke', 'x'], [403, { code: 'FORBIDDEN', message: 'needs the role admin' }], 4, 'needs the role admin'],
    [['revoke'], [200, {}], 2, 'missing required argument'],
  ] as const)('%j answered %j ends with %d', async (words, answer, code, why) => {
    await managers(() => answer as Reply);
    expect(await yosugara('agents', ...words)).toBe(code);
    expect(cli.notes).toContain(why);
  });
});
