import { describe, expect, it } from 'vitest';
import {
  differencesOf,
  isSameJson,
  KNOWN_KINDS,
  keepSecrets,
  leavesSecrets,
  maskSecrets,
  parseSetting,
  referencesOf,
  SETTING_KINDS,
  settingSecretsOf,
  wholeMistakesOf,
} from './index.js';

const node = (body: object, change: object = {}) =>
  parseSetting({ kind: 'node', id: 'web1', body: { name: 'web1', ...body }, ...change });
const bodyOf = (body: object) => {
  const parsed = node(body);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes));
  return parsed.setting.body;
};
const mistakesOf = (parsed: ReturnType<typeof parseSetting>) => (parsed.ok ? [] : parsed.mistakes);

describe('a setting that somebody wrote', () => {
  it('has the usual values where nothing was said, and no parts that nobody named', () => {
    expect(node({ addresses: ['10.0.0.1', '2001:db8::1'] })).toEqual({
      ok: true,
      setting: {
        ...{ kind: 'node', id: 'web1', description: '', enabled: true, ownerRole: 'operator' },
        body: { name: 'web1', addresses: ['10.0.0.1', '2001:db8::1'], hostNames: [], scopes: [], platform: 'OTHER' },
      },
    });
    expect(bodyOf({ snmp: {} })).toMatchObject({
      snmp: { version: 'v2c', port: 161, timeoutMs: 5_000, retries: 3, community: null },
    });
  });
  it('names place, what was found and what is allowed, of all mistakes', () => {
    const parsed = node({ addresses: ['10.0.0.1', '10.0.0.256'], platform: 'MAC', snmp: { port: 0 }, adress: 'x' });
    expect(mistakesOf(parsed)).toEqual([
      { place: 'body.addresses.1', found: '"10.0.0.256"', allowed: 'an IPv4 or IPv6 address' },
      { place: 'body.platform', found: '"MAC"', allowed: '"LINUX", "WINDOWS", "NW_EQUIPMENT", "OTHER"' },
      { place: 'body.snmp.port', found: '0', allowed: 'at least 1' },
      { place: 'body', found: 'the key "adress"', allowed: 'none of that name' },
    ]);
    expect(mistakesOf(parseSetting({ kind: 'node', id: '-x', body: {} }))).toMatchObject([{ place: 'id', found: '"-x"' }]);
    expect(mistakesOf(parseSetting('text'))).toMatchObject([{ place: '', found: '"text"' }]);
  });
  it('never tells a secret that is wrong', () => {
    const found = mistakesOf(node({ snmp: { community: 'c'.repeat(300) }, ssh: { password: 7 } }));
    expect(found).toMatchObject([
      { place: 'body.snmp.community', found: 'a secret' },
      { place: 'body.ssh.password', found: 'a secret' },
    ]);
  });
  it.each([
    ['a NUL', 'a\0b'],
    ['half a surrogate pair', 'a\ud800'],
  ])('cannot have %s, which the database cannot hold', (_, text) => {
    expect(mistakesOf(node({ administrator: text }))).toMatchObject([{ place: 'body.administrator' }]);
    expect(mistakesOf(node({ administrator: '機器 😀' }))).toEqual([]);
  });
  it('cannot be a built-in scope, nor lie in one', () => {
    expect(mistakesOf(parseSetting({ kind: 'scope', id: 'REGISTERED', body: { name: 'x' } }))).toMatchObject([{ place: 'id' }]);
    expect(mistakesOf(parseSetting({ kind: 'scope', id: 's', body: { name: 'x', parent: 'OS' } }))).toMatchObject([
      { place: 'body.parent', found: '"OS"', allowed: 'a scope that is not built in' },
    ]);
  });
  it('is refused by name when its kind has no schema yet', () => {
    const unknown = SETTING_KINDS.filter((kind) => !KNOWN_KINDS.includes(kind));
    for (const kind of unknown)
      expect(mistakesOf(parseSetting({ kind, id: 'x', body: {} }))).toMatchObject([
        { place: 'kind', found: JSON.stringify(kind) },
      ]);
  });
  it('says what it refers to, and where', () => {
    expect(referencesOf('node', bodyOf({ scopes: ['a', 'b'] }))).toEqual([
      { kind: 'scope', id: 'a', place: 'scopes.0' },
      { kind: 'scope', id: 'b', place: 'scopes.1' },
    ]);
    expect(referencesOf('scope', { name: 'x', parent: null, sortOrder: 1 })).toEqual([]);
  });
});

