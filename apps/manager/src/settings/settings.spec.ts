import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { SETTING_KINDS } from '@yosugara/protocol';
import { openStore, type Store } from '@yosugara/store';
import { freePort, startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BLIND, type CallOptions, Eras, type Method, PROBE_TOKEN, startNode, type TestNode } from '../testing/harness.js';

let server: TestPostgres;
let store: Store;
/** The Master, and a second node on the same database, as a hot standby would show it. */
let a: TestNode;
let b: TestNode;
const { become, becomeActive } = new Eras();

beforeAll(async () => {
  server = await startTestPostgres();
  const port = await freePort();
  const postgres = { host: server.host, port: server.port };
  store = openStore({ ...postgres, database: 'postgres', user: 'postgres' });
  const common = { vip: '127.0.79.10', port, postgres, loginsPerMinute: 1_000 };
  [a, b] = await Promise.all([
    startNode({ ...common, node: 'a', address: '127.0.79.1' }),
    startNode({ ...common, node: 'b', address: '127.0.79.2' }),
  ]);
  await masterIsA();
});
const masterIsA = async () => {
  become(b, 'b', { mode: 'passive' });
  await becomeActive(a, 'a');
};
afterAll(async () => {
  await Promise.allSettled([a?.stop(), b?.stop(), store?.close()]);
  await server?.stop();
});
afterEach(async () => {
  const empty = await load([], { deleteMissing: ['node', 'scope', 'filter'] });
  expect(empty.status).toBe(200);
});

const bearer = PROBE_TOKEN;
const API = '/api/v1/settings';
const call = async (method: Method, path: string, how: CallOptions = {}, node = a) =>
  await node.call(method, path, { bearer, withinMs: 60_000, ...how });
const load = async (documents: readonly unknown[], more: object = {}) =>
  await call('POST', `${API}/import`, { body: { documents, ...more } });
const node = (id: string, body: object = {}, more: object = {}) => ({ kind: 'node', id, body: { name: id, ...body }, ...more });
const scope = (id: string, parent: string | null = null) => ({ kind: 'scope', id, body: { name: id, parent } });
const put = async (kind: string, id: string, body: object, headers: Record<string, string> = {}, more: object = {}) =>
  await call('PUT', `${API}/${kind}/${id}`, { body: { body, ...more }, headers });
const idsOf = async (path: string, from = a) => {
  const { status, body } = await call('GET', path, {}, from);
  expect(status).toBe(200);
  return body.rows.map(({ id }: { id: string }) => id);
};

describe('a text', () => {
  const read = async (format: 'yaml' | 'csv', text: string) => await call('POST', `${API}/read`, { body: { format, text } });
  it('is read as documents, and nothing of it is stored', async () => {
    const yaml =
      '# nodes\n---\nkind: node\nid: web1\nbody: { name: web1 }\n---\n- { kind: scope, id: web }\n- { kind: scope, id: db }\n---\n';
    expect((await read('yaml', yaml)).body.documents).toMatchObject([{ id: 'web1' }, { id: 'web' }, { id: 'db' }]);
    const csv = 'id,behind,snmp.port\nweb1,sw1;sw2,1161\n';
    expect((await read('csv', csv)).body).toEqual({
      documents: [{ kind: 'node', id: 'web1', body: { name: 'web1', behind: ['sw1', 'sw2'], snmp: { port: 1161 } } }],
    });
    expect((await read('yaml', '')).body).toEqual({ documents: [] });
    expect(await idsOf(`${API}/node`)).toEqual([]);
  });
  it.each([
    ['yaml', 'a: 1\n---\nb: [1\n', /document at line 2/],
    ['csv', 'id\nx,y\n', /line:2/],
    ['yaml', `a: ${'x'.repeat(1_100_000)}\n`, /characters/],
  ] as const)('of %s that is none is refused, with its place', async (format, text, says) => {
    const { status, body } = await read(format, text);
    expect([status, JSON.stringify(body)]).toEqual([400, expect.stringMatching(says)]);
  });
  it('is read for whoever is known only, on a Standby too', async () => {
    const body = { format: 'yaml', text: 'kind: node' };
    expect((await a.call('POST', `${API}/read`, { body })).status).toBe(401);
    expect((await call('POST', `${API}/read`, { body }, b)).body).toEqual({ documents: [{ kind: 'node' }] });
  });
});

