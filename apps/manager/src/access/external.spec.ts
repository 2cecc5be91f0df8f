/// <reference path="./testing/oidc-provider.d.ts" />
import 'reflect-metadata';
import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { Daemons, findSystemProgram, freePort, TestAuthority } from '@yosugara/testkit';
import Provider from 'oidc-provider';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AccessWorld, accessWorld } from './testing/access-world.js';

/** Debian: slapd. */
const SLAPD = findSystemProgram('slapd');
const SLAPADD = findSystemProgram('slapadd');
const BASE = 'dc=example,dc=org';

const ENTRIES = `
dn: ${BASE}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: cn=searcher,${BASE}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: searcher
userPassword: search-password

dn: uid=eva,${BASE}
objectClass: inetOrgPerson
uid: eva
cn: Eva Example
sn: Example
mail: eva@example.org
userPassword: password-of-eva

dn: cn=ops,${BASE}
objectClass: groupOfNames
cn: ops
member: uid=eva,${BASE}
`;

const daemons = new Daemons('directory');
const authority = new TestAuthority();
let world: AccessWorld;
let provider: Server;
let consoleUrl: string;
let issuer: string;

beforeAll(async () => {
  const [ldapPort, oidcPort, consolePort] = [await freePort(), await freePort(), await freePort()];
  if (SLAPD !== null) await startSlapd(ldapPort);
  issuer = `http://127.0.0.1:${oidcPort}`;
  consoleUrl = `http://127.0.93.1:${consolePort}`;
  provider = await startProvider(oidcPort);
  const ldap = {
    ...{
      urls: ['ldaps://127.0.0.1:1', `ldaps://127.0.0.1:${ldapPort}`],
      caFile: authority.caFile,
      base: BASE,
      timeoutMs: 30_000,
    },
    ...{ bindDn: `cn=searcher,${BASE}`, bindPasswordFile: daemons.write('bind-password', 'search-password\n') },
    ...{ groupBase: BASE, roles: [{ group: `cn=ops,${BASE}`, roles: ['operator'] }], defaultRoles: ['viewer'] },
  };
  const oidc = [
    {
      ...{
        id: 'company',
        name: 'Company',
        issuer,
        clientId: 'yosugara',
        publicUrl: consoleUrl,
        allowInsecure: true,
        timeoutMs: 30_000,
      },
      clientSecretFile: daemons.write('client-secret', 'the-secret-of-the-client'),
      roles: [{ group: 'admins', roles: ['operator'] }],
    },
  ];
  world = await accessWorld(93, { ldap, oidc }, consolePort);
});
beforeEach(async () => await world.eras.becomeActive(world.node, 'a'));
afterAll(async () => {
  await world?.stop();
  provider?.close();
  await daemons.stop();
  authority.remove();
});

const login = async (body: object) => await world.node.call('POST', '/api/login', { body, withinMs: 60_000 });
const userOf = async (text: string) => (await world.as(world.admin, 'GET', `/api/v1/users?text=${text}`)).body.rows[0];

it('the login page is told which ways there are', async () =>
  expect((await world.node.call('GET', '/api/login/ways')).body).toEqual({
    password: true,
    ldap: true,
    oidc: [{ id: 'company', name: 'Company' }],
  }));

describe.skipIf(SLAPD === null)('whom an LDAP directory knows (slapd over TLS)', () => {
  it('comes in with the password of there, is made at the first login, and has the roles of their groups', async () => {
    const entered = await login({ login: 'eva', password: 'password-of-eva' });
    expect(entered).toMatchObject({
      status: 200,
      body: { login: 'eva', source: 'ldap', name: 'Eva Example', mail: 'eva@example.org', mustChange: false },
    });
    expect(entered.body.roles).toEqual(['viewer', 'operator']);
    expect(await userOf('eva')).toMatchObject({ source: 'ldap', roles: ['viewer', 'operator'] });
    const again = await login({ login: 'EVA', password: 'password-of-eva' });
    expect(again.body.id).toBe(entered.body.id);
    const cookie = again.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect(
      await world.as(cookie, 'POST', '/api/password', { current: 'password-of-eva', next: 'another-password' }),
    ).toMatchObject({
      ...{ status: 409, body: { code: 'NOT_LOCAL' } },
    });
  });
  it.each([
    ['eva', 'wrong'],
    ['nobody', 'password-of-eva'],
    ['*', 'password-of-eva'],
    ['eva)(uid=*', 'password-of-eva'],
  ])('does not come in as %s with %s', async (name, password) =>
    expect(await login({ login: name, password })).toMatchObject({ status: 401, body: { code: 'LOGIN_REFUSED' } }),
  );
  it('a local user stays local, whoever has the name in the directory', async () => {
    expect((await login({ login: 'admin', password: 'password-of-eva' })).status).toBe(401);
    expect((await userOf('admin')).source).toBe('local');
  });
});

