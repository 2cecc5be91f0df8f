import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { certificatePem, newAuthority, newRequest, type Authority as Pki } from '@yosugara/connectors/pki';
import { SILENT_LOG } from '@yosugara/kernel';
import type { Result } from '@yosugara/operations';
import { parseSetting } from '@yosugara/protocol';
import type { AgentDesk } from '@yosugara/runtime';
import { freePort, startTestPostgres, type TestPostgres, eventually as until } from '@yosugara/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeAgent, type FakeAgentOptions } from '../../../../libs/connectors/src/agents/testing/fake-agent.js';
import { hostClock } from '../clock.js';
import type { ManagerConfig } from '../config.js';
import { LiveSettings } from '../settings/live-settings.js';
import type { ManagerStore } from '../store/ports.js';
import { openStorage } from '../wiring.js';
import { Agents } from './agents.js';
import type { NewToken } from './join-tokens.js';
import { askToJoin, type JoinedIdentity, managingConfig } from './testing/managing.js';

let server: TestPostgres;
let pki: Pki;
let dir: string;
const nodes: Node[] = [];
const fakes: FakeAgent[] = [];
let epoch = 0;

interface Node {
  readonly managing: ManagerConfig;
  readonly agents: Agents;
  readonly live: LiveSettings;
  readonly store: ManagerStore;
  readonly address: string;
  readonly port: number;
  readonly told: Result[];
  end: () => void;
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'yosugara-agents-'));
  server = await startTestPostgres();
  pki = await newAuthority('spec');
  const { store } = openStorage(postgres(), 'a', SILENT_LOG);
  await store.migrate();
  await store.close();
});
afterAll(async () => {
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(() => {
  epoch += 1;
});
afterEach(async () => {
  for (const fake of fakes.splice(0)) fake.close();
  for (const { agents, live, store } of nodes.splice(0)) {
    agents.stop();
    live.stop();
    await store.close();
  }
});

const postgres = () => ({
  ...{ host: server.host, port: server.port, user: 'postgres', database: 'postgres', password: 'x', clusterCa: null },
});

const DESK: AgentDesk = {
  hello: async () => ({ committed: 0 }),
  news: async (_, __, first, news) => first + news.length - 1,
  startCheck: async () => ({ go: true, why: '' }),
  heard: () => undefined,
  gone: () => undefined,
};

/** @param sessionKey the same on both nodes. */
async function node(name: 'a' | 'b', sessionKey = Buffer.alloc(32, 7)): Promise<Node> {
  const port = await freePort();
  const managing = await managingConfig({ dir, pki, node: name, third: 91, port, postgres: server, sessionKey });
  const { address } = managing;
  const { store } = openStorage(postgres(), name, SILENT_LOG);
  const live = new LiveSettings(store.settings, SILENT_LOG);
  const told: Result[] = [];
  const agents = await Agents.open({
    ...{ config: managing, tables: store.agents, inventory: store.inventory, live, clock: hostClock, log: SILENT_LOG },
    tell: async (result) => void told.push(result),
  });
  if (agents === null) throw new Error('no certificates');
  live.start();
  agents.start({ now: () => ({ master: '127.0.91.1' }) as never });
  const made: Node = { managing, agents, live, store, address, port, told, end: () => undefined };
  nodes.push(made);
  return made;
}

async function serve(on: Node): Promise<void> {
  const ownEpoch = epoch;
  await on.store.claim(ownEpoch, () => undefined);
  await on.live.refresh();
  on.end = on.agents.serve({ epoch: ownEpoch, permitted: () => true, desk: DESK });
  await until('it serves', () => on.agents.servesEpoch === ownEpoch);
}

const tokenFor = async (on: Node, more: Partial<NewToken> = {}) =>
  await on.agents.addToken({
    ...{
      description: '',
      node: null,
      scopes: [],
      ownerRole: 'operator',
      uses: 1,
      by: 'ann',
      expiresAt: new Date(Date.now() + 60_000),
      ...more,
    },
  });

const joining = async (on: Node, agent: string, token: string, more: object = {}) =>
  await askToJoin(on.managing, pki, agent, token, more);

async function joined(on: Node, agent: string): Promise<JoinedIdentity> {
  const { token } = await tokenFor(on, { node: agent });
  const { status, body, identity } = await joining(on, agent, token);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return identity;
}

function connect(to: Node, identity: JoinedIdentity, more: Partial<FakeAgentOptions> = {}): FakeAgent {
  const cluster = certificatePem(pki.certificate);
  const fake = new FakeAgent({ ...identity, host: to.address, port: to.port, cluster, ...more });
  fakes.push(fake);
  return fake.hello();
}

const nodeSetting = (id: string, body: object) => {
  const parsed = parseSetting({ kind: 'node', id, body: { name: id, ...body } });
  if (!parsed.ok) throw new Error('not parsed');
  return parsed.setting;
};

describe('an agent that joins with a token', () => {
  it('is a node of the repository, in the scopes of the token, and is let in', async () => {
    const a = await node('a');
    await serve(a);
    const scope = parseSetting({ kind: 'scope', id: 'web', body: { name: 'Web' } });
    if (!scope.ok) throw new Error('scope');
    const how = { epoch, entry: () => ({ login: 'ann', action: 'x', detail: {}, node: 'a', epoch }), guard: () => undefined };
    await a.store.settings.put([scope.setting], { by: 'ann' }, how);
    const { token, number } = await tokenFor(a, { scopes: ['web'] });
    const { status, body, identity } = await joining(a, 'web1', token);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      authority: certificatePem(pki.certificate),
      managers: [
        { host: '127.0.91.1', port: a.port },
        { host: '127.0.91.2', port: a.port },
      ],
    });
    expect(a.live.snapshot.nodes.get('web1')?.body).toMatchObject({
      ...{ name: 'web1', addresses: ['10.1.2.3'], hostNames: ['web1.example.com'], scopes: ['web'], platform: 'LINUX' },
    });
    await connect(a, identity).told('welcome');
    expect(a.agents.register.all().find(({ id }) => id === 'web1')).toMatchObject({
      ...{ joinedBy: `token ${number}`, seen: { hostName: 'web1', version: '0.1.0' } },
    });
    // It was for one agent.
    expect((await joining(a, 'web2', token)).body).toMatchObject({ code: 'TOKEN_REFUSED' });
    expect(a.live.snapshot.nodes.has('web2')).toBe(false);
  });

  it('leaves a node alone that is there', async () => {
    const a = await node('a');
    await serve(a);
    const how = { epoch, entry: () => ({ login: 'ann', action: 'x', detail: {}, node: 'a', epoch }), guard: () => undefined };
    await a.store.settings.put([nodeSetting('db1', { addresses: ['10.9.9.9'] })], { by: 'ann' }, how);
    expect((await joining(a, 'db1', (await tokenFor(a)).token)).status).toBe(200);
    await a.live.refresh();
    expect(a.live.snapshot.nodes.get('db1')?.body.addresses).toEqual(['10.9.9.9']);
  });

  it('cannot take the place of one that is there, or was revoked, unless its token is for that node', async () => {
    const a = await node('a');
    await serve(a);
    const first = connect(a, await joined(a, 'ap1'));
    await first.told('welcome');
    const general = await tokenFor(a, { uses: 10 });
    expect(await joining(a, 'ap1', general.token)).toMatchObject({ status: 409, body: { code: 'AGENT_EXISTS' } });
    await a.agents.revoke('ap1', 'ann');
    expect(await first.told('go-away')).toMatchObject({ code: 'unknown-agent' });
    expect(await joining(a, 'ap1', general.token)).toMatchObject({ status: 409 });
    await connect(a, await joined(a, 'ap1')).told('welcome');
  });

  it('is cut at once when it is revoked, and stays out after a take-over: where it only waited, too', async () => {
    const [a, b] = [await node('a'), await node('b')];
    await serve(a);
    const identity = await joined(a, 'ap2');
    const inside = connect(a, identity);
    await inside.told('welcome');
    await until('the other one can tell it by its certificate', async () => {
      const fake = connect(b, identity);
      await fake.until(() => fake.isClosed || fake.heard.length > 0, 'it heard something');
      return fake.heard.some(({ say }) => say === 'wait');
    });
    const waiting = connect(b, identity);
    await waiting.told('wait');
    await a.agents.revoke('ap2', 'ann');
    expect(await inside.told('go-away')).toMatchObject({ code: 'unknown-agent' });
    await inside.closed();
    a.end();
    epoch += 1;
    await serve(b);
    expect(await waiting.told('go-away')).toMatchObject({
      code: 'unknown-agent',
      why: expect.stringContaining('revoked by ann'),
    });
    await waiting.closed();
    const again = connect(b, identity);
    expect(await again.told('go-away')).toMatchObject({ code: 'unknown-agent' });
  });

  it('and with none, one of another cluster, one that is over, or one for another node, does not', async () => {
    const a = await node('a');
    await serve(a);
    const over = await tokenFor(a, { expiresAt: new Date(Date.now() - 1) });
    const removed = await tokenFor(a);
    await a.agents.removeToken(removed.number, 'ann');
    const refused = async (token: string) => (await joining(a, 'x1', token)).body;
    const others = await tokenFor(a, { node: 'x2' });
    const sentence = 'this token is unknown, used up or over: ask for a new one (yosugara agents token)';
    for (const token of ['nothing-of-a-token', `yja.${'a'.repeat(43)}.${'b'.repeat(43)}`, over.token, removed.token])
      expect(await refused(token)).toEqual({ code: 'TOKEN_REFUSED', message: sentence });
    expect(await refused(others.token)).toMatchObject({ message: 'this token is for the node x2 only' });
    expect(await joining(a, 'x2', others.token, { request: 'no request' })).toMatchObject({ status: 400 });
    expect(await joining(a, 'REGISTERED', (await tokenFor(a)).token)).toMatchObject({
      status: 409,
      body: { code: 'NODE_REFUSED' },
    });
    expect(a.agents.register.all().some(({ id }) => id.startsWith('x'))).toBe(false);
  });
});