describe('one setting', () => {
  it('is made, read with its revision as ETag, changed and deleted', async () => {
    const made = await put('node', 'web1', { name: 'web1', addresses: ['10.0.0.1'] }, { 'if-none-match': '*' });
    expect([made.status, made.body, made.headers.get('etag')]).toMatchObject([200, { done: 'added', revision: 1 }, '"1"']);
    const read = await call('GET', `${API}/node/web1`);
    expect(read.headers.get('etag')).toBe('"1"');
    expect(read.body).toMatchObject({
      kind: 'node',
      id: 'web1',
      revision: 1,
      ownerRole: 'operator',
      createdBy: 'probe',
      hasSecret: [],
    });
    expect(await put('node', 'web1', { name: 'web1' }, { 'if-match': '"1"' })).toMatchObject({
      body: { done: 'changed', revision: 2 },
    });
    expect(await put('node', 'web1', { name: 'web1' })).toMatchObject({ body: { done: 'unchanged', revision: 2 } });
    expect(await call('DELETE', `${API}/node/web1`, { headers: { 'if-match': '"2"' } })).toMatchObject({ status: 200 });
    expect(await call('GET', `${API}/node/web1`)).toMatchObject({ status: 404 });
  });
  it.each<[string, Record<string, string>]>([
    ['if-match of an older revision', { 'if-match': '"7"' }],
    ['if-none-match of one that is there', { 'if-none-match': '*' }],
  ])('is not changed with %s', async (_, headers) => {
    await put('node', 'web1', { name: 'web1' });
    expect(await put('node', 'web1', { name: 'other' }, headers)).toMatchObject({
      status: 412,
      body: { code: 'REVISION_MISMATCH' },
    });
    expect((await call('GET', `${API}/node/web1`)).body.body.name).toBe('web1');
  });
  it.each(['PUT', 'DELETE'] as const)('is changed by nobody who does not say what it was made from (%s)', async (method) => {
    await put('node', 'web1', { name: 'web1' });
    const headers = { [BLIND]: '1' };
    expect(await call(method, `${API}/node/web1`, { body: { body: { name: 'blind' } }, headers })).toMatchObject({
      status: 428,
      body: { code: 'PRECONDITION_REQUIRED', title: 'Precondition Required', place: 'if-match' },
    });
    expect((await call('GET', `${API}/node/web1`)).body.body.name).toBe('web1');
  });
  it('tells its history in pages, newest first, each with what changed in it', async () => {
    for (const name of ['one', 'two', 'three']) await put('node', 'paged1', { name });
    const page = async (query: string) => (await call('GET', `${API}/node/paged1/history?limit=2${query}`)).body;
    const first = await page('');
    expect([first.revisions.map(({ revision }: { revision: number }) => revision), first.next]).toEqual([[3, 2], 2]);
    const rest = await page(`&after=${first.next}`);
    expect(rest).toMatchObject({ revisions: [{ revision: 1, done: 'added' }], next: null });
    expect(first.revisions[1]).toMatchObject({ done: 'changed', differences: [{ before: 'one', after: 'two' }] });
  });
  it('is not made by a change of what is not there', async () => {
    expect(await put('node', 'web1', { name: 'x' }, { 'if-match': '*' })).toMatchObject({ status: 412 });
    expect(await put('node', 'web1', { name: 'x' }, { 'if-match': 'abc' })).toMatchObject({
      status: 400,
      body: { place: 'if-match' },
    });
  });
  it('is refused with place, what was found and what is allowed', async () => {
    const answer = await put('node', 'web1', { name: 'web1', addresses: ['10.0.0'], snmp: { port: 'x' } });
    expect(answer).toMatchObject({
      status: 400,
      body: {
        ...{ code: 'INVALID_INPUT', place: 'body.addresses.0' },
        message: 'body.addresses.0: found "10.0.0", allowed is an IPv4 or IPv6 address (and 1 more)',
        problems: [{ place: 'body.addresses.0' }, { place: 'body.snmp.port', found: '"x"' }],
      },
    });
    expect(await put('node', 'web1', { name: 'w', scopes: ['gone'] })).toMatchObject({
      status: 400,
      body: { message: 'body.scopes.0: found "gone", allowed is the id of a scope that is there' },
    });
  });
  it('of an unknown kind is not there, and one that is known and has no schema yet says so', async () => {
    expect(await put('nodes', 'x', {})).toMatchObject({ status: 404 });
    const { kinds } = (await call('GET', API)).body;
    const known = kinds.map(({ kind }: { kind: string }) => kind);
    expect(known).toEqual(expect.arrayContaining(['scope', 'node', 'filter']));
    // Roles are shown to whoever may read them, which the token of the host may not.
    for (const kind of SETTING_KINDS.filter((each) => !known.includes(each) && each !== 'role'))
      expect(await put(kind, 'x', {})).toMatchObject({
        status: 400,
        body: { message: expect.stringContaining('this version knows no others') },
      });
  });
  it('that others need is not deleted, and they are named', async () => {
    await load([scope('web'), node('web1', { scopes: ['web'] })]);
    expect(await call('DELETE', `${API}/scope/web`)).toMatchObject({
      status: 409,
      body: { code: 'SETTING_IN_USE', message: 'scope web is needed by node web1: change or delete that first' },
    });
    expect(await put('node', 'web', { name: 'x' })).toMatchObject({ status: 409, body: { code: 'ID_TAKEN' } });
    expect(await call('DELETE', `${API}/scope/OS`)).toMatchObject({ status: 409, body: { code: 'BUILT_IN' } });
  });
  it('is changed by those who may, on the Master only, and stands in the audit trail without its values', async () => {
    expect(await b.call('PUT', `${API}/node/x`, { bearer, body: { body: { name: 'x' } } })).toMatchObject({ status: 503 });
    expect(await a.call('PUT', `${API}/node/x`, { body: { body: { name: 'x' } } })).toMatchObject({ status: 401 });
    const cookie = await a.login();
    const body = { body: { name: 'x', snmp: { community: 'hush' } }, by: 'somebody else' };
    expect(await a.call('PUT', `${API}/node/x`, { cookie, body })).toMatchObject({ status: 200 });
    const [entry] = await store.audit.latest(1);
    expect(entry).toMatchObject({
      actor: 'admin',
      action: 'setting.put',
      detail: { kind: 'node', id: 'x', revision: 1, fields: 'new' },
    });
    await put('node', 'x', { name: 'x', snmp: { community: 'other' } }, {}, { by: 'root' });
    const [next] = await store.audit.latest(1);
    expect(next).toMatchObject({ actor: 'root', detail: { fields: ['body.snmp.community'] } });
    expect(JSON.stringify([entry, next])).not.toMatch(/hush|other/);
  });
});

