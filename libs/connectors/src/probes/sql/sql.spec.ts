import { chmodSync, chownSync, statSync } from 'node:fs';
import {
  Daemons,
  findSystemProgram,
  freePorts,
  startMariadb,
  startTestPostgres,
  TestAuthority,
  type TestPostgres,
} from '@yosugara/testkit';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createProbes } from '../index.js';
import { askOne, newlyOpen, node, openThings, PATTERNS, whyOf } from '../testing/asking.js';
import { serveTcp, type TestServer } from '../testing/servers.js';

const authority = new TestAuthority();
const probes = createProbes({ patterns: PATTERNS, authorities: () => authority.ca.toString() });
const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(async () => {
  for (const probe of probes) await probe.close();
  authority.remove();
});

/** What is the same of both. */
function asks(access: () => object) {
  const number = async (query: string, more: object = {}) => await askOne(probes, 'sql-numeric', { ...access(), query, ...more });
  const text = async (query: string) => await askOne(probes, 'sql-string', { ...access(), query });
  const why = async (query: string, more: object = {}) => await whyOf(probes, 'sql-numeric', { ...access(), query, ...more });

  it('gives a number, and a text; nothing stays open', async () => {
    const before = openThings();
    expect(await number('select 41.5 + 1')).toEqual({ kind: 'number', number: 42.5 });
    expect(await text("select 'it is well'")).toEqual({ kind: 'text', text: 'it is well' });
    expect(await text('select 12345678901234567890')).toEqual({ kind: 'text', text: '12345678901234567890' });
    await expect.poll(() => newlyOpen(before)).toEqual([]);
  });
  it.each([
    ['select 1 where 1 = 0', 'the query gave no row'],
    ['select 1 union select 2', 'the query gave more than one row'],
    ['select 1, 2', 'the query gave 2 columns: one is wanted'],
    ['select null', 'the query gave NULL'],
    ["select 'many'", 'the query gave what is no number: "many"'],
  ])('%s: %s', async (query, expected) => expect(await why(query)).toBe(expected));
  it('does not write', async () => {
    for (const query of ['insert into kept values (1)', 'delete from kept', 'drop table kept', 'create table other (n int)'])
      expect([query, await why(query)]).toEqual([query, expect.stringMatching(/^the query would write: |says: .*read.only/i)]);
    expect(await number('select count(*) from kept')).toEqual({ kind: 'number', number: 1 });
  });
  it('takes one statement only', async () => {
    expect(await why('select 1; drop table kept')).toMatch(/says: /);
    expect(await number('select count(*) from kept')).toEqual({ kind: 'number', number: 1 });
  });
  it('says what the server says of a mistake', async () =>
    expect(await why('select nonsense from nowhere')).toMatch(/says: .*nowhere/));
  it('stops a query that takes too long, at the server as well', async () => {
    const before = openThings();
    const slow = 'pg_sleep' in access() ? 'select 1 from pg_sleep(30)' : 'select sleep(30)';
    expect(await why(slow, { timeoutMs: 700 })).toMatch(/no answer within 700 ms|did not end the query in time/);
    await expect.poll(() => newlyOpen(before)).toEqual([]);
  });
}

describe('PostgreSQL', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startTestPostgres();
    const client = new pg.Client(server.connectionString);
    await client.connect();
    await client.query("create table kept (n int); insert into kept values (7); create role ann login password 'open sesame'");
    await client.end();
  });
  afterAll(async () => await server.stop());
  const access = () => ({
    driver: 'postgresql',
    host: '127.0.0.1',
    port: server.port,
    database: 'postgres',
    user: 'postgres',
    pg_sleep: 0,
  });
  const checked = () => {
    const { pg_sleep: _, ...rest } = access();
    return rest;
  };
  asks(() => Object.defineProperty({ ...checked() }, 'pg_sleep', { value: 0, enumerable: false }));

  it('does not take in more than one value needs', async () => {
    const before = openThings();
    const huge = { ...checked(), query: "select repeat('x', 50000000)" };
    expect(await whyOf(probes, 'sql-string', huge)).toBe(
      `the query's answer from 127.0.0.1:${server.port} has more than 1048576 bytes: one value is wanted`,
    );
    expect(await whyOf(probes, 'sql-string', { ...huge, query: 'select generate_series(1, 100000000)' })).toMatch(
      /more than 1048576 bytes/,
    );
    await expect.poll(() => newlyOpen(before)).toEqual([]);
  });
  it('without TLS is said to be that', async () =>
    expect(await whyOf(probes, 'sql-numeric', { ...checked(), query: 'select 1', tls: 'require' })).toBe(
      `PostgreSQL at 127.0.0.1:${server.port} does not speak TLS`,
    ));
  it('says that a database is not there', async () =>
    expect(await whyOf(probes, 'sql-numeric', { ...checked(), database: 'none', query: 'select 1' })).toBe(
      `PostgreSQL at 127.0.0.1:${server.port} says: database "none" does not exist`,
    ));
  it('by TLS, with its name looked at', async () => {
    const { keyFile, certFile } = authority.issue('db.example', ['DNS:db.example']);
    chmodSync(authority.dir, 0o755);
    const { uid, gid } = statSync(server.dataDir);
    chownSync(keyFile, uid, gid);
    chmodSync(keyFile, 0o600);
    const client = new pg.Client(server.connectionString);
    await client.connect();
    for (const [name, value] of [
      ['ssl_cert_file', certFile],
      ['ssl_key_file', keyFile],
      ['ssl', 'on'],
    ] as const)
      await client.query(`alter system set ${name} = '${value}'`);
    await client.query('select pg_reload_conf()');
    await client.end();
    const { host: _, ...rest } = checked();
    const query = 'select ssl::int from pg_stat_ssl where pid = pg_backend_pid()';
    const under = async (name: string, tls: string) =>
      await askOne(probes, 'sql-numeric', { ...rest, query, tls }, { node: node({ hostNames: [name] }) });
    // The postmaster reads its files again when it comes to it.
    await expect.poll(async () => await under('db.example', 'verify')).toEqual({ kind: 'number', number: 1 });
    const before = openThings();
    expect(await under('other.example', 'verify')).toEqual({
      kind: 'failure',
      why: `the certificate of 127.0.0.1:${server.port} is for another name`,
    });
    expect(await under('other.example', 'require')).toEqual({ kind: 'number', number: 1 });
    await expect.poll(() => newlyOpen(before)).toEqual([]);
  });
  it('is found at the address of its node', async () => {
    const { host: _, ...rest } = checked();
    expect(await askOne(probes, 'sql-numeric', { ...rest, query: 'select 1' }, { node: node() })).toEqual({
      kind: 'number',
      number: 1,
    });
  });
});