describe('after a take-over', () => {
  it('the other node knows the agents and signs as the one before did', async () => {
    const [a, b] = await Promise.all([node('a'), node('b')]);
    await serve(a);
    const identity = await joined(a, 'tk1');
    await connect(a, identity).told('welcome');
    // Warm: it can tell an agent by its certificate before it serves, as soon as it has read whom to trust.
    const warm = await until('b is warm', async () => {
      const fake = connect(b, identity);
      await fake.until(() => fake.heard.length > 0 || fake.isClosed, 'an answer');
      return fake.heard[0]?.say === 'wait' && fake;
    });
    a.end();
    epoch += 1;
    await serve(b);
    await warm.told('welcome');
    const { request } = await newRequest('agent:tk1');
    warm.say({ say: 'renew', request });
    const { certificate } = await warm.told('renewed');
    expect(certificate).toContain('BEGIN CERTIFICATE');
    expect((await b.store.agents.authorities()).length).toBe(1);
  });

  it('nothing is changed by the one before', async () => {
    const a = await node('a');
    await serve(a);
    a.end();
    await expect(tokenFor(a)).rejects.toMatchObject({ code: 'NOT_SERVING' });
    expect(await joining(a, 'y1', 'nothing-of-a-token')).toMatchObject({ status: 503, body: { code: 'NOT_ACTIVE' } });
  });

  it('a node that has another key of sessions makes an authority of its own, and still lets in who is there', async () => {
    const a = await node('a');
    await serve(a);
    const identity = await joined(a, 'k1');
    const before = (await a.store.agents.authorities()).length;
    a.end();
    epoch += 1;
    const b = await node('b', Buffer.alloc(32, 8));
    await serve(b);
    expect((await b.store.agents.authorities()).length).toBe(before + 1);
    await connect(b, identity).told('welcome');
    await connect(b, await joined(b, 'k2')).told('welcome');
  });
});