describe('secrets', () => {
  it('are shown nowhere', async () => {
    await put('node', 'x', { name: 'x', snmp: { community: 'hush-1' } });
    await put('node', 'x', { name: 'x', snmp: { community: 'hush-2' }, ssh: { password: 'hush-3' } });
    const answers = await Promise.all(
      ['node', 'node/x', 'node/x/history', 'export', 'node?text=hush'].map(
        async (path) => (await call('GET', `${API}/${path}`)).body,
      ),
    );
    const looked = await load([node('x', { snmp: { community: 'hush-4' } })], { dryRun: true });
    expect(JSON.stringify([answers, looked.body])).not.toContain('hush-');
    expect(answers[1]).toMatchObject({ hasSecret: ['snmp.community', 'ssh.password'], body: { snmp: { community: null } } });
    expect(answers[2].revisions[0]).toMatchObject({
      ...{ done: 'changed', by: 'probe' },
      differences: [
        { place: 'body.snmp.community', before: '(a secret)', after: '(a secret)' },
        { place: 'body.ssh', after: { user: 'root', password: '(a secret)' } },
      ],
    });
    expect(answers[4].rows).toEqual([]);
    expect(looked.body.changed[0].differences).toMatchObject([{ place: 'body.snmp.community' }, { place: 'body.ssh' }]);
  });
  it('stay when what was exported is imported again', async () => {
    await put('node', 'x', { name: 'x', snmp: { community: 'hush' } });
    const { documents } = (await call('GET', `${API}/export`)).body;
    expect(documents).toHaveLength(1);
    expect((await load(documents)).body.counts).toEqual({ added: 0, changed: 0, removed: 0, unchanged: 1 });
  });
});