describe.skipIf(findSystemProgram('mariadbd') === null)('MariaDB (package mariadb-server-core)', () => {
  const daemons = new Daemons('mariadb');
  let port = 0;
  beforeAll(async () => {
    const certificate = authority.issue('db.example', ['DNS:db.example']);
    ({ port } = await startMariadb(daemons, certificate));
    const connection = await createConnection({ host: '127.0.0.1', port, user: 'root', multipleStatements: true });
    await connection.query(
      "create database shop; use shop; create table kept (n int); insert into kept values (7); create user ann@'127.0.0.1' identified by 'open sesame'; grant all on shop.* to ann@'127.0.0.1'",
    );
    await connection.end();
  });
  afterAll(async () => await daemons.stop());
  const access = () => ({ driver: 'mysql', host: '127.0.0.1', port, database: 'shop', user: 'ann', password: 'open sesame' });
  asks(access);

  it('by TLS, with its name looked at', async () => {
    const check = async (host: string, tls: string) =>
      await askOne(probes, 'sql-numeric', { ...access(), host, query: 'select 1', tls });
    const before = openThings();
    expect(await check('127.0.0.1', 'require')).toEqual({ kind: 'number', number: 1 });
    expect(await check('localhost', 'verify')).toMatchObject({
      kind: 'failure',
      why: `the certificate of localhost:${port} is for another name`,
    });
    const { host: _, ...rest } = access();
    const at = { node: node({ hostNames: ['db.example'] }) };
    expect(await askOne(probes, 'sql-numeric', { ...rest, query: 'select 1', tls: 'verify' }, at)).toEqual({
      kind: 'number',
      number: 1,
    });
    await expect.poll(() => newlyOpen(before)).toEqual([]);
  });
  it('says that a password is wrong, and not which', async () => {
    const why = await whyOf(probes, 'sql-numeric', { ...access(), password: 'wrong guess', query: 'select 1' });
    expect(why).toMatch(/says: Access denied for user 'ann'/);
    expect(why).not.toContain('wrong guess');
  });
  it('does not get a file of ours', async () =>
    expect(
      await whyOf(probes, 'sql-numeric', { ...access(), query: "load data local infile '/etc/passwd' into table kept" }),
    ).toMatch(/says: |would write/));
});

describe.each(['postgresql', 'mysql'])('a %s that', (driver) => {
  const check = (port: number, timeoutMs = 20_000) => ({
    driver,
    host: '127.0.0.1',
    port,
    database: 'x',
    user: 'x',
    query: 'select 1',
    timeoutMs,
  });
  it('is not there refuses', async () => {
    const [port] = await freePorts(1);
    expect(await whyOf(probes, 'sql-numeric', check(port!))).toBe(`connection refused by 127.0.0.1:${port}`);
  });
  it.each([
    ['says nothing', [] as readonly string[]],
    ['is none', ['HTTP/1.1 400 Bad Request\r\n\r\n']],
  ])('%s is a failure, and nothing stays open', async (_, words) => {
    const server = await serveTcp((socket) => {
      for (const word of words) socket.write(word);
    });
    servers.push(server);
    const before = openThings();
    expect(await askOne(probes, 'sql-numeric', check(server.port, 300))).toMatchObject({ kind: 'failure' });
    await expect.poll(() => newlyOpen(before)).toEqual([]);
  });
  it('hangs up is a failure', async () => {
    const server = await serveTcp((socket) => socket.destroy());
    servers.push(server);
    expect(await whyOf(probes, 'sql-numeric', check(server.port))).toMatch(/closed the connection|connection reset/);
  });
});