describe('secrets', () => {
  const secrets = settingSecretsOf('node');
  const body = bodyOf({ snmp: { community: 'hush' }, ssh: { password: 'pass', privateKey: null } });
  it('are null in what is shown, which says where there are some', () => {
    const shown = maskSecrets(secrets, body);
    expect(shown.hasSecret).toEqual(['snmp.community', 'ssh.password']);
    expect(JSON.stringify(shown.body)).not.toMatch(/hush|pass"/);
    expect(body).toMatchObject({ snmp: { community: 'hush' } });
  });
  it('stay when they are not said, go when they are empty, and go with the part that has them', () => {
    expect(keepSecrets(secrets, bodyOf({ snmp: { community: null, port: 99 }, ssh: { password: '' } }), body)).toMatchObject({
      ...{ snmp: { community: 'hush', port: 99 }, ssh: { password: null } },
    });
    expect(keepSecrets(secrets, bodyOf({}), body)).not.toHaveProperty('snmp');
    expect(keepSecrets(secrets, bodyOf({ snmp: {} }), undefined)).toMatchObject({ snmp: { community: null } });
    expect([leavesSecrets(secrets, bodyOf({})), leavesSecrets(secrets, bodyOf({ snmp: {} }))]).toEqual([false, true]);
  });
  it('in lists are those of the element of the same name', () => {
    const tree = { pages: { '*': { password: true } } } as const;
    const before = {
      pages: [
        { name: 'a', password: '1' },
        { name: 'b', password: '2' },
      ],
    };
    const after = {
      pages: [
        { name: 'b', password: null },
        { name: 'c', password: null },
      ],
    };
    expect(keepSecrets(tree, after, before)).toEqual({
      pages: [
        { name: 'b', password: '2' },
        { name: 'c', password: null },
      ],
    });
    expect(maskSecrets(tree, before).hasSecret).toEqual(['pages.0.password', 'pages.1.password']);
  });
  it('of a login by OAuth 2.0 must be there for its grant, with the account', () => {
    const oauth2 = { tokenUrl: 'https://login.example.org/token', clientId: 'c', clientSecret: 'hush', refreshToken: 'hush too' };
    const server = (change: object, user: string | null = 'ops@example.org') =>
      parseSetting({
        ...{ kind: 'mail-server', id: 'm1' },
        body: { host: 'm', from: 'ops@example.org', user, oauth2: { ...oauth2, ...change } },
      });
    const whole = server({});
    if (!whole.ok) throw new Error(JSON.stringify(whole.mistakes));
    const shown = maskSecrets(settingSecretsOf('mail-server'), whole.setting.body);
    expect(shown.hasSecret).toEqual(['oauth2.clientSecret', 'oauth2.refreshToken']);
    expect(JSON.stringify(shown.body)).not.toContain('hush');
    const missing = (...args: Parameters<typeof server>) => {
      const parsed = server(...args);
      return parsed.ok ? wholeMistakesOf('mail-server', parsed.setting.body).map(({ place }) => place) : parsed.mistakes;
    };
    expect(missing({})).toEqual([]);
    expect(missing({ refreshToken: null }, null)).toEqual(['user', 'oauth2.refreshToken']);
    expect(missing({ grant: 'client-credentials', refreshToken: null, clientSecret: null })).toEqual(['oauth2.clientSecret']);
  });
  it('of SNMPv3 must be there for its level', () => {
    const v3 = (snmp: object) =>
      wholeMistakesOf('node', bodyOf({ snmp: { version: 'v3', user: 'u', ...snmp } })).map(({ place }) => place);
    expect(v3({ level: 'noAuthNoPriv' })).toEqual([]);
    expect(v3({ level: 'authNoPriv' })).toEqual(['snmp.authSecret']);
    expect(v3({ level: 'authPriv', authSecret: '12345678', privSecret: '1234567', user: '' })).toEqual([
      'snmp.user',
      'snmp.privSecret',
    ]);
  });
});

describe('a difference', () => {
  it('is told field by field, secrets only as being there', () => {
    const before = { name: 'a', tags: ['x'], snmp: { community: 'old', port: 1 } };
    const after = { name: 'b', tags: ['x', 'y'], snmp: { community: 'new', port: 1 }, more: { community: 'c', deep: 1 } };
    expect(differencesOf(before, after, { snmp: { community: true }, more: { community: true } })).toEqual([
      { place: 'name', before: 'a', after: 'b' },
      { place: 'tags', before: ['x'], after: ['x', 'y'] },
      { place: 'snmp.community', before: '(a secret)', after: '(a secret)' },
      { place: 'more', after: { community: '(a secret)', deep: 1 } },
    ]);
  });
  it('in a list is told of the element with the same id, by its place, whatever came or went beside it', () => {
    const before = { jobs: [{ id: 'a', run: 1 }, { id: 'gone' }, { id: 'b', run: 2 }] };
    const after = { jobs: [{ id: 'new' }, { id: 'a', run: 1 }, { id: 'b', run: 3 }] };
    expect(differencesOf(before, { jobs: [...after.jobs, { id: 'c' }] }, {})).toEqual([
      { place: 'jobs.0', after: { id: 'new' } },
      { place: 'jobs.2.run', before: 2, after: 3 },
      { place: 'jobs.3', after: { id: 'c' } },
      { place: 'jobs.1', before: { id: 'gone' } },
    ]);
  });
  it('of a list whose elements have changed places is one', () => {
    const list = [{ id: 'a' }, { id: 'b' }, { id: 'c' }];
    const turned = [{ id: 'c' }, { id: 'a' }];
    expect(differencesOf({ list }, { list: turned }, {})).toEqual([{ place: 'list', before: list, after: turned }]);
  });
  it('is none when only the order of keys is another one', () => {
    expect(isSameJson({ a: 1, b: { c: [1, { d: 2 }] } }, { b: { c: [1, { d: 2 }] }, a: 1 })).toBe(true);
    expect(isSameJson({ a: 1 }, { a: 1, b: null })).toBe(false);
    expect(isSameJson([1, 2], [2, 1])).toBe(false);
  });
});