describe('whom a provider of OpenID Connect knows (oidc-provider)', () => {
  it('goes there and comes back with a session, roles by their groups', async () => {
    const { location, cookie } = await through('olga');
    expect(location.startsWith(`${consoleUrl}/api/login/oidc/company/callback?`)).toBe(true);
    const back = await fetch(location, { headers: { cookie }, redirect: 'manual' });
    expect([back.status, await back.clone().text()]).toEqual([200, expect.stringContaining('url=/')]);
    const session = back.headers.getSetCookie().find((each) => each.startsWith('yosugara_session='))!;
    expect(session).toMatch(/HttpOnly; SameSite=Strict/);
    const me = (await world.node.call('GET', '/api/me', { cookie: session.split(';')[0]! })).body;
    expect(me).toMatchObject({ login: 'olga', source: 'oidc', name: 'Olga', roles: ['operator'], mustChange: false });
    // Each code and each attempt is good once.
    expect((await fetch(location, { headers: { cookie }, redirect: 'manual' })).status).toBe(401);
    expect((await login({ login: 'olga', password: 'anything' })).status).toBe(401);
  });
  it('comes in neither with another’s attempt, nor without one', async () => {
    const [one, other] = [await through('paula'), await through('quinn')];
    expect((await fetch(one.location, { headers: { cookie: other.cookie }, redirect: 'manual' })).status).toBe(401);
    expect((await fetch(other.location, { redirect: 'manual' })).status).toBe(401);
    expect((await world.node.call('GET', '/api/login/oidc/nobody')).status).toBe(404);
  });
  it('does not become a local user of the same name', async () => {
    const { location, cookie } = await through('admin');
    expect((await fetch(location, { headers: { cookie }, redirect: 'manual' })).status).toBe(401);
  });
});

/** As a browser: to the provider, its pages, and back. Resolves to where it was sent last, and our own cookie. */
async function through(account: string): Promise<{ readonly location: string; readonly cookie: string }> {
  const begun = await fetch(`${consoleUrl}/api/login/oidc/company`, { redirect: 'manual' });
  const cookie = begun.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const jar = new Map<string, string>();
  const go = async (url: string, form?: Record<string, string>): Promise<string> => {
    const headers = { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') };
    const body = form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) };
    const answer = await fetch(url, { headers, redirect: 'manual', ...body });
    for (const each of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(each) ?? [];
      jar.set(name, value);
    }
    const next = answer.headers.get('location');
    if (next !== null) {
      const at = new URL(next, url).href;
      return at.startsWith(consoleUrl) ? at : await go(at);
    }
    const page = await answer.text();
    if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${page.slice(0, 300)}`);
    const action = /action="([^"]+)"/.exec(page)?.[1] ?? '';
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1] ?? '';
    return await go(new URL(action, url).href, { prompt, login: account, password: 'x' });
  };
  return { location: await go(begun.headers.get('location')!), cookie };
}

async function startProvider(port: number): Promise<Server> {
  const oidc = new Provider(issuer, {
    clients: [
      {
        ...{ client_id: 'yosugara', client_secret: 'the-secret-of-the-client' },
        redirect_uris: [`${consoleUrl}/api/login/oidc/company/callback`],
      },
    ],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups'], email: ['email', 'email_verified'] },
    cookies: { keys: ['spec'] },
    findAccount: async (_: unknown, id: string) => ({
      accountId: id,
      claims: async () => ({
        ...{ sub: id, preferred_username: id, name: `${id[0]!.toUpperCase()}${id.slice(1)}`, email: `${id}@example.org` },
        ...{ email_verified: true, groups: id === 'olga' ? ['admins'] : [] },
      }),
    }),
  });
  const server = createServer(oidc.callback());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

async function startSlapd(port: number): Promise<void> {
  const data = join(daemons.dir, 'ldap');
  mkdirSync(data, { recursive: true });
  const { certFile, keyFile } = authority.issue('ldap', ['IP:127.0.0.1']);
  const schemas = ['core', 'cosine', 'inetorgperson'].map((name) => `include /etc/ldap/schema/${name}.schema`).join('\n');
  const config = daemons.write(
    'slapd.conf',
    `${schemas}
pidfile ${join(daemons.dir, 'slapd.pid')}
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCACertificateFile ${authority.caFile}
TLSCertificateFile ${certFile}
TLSCertificateKeyFile ${keyFile}
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=searcher,${BASE}" read by * none
database mdb
suffix "${BASE}"
rootdn "cn=root,${BASE}"
directory ${data}
`,
  );
  daemons.run(SLAPADD!, ['-f', config, '-l', daemons.write('entries.ldif', ENTRIES)]);
  await daemons.start({ program: SLAPD!, args: ['-f', config, '-h', `ldaps://127.0.0.1:${port}/`, '-d', '0'], ready: port });
}