describe('an import', () => {
  it('tells the difference before it makes it, field by field', async () => {
    await load([scope('web'), node('keep'), node('change', { addresses: ['10.0.0.1'] }), node('gone')]);
    const wanted = [scope('web'), node('keep'), node('change', { addresses: ['10.0.0.2'], scopes: ['web'] }), node('new')];
    const options = { deleteMissing: ['node'] };
    const looked = await load(wanted, { ...options, dryRun: true });
    const difference = {
      counts: { added: 1, changed: 1, removed: 1, unchanged: 2 },
      added: [{ kind: 'node', id: 'new' }],
      changed: [
        {
          ...{ kind: 'node', id: 'change' },
          differences: [
            { place: 'body.addresses', before: ['10.0.0.1'], after: ['10.0.0.2'] },
            { place: 'body.scopes', before: [], after: ['web'] },
          ],
        },
      ],
      removed: [{ kind: 'node', id: 'gone' }],
    };
    expect(looked.body).toMatchObject({ dryRun: true, ...difference });
    expect(await idsOf(`${API}/node`)).toEqual(['change', 'gone', 'keep']);
    expect((await load(wanted, options)).body).toMatchObject({ dryRun: false, ...difference, version: looked.body.version + 1 });
    expect(await idsOf(`${API}/node`)).toEqual(['change', 'keep', 'new']);
    expect((await load(wanted, { ...options, dryRun: true })).body.counts).toEqual({
      added: 0,
      changed: 0,
      removed: 0,
      unchanged: 4,
    });
  });
  it('tells what works otherwise than it looks: variables that nobody has, and a count of what has no lines', async () => {
    const mail = { subject: 'in #[RACK]', body: '#[PRIORITY] #[NOPE]' };
    const template = { kind: 'mail-template', id: 'warned', body: mail };
    const nope = { kind: 'mail-template', id: 'warned', place: 'body', message: expect.stringContaining('#[NOPE]') };
    const rack = { ...nope, place: 'subject', message: expect.stringContaining('#[RACK]') };
    expect((await load([template], { dryRun: true })).body.warnings).toEqual([rack, nope]);
    expect((await load([template, node('web1', { variables: { RACK: '7' } })])).body.warnings).toEqual([nope]);
    expect((await put('mail-template', 'warned', mail)).body).toMatchObject({ done: 'unchanged', warnings: [nope] });
    expect((await put('mail-template', 'warned', { ...mail, body: '' })).body.warnings).toEqual([]);
    const ping = { kind: 'monitor', id: 'ping', body: { type: 'ping', facility: 'web1' } };
    const numeric = { info: [0, 1], warning: [1, 2] };
    const count = { kind: 'monitor', id: 'count', body: { type: 'log-count', facility: 'web1', check: { of: 'ping' }, numeric } };
    expect((await load([ping, count])).body.warnings).toMatchObject([{ id: 'count', place: 'check.of' }]);
    await load([], { deleteMissing: ['monitor', 'mail-template'] });
  });
  it('is made whole or not at all', async () => {
    const answer = await load([node('well'), node('ill', { scopes: ['gone'] })]);
    expect(answer).toMatchObject({ status: 400, body: { place: 'documents.1.body.scopes.0' } });
    expect(await idsOf(`${API}/node`)).toEqual([]);
  });
  it('names every mistake with its document', async () => {
    const answer = await load([node('well'), node('ill', { addresses: ['x'] }), { kind: 'nodes', id: 'y', body: {} }, 7]);
    expect(answer.status).toBe(400);
    expect(answer.body.problems.map(({ place }: { place: string }) => place)).toEqual([
      'documents.1.body.addresses.0',
      'documents.2.kind',
      'documents.3',
    ]);
    expect(await load([node('x'), scope('x')])).toMatchObject({ status: 400, body: { place: 'documents.1.id' } });
  });
  it('may come in parts, each of which can be sent again', async () => {
    const id = randomUUID();
    const part = async (number: number, documents: readonly object[], by = 'ann', of = id) =>
      await call('POST', `${API}/import/parts`, { body: { import: of, part: number, documents, by } });
    expect(await part(0, [node('a1'), node('wrong')])).toMatchObject({ body: { documents: 2 } });
    expect(await part(0, [node('a1'), node('a2', { scopes: ['late'] })])).toMatchObject({ body: { documents: 2 } });
    expect(await part(0, [], 'bob', randomUUID())).toMatchObject({
      status: 409,
      body: { message: expect.stringMatching(/^ann is importing/) },
    });
    expect(await part(1, [node('a3', { name: '' })])).toMatchObject({ status: 400, body: { place: 'documents.0.body.name' } });
    expect(await part(1, [scope('late')])).toMatchObject({ body: { documents: 3 } });
    expect(await idsOf(`${API}/node`)).toEqual([]);
    expect(await load([], { import: id })).toMatchObject({ status: 200, body: { counts: { added: 3 } } });
    expect(await load([], { import: id })).toMatchObject({ status: 409, body: { code: 'IMPORT_GONE' } });
  });
});