describe('a certificate', () => {
  it('is renewed over the link, and the one before is good until the new one was used', async () => {
    const a = await node('a');
    await serve(a);
    const old = await joined(a, 'r1');
    const agent = connect(a, old);
    await agent.told('welcome');
    const { key, request } = await newRequest('agent:r1');
    agent.say({ say: 'renew', request });
    const { certificate } = await agent.told('renewed');
    const renewed = { agent: 'r1', key, certificate: String(certificate) };
    agent.close();
    const again = connect(a, old);
    await again.told('welcome');
    again.close();
    await connect(a, renewed).told('welcome');
    expect(await connect(a, old).told('go-away')).toMatchObject({ code: 'unknown-agent' });
    await until('it is noted', async () => (await a.store.agents.agents()).find(({ id }) => id === 'r1')?.previous === null);
  });

  it('is refused for what is no request, and the agent goes on', async () => {
    const a = await node('a');
    await serve(a);
    const agent = connect(a, await joined(a, 'r2'));
    await agent.told('welcome');
    agent.say({ say: 'renew', request: 'nothing' });
    expect(await agent.told('renewed')).toMatchObject({ certificate: null, why: expect.stringContaining('request') });
    expect(a.agents.links.isConnected('r2')).toBe(true);
  });
});

describe('somebody is told', () => {
  it('of two agents with one identity, once in a while', async () => {
    const a = await node('a');
    await serve(a);
    const identity = await joined(a, 'd1');
    await connect(a, identity).told('welcome');
    for (let n = 0; n < 2; n++) await connect(a, identity).told('go-away');
    expect(a.told).toMatchObject([{ priority: 'critical', trigger: 'internal', item: 'd1', sub: 'agent-duplicate' }]);
  });

  it('of an agent whose node was taken out of the repository', async () => {
    const a = await node('a');
    await serve(a);
    const identity = await joined(a, 'g1');
    const how = { epoch, entry: () => ({ login: 'ann', action: 'x', detail: {}, node: 'a', epoch }), guard: () => undefined };
    await a.store.settings.remove({ kind: 'node', id: 'g1' }, { by: 'ann' }, how);
    await a.live.refresh();
    expect(await connect(a, identity).told('go-away')).toMatchObject({ why: 'the repository has no node g1 any more' });
    expect(a.told).toMatchObject([{ priority: 'warning', sub: 'agent-refused' }]);
  });
});

