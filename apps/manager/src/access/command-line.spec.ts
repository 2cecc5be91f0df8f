import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STATE_LAYOUT } from '@yosugara/protocol';
import { freePort, startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initCluster } from '../../../cli/src/init/index.js';
import { runProgram } from '../../../cli/src/program.js';
import { Eras, FIRST_PASSWORD, PROBE_TOKEN, startNode, type TestNode } from '../testing/harness.js';
import { totpCode, totpStep } from './totp.js';

/** What an operator does from a terminal, against the manager itself. */
const ADDRESS = '127.0.91.1';
const PASSWORD = 'a-password-of-eight-words';
let dir = '';
let server: TestPostgres;
let node: TestNode;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'yosu-cli-manager-'));
  server = await startTestPostgres();
  const port = await freePort();
  node = await startNode({ node: 'a', address: ADDRESS, vip: null, port, postgres: server, loginsPerMinute: 1_000 });
  await new Eras().becomeActive(node, 'a');
  const members = [
    { id: 'a', kind: 'data' as const, address: ADDRESS, zone: 'x' },
    { id: 'b', kind: 'data' as const, address: '127.0.91.2', zone: 'y' },
  ];
  await initCluster(join(dir, '.yosugara'), { clusterId: 'test', members, ports: { console: port }, consoleTls: false });
  for (const id of ['a', 'b']) writeFileSync(join(dir, '.yosugara', id, STATE_LAYOUT.secrets.postgresApp), PROBE_TOKEN);
  mkdirSync(join(dir, 'home'));
});
afterAll(async () => {
  await node?.stop();
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly notes: string;
}

async function yosugara(
  words: readonly string[],
  env: Record<string, string> = {},
  answers: readonly string[] = [],
): Promise<Ran> {
  const [out, notes, left]: [string[], string[], string[]] = [[], [], [...answers]];
  const ask = async (question: string) => left.shift() ?? Promise.reject(new Error(`nobody answers ${question}`));
  const terminal = { out: (text: string) => void out.push(text), note: (text: string) => void notes.push(text) };
  const code = await runProgram(words, {
    terminal: { ...terminal, ask, color: false, live: false, columns: 100 },
    ...{ env: { HOME: join(dir, 'home'), ...env }, cwd: dir, stop: new AbortController().signal },
  });
  return { code, out: out.join('\n'), notes: notes.join('') };
}
const json = async (...words: string[]) => JSON.parse((await yosugara([...words, '--json'])).out);

describe('whoever uses the command line', () => {
  it('is the host until somebody logs in, and then has no right over people', async () => {
    expect((await yosugara(['whoami'])).out).toMatch(/^the host itself/);
    const refused = await yosugara(['users', 'list']);
    expect([refused.code, refused.out]).toEqual([4, '']);
  });

  it('logs in with a password that is typed, and is asked for another one first', async () => {
    const entered = await yosugara(['login', 'admin'], {}, [FIRST_PASSWORD]);
    expect(entered).toMatchObject({ code: 0, out: expect.stringContaining('yosugara account password') });
    const refused = await yosugara(['users', 'list']);
    expect(refused).toMatchObject({ code: 4, notes: expect.stringContaining('another password first') });
    expect(await yosugara(['account', 'password'], {}, [FIRST_PASSWORD, PASSWORD])).toMatchObject({ code: 0 });
    expect(await json('whoami')).toMatchObject({ comesAs: 'session', login: 'admin', roles: ['admin'] });
  });

  it('is refused with a wrong password, in one line and with 4', async () => {
    const refused = await yosugara(['login', 'admin'], {}, ['something else']);
    expect(refused.code).toBe(4);
    expect(refused.notes).toMatch(/^yosugara: .+\n$/);
  });
});

describe('users', () => {
  it('are added, changed, listed and removed by their login', async () => {
    const added = await yosugara(['users', 'add', 'eva', '--name', 'Eva', '--role', 'operator', '--role', 'viewer']);
    expect(added).toMatchObject({ code: 0, out: expect.stringMatching(/^eva was added; first password, shown once: \S{10,}$/) });
    expect((await yosugara(['users', 'list', '--text', 'eva'])).out).toMatch(/^eva +Eva +operator viewer +must change password/m);
    expect(await json('users', 'change', 'eva', '--disable', '--mail', 'eva@example.org')).toMatchObject({
      ...{ login: 'eva', name: 'Eva', enabled: false, mail: 'eva@example.org', roles: ['operator', 'viewer'] },
    });
    expect((await json('users', 'list', '--disabled')).rows.map(({ login }: { login: string }) => login)).toEqual(['eva']);
    expect((await yosugara(['users', 'remove', 'eva'])).code).toBe(0);
    expect(await yosugara(['users', 'show', 'eva'])).toMatchObject({ code: 1, notes: 'yosugara: there is no user eva\n' });
  });

  it('that exist are not added again, and the last administrator stays', async () => {
    expect((await yosugara(['users', 'add', 'admin'])).code).toBe(4);
    expect(await yosugara(['users', 'remove', 'admin'])).toMatchObject({
      code: 4,
      notes: expect.stringMatching(/the last local user/),
    });
  });

  it('come in again after too many wrong passwords when somebody unlocks them', async () => {
    writeFileSync(join(dir, 'first'), 'first-password-of-kenji\n', { mode: 0o600 });
    expect((await yosugara(['users', 'add', 'kenji', '--role', 'viewer', '--password-file', join(dir, 'first')])).code).toBe(0);
    const kenji = { HOME: join(dir, 'home-of-kenji') };
    const enter = async (password: string) => (await yosugara(['login', 'kenji'], kenji, [password])).code;
    for (let time = 0; time < 5; time += 1) expect(await enter('not this one at all')).toBe(4);
    expect(await enter('first-password-of-kenji')).toBe(4);
    expect((await json('users', 'show', 'kenji')).lockedUntil).not.toBeNull();
    expect(await yosugara(['users', 'unlock', 'kenji'])).toMatchObject({ code: 0, out: 'kenji is not locked' });
    expect(await enter('first-password-of-kenji')).toBe(0);
  });
});

describe('a second factor', () => {
  it('is begun, confirmed, asked for at login, and reset by somebody else', async () => {
    const mia = { HOME: join(dir, 'home-of-mia') };
    const as = async (words: readonly string[], answers: readonly string[] = []) => await yosugara(words, mia, answers);
    writeFileSync(join(dir, 'first'), 'first-password-of-mia', { mode: 0o600 });
    await yosugara(['users', 'add', 'mia', '--role', 'viewer', '--password-file', join(dir, 'first')]);
    await as(['login', 'mia'], ['first-password-of-mia']);
    await as(['account', 'password'], ['first-password-of-mia', PASSWORD]);
    const { secret } = JSON.parse((await as(['account', 'totp-begin', '--json'], [PASSWORD])).out) as { secret: string };
    const confirmed = await as(['account', 'totp-confirm'], [totpCode(secret, totpStep(Date.now()))]);
    expect(confirmed.out.split('\n')).toHaveLength(11);
    await as(['logout']);
    expect(await as(['login', 'mia'], [PASSWORD, confirmed.out.split('\n')[1]!])).toMatchObject({ code: 0 });
    expect((await yosugara(['users', 'reset-totp', 'mia'])).out).toBe('mia has no second factor');
    expect(await as(['login', 'mia'], [PASSWORD])).toMatchObject({ code: 0 });
  });
});

describe('a token', () => {
  it('is made into a file that only its owner reads, works from file and environment, and is nothing once it is removed', async () => {
    const file = join(dir, 'token');
    expect(
      await yosugara(['tokens', 'add', 'backup script', '--role', 'admin', '--days', '7', '--token-file', file]),
    ).toMatchObject({ code: 0, out: expect.stringMatching(/^token \d+ lies in /) });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const [by, env] = [{ YOSUGARA_TOKEN_FILE: file }, { YOSUGARA_TOKEN: readFileSync(file, 'utf8').trim() }];
    for (const how of [by, env]) {
      const found = JSON.parse((await yosugara(['whoami', '--json'], how)).out);
      expect(found).toMatchObject({ comesAs: 'token', login: 'admin' });
      expect((await yosugara(['users', 'list'], how)).code).toBe(0);
    }
    expect(await yosugara(['tokens', 'list'], by), 'tokens are made by people').toMatchObject({ code: 4 });
    const [{ id }] = (await json('tokens', 'list')).rows as [{ id: number }];
    expect((await yosugara(['tokens', 'remove', String(id)])).code).toBe(0);
    expect(await yosugara(['users', 'list'], by)).toMatchObject({ code: 4, notes: expect.stringMatching(/^yosugara: .+\n$/) });
  });
});

describe('roles', () => {
  it('show what they grant, and how many have them', async () => {
    expect((await yosugara(['roles', 'list'])).out).toMatch(/^admin +\S.*1 +yes +built in$/m);
    expect((await yosugara(['roles', 'show', 'viewer'])).out).toMatch(/^may +.*event: read/m);
    expect((await json('roles', 'functions')).functions).toContainEqual({ id: 'audit', modes: ['read'] });
    expect((await yosugara(['roles', 'show', 'nobody'])).code).toBe(1);
  });
});

describe('settings of any kind', () => {
  it('are applied, listed, disabled, looked back at, reverted and removed', async () => {
    const file = join(dir, 'filter.yaml');
    const write = (name: string) =>
      writeFileSync(file, `kind: calendar\nid: office\ndescription: ${name}\nbody: { timeZone: UTC, rows: [] }\n`);
    write('first');
    const applied = await yosugara(['apply', '-f', file]);
    expect(applied.notes + applied.out).toContain('+ calendar office');
    write('second');
    await yosugara(['apply', '-f', file]);
    expect((await yosugara(['settings', 'list', 'calendar'])).out).toMatch(/^office .*yes .*2 of .*second$/m);
    const disabled = await yosugara(['settings', 'disable', 'calendar', 'office']);
    expect(disabled).toEqual({ code: 0, out: 'calendar office: disabled', notes: '' });
    expect((await json('settings', 'list', 'calendar', '--disabled')).rows).toHaveLength(1);
    expect((await yosugara(['settings', 'history', 'calendar', 'office'])).out).toMatch(/description: "first" → "second"/);
    expect((await yosugara(['settings', 'revert', 'calendar', 'office', '1'])).out).toBe('calendar office: changed, revision 4');
    expect((await yosugara(['settings', 'show', 'calendar', 'office', '--yaml'])).out).toMatch(/^description: first$/m);
    expect((await yosugara(['calendars', 'list'])).out).toMatch(/^office +(open|closed)/m);
    expect((await json('settings', 'kinds')).kinds).toContainEqual({ kind: 'calendar', count: 1 });
    expect(await json('settings', 'schema', 'calendar')).toHaveProperty('$schema');
    expect((await yosugara(['settings', 'remove', 'calendar', 'office'])).code).toBe(0);
    expect(await yosugara(['settings', 'show', 'calendar', 'office'])).toMatchObject({ code: 1 });
    expect(await yosugara(['settings', 'list', 'moon'])).toMatchObject({ code: 2, notes: expect.stringContaining('allowed') });
  });
});

describe('the audit log', () => {
  it('is searched, and comes as a table', async () => {
    expect((await yosugara(['audit', '--what', 'user.', '--limit', '500'])).out).toMatch(/admin +session .* user\.\w+ +user\//m);
    expect((await json('audit', '--refused', '--limit', '1')).rows).toMatchObject([{ done: false }]);
    const table = (await yosugara(['audit', '--csv', '--what', 'token.'])).out.split(/\r?\n/);
    expect(table[0]).toBe('id,at,who,by,from,action,object,done,detail,node,epoch');
    expect(table).toHaveLength(3);
  });
  it('is closed to whoever may not read it', async () => {
    expect((await yosugara(['audit'], { HOME: join(dir, 'home-of-mia') })).code).toBe(4);
  });
});

describe('what is looked at', () => {
  it.each([
    ['overview'],
    ['take-overs'],
    ['retention', 'show'],
    ['retention', 'preview', 'audit'],
    ['retention', 'runs'],
    ['messages', '--histogram'],
    ['jobs', 'approvals'],
    ['jobs', 'queues'],
    ['scopes'],
    ['events', 'counts'],
    ['graphs', 'list'],
    ['jobs', 'links'],
    ['statuses'],
    ['nodes', 'resolve', '192.0.2.1'],
  ])('%j is shown to people and to programs', async (...words) => {
    const text = await yosugara(words);
    expect([text.code, text.notes]).toEqual([0, '']);
    expect(text.out).not.toBe('');
    expect(await json(...words)).toBeTypeOf('object');
  });
  it.each([[['events']], [['statuses']], [['messages']]])('%j comes as a table', async (words) => {
    expect((await yosugara([...words, '--csv'])).out).toMatch(/^\w+(,\w+){8,}$/m);
  });
  it('a monitor that is not stored yet says what it would tell about a line', async () => {
    const file = join(dir, 'monitor.yaml');
    const rule = '{ pattern: ".*disk full.*", priority: critical, message: "a disk is full" }';
    writeFileSync(file, `kind: monitor\nid: disk\nbody: { type: syslog, facility: REGISTERED, rules: [${rule}] }\n`);
    const tried = await yosugara(['monitors', 'test', '-f', file, '--line', 'disk full on /']);
    expect(tried).toMatchObject({ code: 0, notes: '' });
    expect(tried.out).toMatch(/^told: critical a disk is full \(rule 1 tells it\)$/m);
    expect(await yosugara(['monitors', 'test', '--line', 'x'])).toMatchObject({
      code: 2,
      notes: expect.stringContaining('--file'),
    });
  });
});

describe('whoever logs out', () => {
  it('is the host again', async () => {
    expect(await yosugara(['logout'])).toMatchObject({ code: 0, out: 'logged out' });
    expect((await json('whoami')).comesAs).toBe('host');
    expect(await yosugara(['logout'])).toMatchObject({ code: 0, out: 'nobody was logged in' });
  });
});