describe('the settings in memory', () => {
  it('have a change before it is answered, and those of the other node soon after', async () => {
    await load([scope('japan'), scope('tokyo', 'japan'), node('web1', { addresses: ['10.0.0.1'], scopes: ['tokyo'] })]);
    const tree = (await call('GET', '/api/v1/facilities')).body;
    expect(tree.nodes).toBe(1);
    expect(tree.scopes.slice(0, 3)).toMatchObject([
      { id: 'japan', path: 'japan>', nodes: 0, nodesBelow: 1, builtIn: false },
      { id: 'tokyo', path: 'japan>tokyo>', nodes: 1, nodesBelow: 1 },
      { id: 'REGISTERED', nodes: 1, nodesBelow: 1, builtIn: true },
    ]);
    const resolve = async (from: TestNode) =>
      (await call('GET', '/api/v1/facilities/resolve?address=::ffff:10.0.0.1', {}, from)).body.nodes;
    expect(await resolve(a)).toEqual([{ id: 'web1', name: 'web1', enabled: true }]);
    await expect.poll(async () => await resolve(b)).toHaveLength(1);
    await call('DELETE', `${API}/node/web1`);
    expect(await resolve(a)).toEqual([]);
    await expect.poll(async () => await resolve(b)).toEqual([]);
  });
  it('are those of before after a change of Master', async () => {
    await load([node('web1', { hostNames: ['web1'] })]);
    become(a, 'b', { mode: 'passive' });
    await becomeActive(b, 'b');
    expect(await call('PUT', `${API}/node/web2`, { body: { body: { name: 'web2' } } }, b)).toMatchObject({ status: 200 });
    expect((await call('GET', '/api/v1/facilities', {}, b)).body.nodes).toBe(2);
    await expect.poll(async () => (await call('GET', '/api/v1/facilities', {}, a)).body.nodes).toBe(2);
    await masterIsA();
  });
});

describe('a search for SNMP agents', () => {
  it('is of so many addresses at most, and finds nobody where nobody listens', async () => {
    const snmp = { port: 9, timeoutMs: 200, retries: 0 };
    const search = async (range: string) => await call('POST', '/api/v1/nodes/search', { body: { range, snmp } });
    expect(await search('127.0.79.0/16')).toMatchObject({ status: 400, body: { place: 'range' } });
    expect(await search('127.0.79.1-127.0.79.3')).toMatchObject({ status: 200, body: { asked: 3, left: 0, agents: [] } });
  });
});

describe('lists and pages', () => {
  it('are by id, with where the next page begins', async () => {
    await load(['n1', 'n2', 'n3'].map((id) => node(id, { platform: 'LINUX' })));
    const page = await call('GET', `${API}/node?limit=2&scope=LINUX`);
    expect(page.body).toMatchObject({ rows: [{ id: 'n1' }, { id: 'n2' }], next: 'n2' });
    expect((await call('GET', `${API}/node?limit=2&after=n2`)).body).toMatchObject({ rows: [{ id: 'n3' }], next: null });
    expect(await call('GET', `${API}/node?address=x`)).toMatchObject({ status: 400 });
    expect(await call('GET', `${API}/node?limit=5000`)).toMatchObject({ status: 400, body: { place: 'limit' } });
  });
  it('of an export are documents as they are imported, kinds in the order in which they need each other', async () => {
    await load([
      scope('s'),
      node('n1', { scopes: ['s'] }),
      node('n2'),
      { kind: 'filter', id: 'f', body: { name: 'f', view: 'events' } },
    ]);
    const documents: { kind: string; id: string }[] = [];
    for (let after = ''; after !== null; ) {
      const { body } = await call('GET', `${API}/export?limit=2${after === '' ? '' : `&after=${after}`}`);
      documents.push(...body.documents);
      after = body.next;
    }
    expect(documents.map(({ kind, id }) => `${kind}/${id}`)).toEqual(['scope/s', 'node/n1', 'node/n2', 'filter/f']);
    expect((await call('GET', `${API}/export?kind=filter`)).body.documents).toHaveLength(1);
  });
  it('tell a form what a body is made of', async () => {
    const { body } = await call('GET', `${API}/schema/node`);
    expect(body.properties).toMatchObject({ name: { type: 'string' }, platform: { default: 'OTHER' } });
    expect(JSON.stringify(body.properties.snmp)).toContain('"writeOnly":true');
    expect(await call('GET', `${API}/schema/nodes`)).toMatchObject({ status: 404 });
  });
});