it('what joined and what was revoked is in the audit trail', async () => {
  const a = await node('a');
  await serve(a);
  await joined(a, 'au1');
  await a.agents.revoke('au1', 'ann');
  const pool = new (await import('pg')).default.Pool({
    host: server.host,
    port: server.port,
    database: 'postgres',
    user: 'postgres',
  });
  try {
    const { rows } = await pool.query("select actor, action, detail from audit where detail->>'agent' = 'au1' order by id");
    expect(rows).toMatchObject([
      { actor: 'agent:au1', action: 'agent.join', detail: { isNewNode: true } },
      { actor: 'ann', action: 'agent.revoke' },
    ]);
    const { rows: tokens } = await pool.query("select detail from audit where action = 'agent.token' order by id desc limit 1");
    expect(JSON.stringify(tokens)).not.toContain('yja.');
  } finally {
    await pool.end();
  }
});

describe('what a host consists of', () => {
  const openssl = (version: unknown, more: object = {}) => ({
    ...{ kind: 'package', key: 'openssl:amd64', name: 'openssl', fields: { version, architecture: 'amd64', by: 'dpkg' } },
    ...more,
  });
  const pack = (text: string) => gzipSync(text).toString('base64');
  const packed = (...items: readonly unknown[]) => pack(JSON.stringify({ format: 1, items, cut: [], troubles: [] }));
  /** As an agent of that version, or as one that lies. */
  function answering(on: Node, identity: JoinedIdentity, answer: () => string): FakeAgent {
    const fake = connect(on, identity, { hearsInventory: true });
    let seen = 0;
    const timer = setInterval(() => {
      for (const said of fake.heard.slice(seen))
        if (said.say === 'inventory') fake.say({ say: 'inventoried', id: said.id, packed: answer(), why: null });
      seen = fake.heard.length;
    }, 10);
    fake.socket.once('close', () => clearInterval(timer));
    return fake;
  }
  const stored = async (on: Node, id: string) => (await on.store.inventory.nodes(id))[0] ?? null;
  const versions = async (on: Node, node: string) =>
    (await on.store.inventory.items({ node, kind: null, text: null, at: null, after: null, limit: 9 })).map(
      ({ fields }) => fields['version'],
    );

  it('is asked of its agent without anybody’s word, and after a take-over only when it is due', async () => {
    const [a, b] = [await node('a'), await node('b')];
    await serve(a);
    const identity = await joined(a, 'inv1');
    answering(a, identity, () => packed(openssl('3.0')));
    await until('it is known', async () => (await stored(a, 'inv1'))?.collectedAt != null);
    a.end();
    epoch += 1;
    await serve(b);
    await answering(b, identity, () => packed(openssl('3.1'))).told('welcome');
    expect(b.agents.inventory.nextMs('inv1', await stored(b, 'inv1'))).toBeGreaterThan(Date.now());
    expect(await b.agents.collectInventory('inv1')).toMatchObject({ items: 1, added: 0, removed: 0, changed: 1 });
    expect(await versions(b, 'inv1')).toEqual(['3.1']);
    await expect(a.agents.collectInventory('inv1')).rejects.toMatchObject({ code: 'NOT_SERVING' });
  });

  it('is not written by who is no Master any more', async () => {
    const a = await node('a');
    await serve(a);
    const identity = await joined(a, 'inv2');
    let isAsked = false;
    const fake = answering(a, identity, () => {
      isAsked = true;
      a.end();
      return packed(openssl('3.0'));
    });
    await fake.told('welcome');
    await expect(a.agents.collectInventory('inv2')).rejects.toThrow();
    expect(isAsked).toBe(true);
    expect(await stored(a, 'inv2')).toBeNull();
  });

  it('is not asked of an agent that does not know the word', async () => {
    const a = await node('a');
    await serve(a);
    const fake = connect(a, await joined(a, 'inv3'), { hearsTrust: true });
    await fake.told('trust');
    expect(a.agents.inventory.canCollect('inv3')).toBe(false);
    await expect(a.agents.collectInventory('inv3')).rejects.toMatchObject({ code: 'INVENTORY_REFUSED' });
    expect(fake.heard.filter(({ say }) => say === 'inventory')).toEqual([]);
  });

  it('that is none is refused with a sentence, and what was known stays', async () => {
    const a = await node('a');
    await serve(a);
    let answer = packed(openssl('3.0'));
    const fake = answering(a, await joined(a, 'inv4'), () => answer);
    await fake.told('welcome');
    await a.agents.collectInventory('inv4');
    const list = (items: string) => pack(`{"format":1,"items":[${items}]}`);
    for (const [lie, why] of [
      ['none', /not packed by gzip/],
      [pack('{'), /no JSON/],
      [pack('null'), /a list is missing/],
      [list(`${'{},'.repeat(10_000_000)}{}`), /unpacked it has more than 8 MiB/],
      [list(`${'0,'.repeat(1_000_000)}0`), /1000001 items, where at most/],
      [
        packed(...Array.from({ length: 2 }, (_, at) => ({ kind: 'host', key: `${at}`, name: 'x', fields: {} }))),
        /2 of host, where at most 1/,
      ],
      [packed(openssl(3)), /items\.0\.fields\.version: a string/],
      [packed(openssl('3', { name: 'open\nssl' })), /items\.0\.name: a text without control characters/],
      [packed(openssl('3', { key: 'x'.repeat(300) })), /items\.0\.key/],
      [packed(openssl('3', { kind: 'colour' })), /items\.0\.kind/],
      [packed(openssl('3', { fields: { colour: 'red' } })), /no field of package/],
      [
        packed(openssl('3', { fields: Object.fromEntries(Array.from({ length: 99 }, (_, at) => [`f${at}`, 'x'])) })),
        /too many fields/,
      ],
      [packed(openssl('3', { fields: null })), /items\.0\.fields/],
    ] as const) {
      answer = lie;
      await expect(a.agents.collectInventory('inv4')).rejects.toMatchObject({
        code: 'INVENTORY_REFUSED',
        message: expect.stringMatching(why),
      });
      expect((await stored(a, 'inv4'))?.why).toMatch(why);
    }
    expect(await versions(a, 'inv4')).toEqual(['3.0']);
    expect(fake.isClosed).toBe(false);
    answer = packed(openssl('3.1'));
    await a.agents.collectInventory('inv4');
    expect(await stored(a, 'inv4')).toMatchObject({ why: null });
  });
});
