import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HostKeyRing, lineOfKey, newKey } from '@yosugara/host-control/keys';
import {
  NodeConfigSchema,
  type SecretsView,
  type SettingHistory,
  type SettingsExport,
  type SettingView,
} from '@yosugara/protocol';
import { startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { aStatus } from '../testing/fake-controller.js';
import { managerOf, type NodeManager } from '../testing/manager-of.js';

/*
 * The manager of a node and its PostgreSQL. Secrets are given by the API, as people do it; then everything that PostgreSQL has on its disk is
 * looked through for them: tables, dead rows, WAL.
 */
const run = promisify(execFile);
const soon = { timeout: 60_000, interval: 50 };
const dir = mkdtempSync(join(tmpdir(), 'yosugara-secrets-'));
const [one, two] = [newKey(), newKey()];
const keyFile = join(dir, 'a', 'secrets', 'keys');
let postgres: TestPostgres;
let pool: pg.Pool;
let a: NodeManager;

const config = NodeConfigSchema.parse({
  cluster: {
    id: 'spec',
    members: ['a', 'b'].map((id, at) => ({ id, kind: 'data', address: `127.0.91.${at + 1}`, peerId: `peer-${id}` })),
  },
  ...{ node: 'a', stateDir: join(dir, 'a'), dataDir: dir },
});
/** What the controllers say of the nodes' keys; null: b is of an older version. */
const say = (ofB: readonly string[] | null, change: object = {}) => {
  const bare = { address: '127.0.91.1', zone: '', why: '', reachable: true, syncSet: true, lagBytes: 0, timeline: 1, lsn: null };
  const rest = {
    postgres: 'standby',
    vip: false,
    needsRecover: false,
    deadMan: 'soft',
    receiver: null,
    recover: null,
    processes: [],
  };
  const keys = ofB === null ? {} : { keys: { ids: [...ofB], lacks: [] } };
  const nodes = [
    { ...bare, ...rest, name: 'a', role: 'MASTER_SYNC', keys: { ids: [], lacks: [] } },
    { ...bare, ...rest, name: 'b', role: 'STANDBY_SYNC', ...keys },
  ];
  a.controller.status = { ...aStatus(1), nodes, ...change };
};
const view = async () => await a.get<SecretsView>('/api/v1/secrets');
const put = async (kind: string, id: string, body: object, description = '') => {
  const named = kind === 'node' ? { name: id, ...body } : body;
  const answer = await a.call('PUT', `/api/v1/settings/${kind}/${id}`, { body: { description, body: named } });
  expect([200, 201], JSON.stringify(answer.body)).toContain(answer.status);
};

beforeAll(async () => {
  // Full pages in the WAL would hold what was there before.
  postgres = await startTestPostgres({ full_page_writes: 'off' });
  pool = new pg.Pool({ host: postgres.host, port: postgres.port, user: 'postgres', database: 'postgres' });
  mkdirSync(join(dir, 'a', 'secrets'), { recursive: true });
  writeFileSync(keyFile, `${lineOfKey(one)}\n`, { mode: 0o600 });
  const keys = new HostKeyRing({ config, stateDir: join(dir, 'a'), env: {} });
  a = await managerOf(config, '127.0.91.1', postgres, () => null, undefined, null, { keys });
  say(null);
  a.controller.say({ mode: 'active', master: 'a', epoch: 1 });
  await vi.waitFor(() => expect(a.controller.lastReport()?.ready).toBe(true), soon);
}, 120_000);
afterAll(async () => {
  await a?.stop();
  await pool?.end();
  await postgres?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** All of one secret begin alike, so that one search finds them. */
const SECRETS = (mark: string) => ({
  node: ['node', 'web1', { snmp: { community: `${mark}-comm`, authSecret: `${mark}-auth`, privSecret: `${mark}-priv` } }],
  ssh: ['node', 'web2', { ssh: { password: `${mark}-ssh`, privateKey: `${mark}-key`, passphrase: `${mark}-phrase` } }],
  mail: [
    'mail-server',
    'mail',
    {
      ...{ host: 'mail.example', from: 'a@example.org', user: 'me', password: `${mark}-mail` },
      oauth2: {
        tokenUrl: 'https://id.example/token',
        clientId: 'me',
        clientSecret: `${mark}-oauth`,
        refreshToken: `${mark}-fresh`,
      },
    },
  ],
  rest: [
    'rest-access',
    'hook',
    { url: 'https://hook.example/#[SECRET]', secret: `${mark}-hook`, auth: { type: 'bearer', token: `${mark}-bearer` } },
  ],
});
const putAll = async (mark: string) => {
  for (const [kind, id, body] of Object.values(SECRETS(mark))) await put(kind as string, id as string, body as object);
};
/** PostgreSQL takes files away, too. */
function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
async function inDatabase(mark: string): Promise<readonly string[]> {
  await pool.query('checkpoint');
  const found: string[] = [];
  for (const file of readdirSync(postgres.dataDir, { recursive: true, withFileTypes: true }))
    if (file.isFile() && bytesOf(join(file.parentPath, file.name)).includes(mark)) found.push(join(file.parentPath, file.name));
  return found.map((path) => path.slice(postgres.dataDir.length + 1));
}
async function dump(): Promise<string> {
  const bin = process.env['YOSUGARA_PG_BIN'] ?? `/usr/lib/postgresql/${readdirSync('/usr/lib/postgresql').sort().at(-1)}/bin`;
  const args = ['-h', postgres.host, '-p', String(postgres.port), '-U', 'postgres', 'postgres'];
  return (await run(join(bin, 'pg_dump'), args, { maxBuffer: 64 * 1024 * 1024 })).stdout;
}

describe('secrets of settings', () => {
  it('lie in the clear while a node of an older version could become Master, and the API says what it waits for', async () => {
    await expect.poll(async () => (await view()).waitsFor, soon).toBe('b does not say which keys it has');
    expect((await view()).encryptsBy).toBeNull();
    await putAll('clear-text');
    // What the search finds when there is something to find.
    expect(await dump()).toContain('clear-text-comm');
    expect(await inDatabase('clear-text-comm')).toEqual(expect.arrayContaining([expect.stringMatching(/^pg_wal\//)]));
    say([one.id], { upgrade: { level: 1, common: 2, state: 'ready', next: 'finish', members: [] } });
    await expect.poll(async () => (await view()).waitsFor, soon).toBe('the upgrade of the cluster is not over');
  });

  it('are encrypted as soon as all nodes have the key, and what was stored before with them, history too', async () => {
    say([one.id]);
    await expect.poll(async () => (await view()).used, soon).toMatchObject([{ id: one.id, completeAt: expect.any(String) }]);
    expect(await view()).toMatchObject({ encryptsBy: one.id, waitsFor: null, problem: null, pass: null });
    expect(await dump()).not.toContain('clear-text');
    const { rows } = await pool.query("select body->'snmp'->>'community' as is from setting where id = 'web1'");
    expect(rows[0].is).toMatch(new RegExp(`^sealed:1:${one.id}:`));
    expect(await a.get<SettingView>('/api/v1/settings/node/web1')).toMatchObject({
      revision: 1,
      hasSecret: expect.arrayContaining(['snmp.community']),
      body: { snmp: { community: null } },
    });
    expect((await pool.query("select detail->>'key' as key from audit where action = 'secrets.key'")).rows).toEqual([
      { key: one.id },
    ]);
  });

  it('that are given from then on are nowhere in a dump, in the files of the database or in its WAL; nor in exports, history and audit log', async () => {
    await putAll('quite-hidden');
    await put('node', 'web1', { snmp: { community: 'quite-hidden-2', authSecret: null, privSecret: null } });
    expect(await dump()).not.toContain('quite-hidden');
    expect(await inDatabase('quite-hidden')).toEqual([]);
    const exported = await a.get<SettingsExport>('/api/v1/settings/export');
    const history = await a.get<SettingHistory>('/api/v1/settings/node/web1/history');
    const audit = (await pool.query('select * from audit')).rows;
    for (const [what, shown] of Object.entries({ exported, history, audit })) {
      expect(JSON.stringify(shown), what).not.toContain('quite-hidden');
      expect(JSON.stringify(shown), what).not.toContain('sealed:1:');
    }
    // A secret that stays is no difference, although its encrypted text is another one each time.
    expect(history.revisions[0]?.differences.map(({ place }) => place)).toEqual(['body.snmp.community']);
  });

  it('that are not said stay what they were, and cannot be moved to another place of the database', async () => {
    const { rows } = await pool.query("select body->'snmp'->>'community' as is from setting where id = 'web1'");
    await put('node', 'web1', { snmp: { community: null, authSecret: null, privSecret: null } }, 'another');
    expect(await a.get<SettingView>('/api/v1/settings/node/web1')).toMatchObject({
      hasSecret: expect.arrayContaining(['snmp.community', 'snmp.authSecret', 'snmp.privSecret']),
    });
    expect(
      await a.call('PUT', '/api/v1/settings/node/web2', { body: { body: { name: 'web2', snmp: { community: rows[0].is } } } }),
    ).toMatchObject({ status: 400 });
  });

  it('are encrypted by a newer key when every node has it, not before; then nothing is encrypted by the old one', async () => {
    writeFileSync(keyFile, `${lineOfKey(one)}\n${lineOfKey(two)}\n`);
    await expect.poll(async () => (await view()).waitsFor, soon).toContain(`b does not have the key ${two.id}`);
    expect(await a.call('POST', '/api/v1/secrets/rotate')).toMatchObject({ status: 409, body: { code: 'KEY_NOT_SHARED' } });
    expect((await view()).encryptsBy).toBe(one.id);
    await expect.poll(() => a.controller.lastReport()?.keys, soon).toEqual({ ids: [one.id, two.id], lacks: [] });
    say([one.id, two.id]);
    await expect.poll(async () => (await view()).used, soon).toMatchObject([{ id: two.id, completeAt: expect.any(String) }]);
    expect(await dump()).not.toContain(`sealed:1:${one.id}`);
    expect(await dump()).toContain(`sealed:1:${two.id}`);
    expect(await a.call('POST', '/api/v1/secrets/rotate')).toMatchObject({ status: 202, body: { encryptsBy: two.id } });
    expect((await pool.query("select detail->>'key' as key from audit where action = 'secrets.rotate'")).rows).toEqual([
      { key: two.id },
    ]);
  });

  it('of a key that this node lacks are told as lacking, and a new one is refused rather than stored in the clear', async () => {
    const b = await managerOf(
      { ...config, node: 'b', stateDir: join(dir, 'b') },
      '127.0.91.2',
      postgres,
      () => null,
      undefined,
      null,
      {
        keys: new HostKeyRing({ config, stateDir: join(dir, 'b'), env: {} }),
      },
    );
    try {
      b.controller.status = a.controller.status;
      b.controller.say({ mode: 'passive', master: 'a', epoch: 1 });
      await expect.poll(() => b.controller.lastReport()?.keys, soon).toEqual({ ids: [], lacks: [two.id] });
      await a.stop();
      b.controller.say({ mode: 'active', master: 'b', epoch: 2 });
      await expect.poll(() => b.controller.lastReport(), soon).toMatchObject({ mode: 'active', ready: true });
      const refused = await b.call('PUT', '/api/v1/settings/node/web3', {
        body: { body: { name: 'web3', snmp: { community: 'in-the-open' } } },
      });
      expect(refused).toMatchObject({
        status: 503,
        body: { code: 'KEY_MISSING', detail: expect.stringContaining('secrets/keys') },
      });
      // What has no secrets, or leaves them alone, is changed as ever.
      const kept = await b.call('PUT', '/api/v1/settings/node/web1', {
        body: { description: 'by b', body: { name: 'web1', snmp: {} } },
      });
      expect(kept.status).toBe(200);
      expect(await inDatabase('in-the-open')).toEqual([]);
    } finally {
      await b.stop();
    }
  });
});
