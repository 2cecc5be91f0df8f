import { createHash } from 'node:crypto';
import type { MibNode } from '@yosugara/operations';
import { startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MibRepository, type MibResult, type MibToPut, openStore, type Store } from './index.js';

let server: TestPostgres;
let store: Store;
let mibs: MibRepository;
beforeAll(async () => {
  server = await startTestPostgres();
  store = openStore({ host: server.host, port: server.port, database: 'postgres', user: 'postgres' });
  await store.migrate();
  mibs = new MibRepository(store.db);
});
afterEach(async () => {
  await sql`delete from mib_module`.execute(store.db);
  await sql`update mib_set set wanted = 0, compiled = 0`.execute(store.db);
});
afterAll(async () => {
  await store?.close();
  await server?.stop();
});

const digest = (text: string) => createHash('sha256').update(text).digest();
const module = (name: string, change: Partial<MibToPut> = {}): MibToPut => {
  const source = change.source ?? `${name} DEFINITIONS ::= BEGIN END`;
  return { name, file: `${name}.mib`, firstLine: 1, source, digest: digest(source), imports: [], ...change };
};
const MOST = { bytes: 1_000_000, modules: 100 };
const node = (oid: string, name: string, change: Partial<MibNode> = {}): MibNode => ({
  ...{ oid, name, module: 'A-MIB', kind: 'object', type: null, objects: [], units: null, description: `of ${name}` },
  ...change,
});
const result = (name: string, nodes: readonly MibNode[], change: Partial<MibResult> = {}): MibResult => {
  const objects = JSON.stringify(nodes);
  return { name, state: 'compiled', missing: [], problems: [], objectsDigest: digest(objects), objects, ...change };
};
const nodesOf = async (name: string) => (await mibs.objects([name])).get(name)?.nodes ?? [];

describe('MIB modules', () => {
  it('are kept as they were uploaded, and one of the same name takes the place of the older', async () => {
    expect(await mibs.put([module('A-MIB'), module('B-MIB')], 'ann', MOST)).toEqual({ kind: 'put', wanted: 1 });
    const source = 'A-MIB DEFINITIONS ::= BEGIN -- 機器 ';
    await mibs.put([module('A-MIB', { source, imports: ['B-MIB'], firstLine: 7 })], 'bob', MOST);
    expect(await mibs.list()).toMatchObject([
      { name: 'A-MIB', uploadedBy: 'bob', firstLine: 7, state: 'compiling', bytes: Buffer.byteLength(source), objects: 0 },
      { name: 'B-MIB', uploadedBy: 'ann', digest: digest('B-MIB DEFINITIONS ::= BEGIN END') },
    ]);
    expect(await mibs.source('A-MIB')).toBe(source);
    expect(await mibs.source('C-MIB')).toBeNull();
    expect(await mibs.version()).toMatchObject({ wanted: 2, compiled: 0 });
  });
  it('are told to be too many, or too large', async () => {
    expect(await mibs.put([module('A-MIB')], 'ann', { ...MOST, bytes: 10 })).toMatchObject({ kind: 'full', modules: 1 });
    expect(await mibs.put([module('B-MIB')], 'ann', { ...MOST, modules: 1 })).toMatchObject({ kind: 'full', modules: 2 });
  });
  it('are not removed while another one imports from them', async () => {
    await mibs.put([module('A-MIB'), module('B-MIB', { imports: ['SNMPv2-SMI', 'A-MIB'] })], 'ann', MOST);
    expect(await mibs.remove('A-MIB')).toEqual({ kind: 'imported', by: ['B-MIB'] });
    expect(await mibs.remove('C-MIB')).toEqual({ kind: 'unknown' });
    expect(await mibs.remove('B-MIB')).toMatchObject({ kind: 'removed' });
    expect(await mibs.remove('A-MIB')).toMatchObject({ kind: 'removed' });
    expect(await mibs.list()).toEqual([]);
  });
});

describe('what modules compile into', () => {
  const type = { base: 'INTEGER', name: 'INTEGER', hint: null, labels: [{ label: 'up', value: 1 }] };
  const nodes = [
    node('1.3.6.1.4.1.1.1', 'one', { type, units: 's' }),
    node('1.3.6.1.4.1.1.0.1', 'failed', { kind: 'notification', objects: ['one'] }),
  ];
  it('is read back as it was, with its problems', async () => {
    await mibs.put([module('A-MIB')], 'ann', MOST);
    const problems = [{ line: 3, severity: 'error', message: 'wrong "word"' }] as const;
    expect(await mibs.storeResults(1, [result('A-MIB', nodes, { state: 'errors', problems })])).toBe(true);
    expect(await mibs.finish(1, 4)).toBe(true);
    expect(await mibs.version()).toEqual({ wanted: 1, compiled: 1, compiler: 4 });
    expect(await mibs.list(['A-MIB'])).toMatchObject([{ state: 'errors', problems, objects: 2, notifications: 1 }]);
    const read = [...(await nodesOf('A-MIB'))].sort((a, b) => (a.name < b.name ? 1 : -1));
    expect(read).toEqual(nodes.map((each) => ({ ...each, description: null })));
    expect(await mibs.descriptionOf('A-MIB', '1.3.6.1.4.1.1.1')).toBe('of one');
    expect(await mibs.notificationsOf('A-MIB', 10)).toEqual([
      { oid: '1.3.6.1.4.1.1.0.1', name: 'failed', objects: ['one'], description: 'of failed' },
    ]);
  });
  it('is written again only where it changed', async () => {
    await mibs.put([module('A-MIB')], 'ann', MOST);
    await mibs.storeResults(1, [result('A-MIB', nodes)]);
    const rows = async () =>
      (await sql<{ at: string }>`select ctid::text as at from mib_object order by oid`.execute(store.db)).rows;
    const before = await rows();
    await mibs.storeResults(1, [result('A-MIB', nodes, { state: 'waiting', missing: ['B-MIB'] })]);
    expect(await rows()).toEqual(before);
    expect(await mibs.list()).toMatchObject([{ state: 'waiting', missing: ['B-MIB'] }]);
    await mibs.storeResults(1, [result('A-MIB', nodes.slice(1))]);
    expect((await nodesOf('A-MIB')).map(({ name }) => name)).toEqual(['failed']);
    expect([...(await mibs.objectDigests()).keys()]).toEqual(['A-MIB']);
  });
  it('is thrown away when modules have changed meanwhile', async () => {
    await mibs.put([module('A-MIB')], 'ann', MOST);
    await mibs.put([module('B-MIB')], 'ann', MOST);
    expect(await mibs.storeResults(1, [result('A-MIB', nodes)])).toBe(false);
    expect(await mibs.finish(1, 1)).toBe(false);
    expect(await nodesOf('A-MIB')).toEqual([]);
  });
  it('goes with its module', async () => {
    await mibs.put([module('A-MIB')], 'ann', MOST);
    await mibs.storeResults(1, [result('A-MIB', nodes)]);
    await mibs.remove('A-MIB');
    expect(await nodesOf('A-MIB')).toEqual([]);
  });
});
