import 'reflect-metadata';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { epoch, SILENT_LOG } from '@yosugara/kernel';
import { EMPTY_WINDOW } from '@yosugara/operations';
import { MessagesSchema, MibDetailSchema, MibListSchema, MibUploadedSchema } from '@yosugara/protocol';
import type { MessageToStore } from '@yosugara/runtime';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Eras, PROBE_TOKEN, startTwoManagers, type TestNode, type TwoManagers } from '../testing/harness.js';
import { openStorage } from '../wiring.js';

const soon = { timeout: 60_000, interval: 50 };
let cluster: TwoManagers;
let store: TwoManagers['store'];
/** The Master of most specs, and a second node on the same database, as a hot standby would show it. */
let a: TestNode;
let b: TestNode;
const eras = new Eras();
const { become, becomeActive } = eras;

beforeAll(async () => {
  cluster = await startTwoManagers(78, { a: 1_000, b: 1_000 });
  ({ store, a, b } = cluster);
});
afterAll(async () => await cluster?.stop());
beforeEach(async () => {
  become(b, 'b', { mode: 'passive' });
  await becomeActive(a, 'a');
});
afterEach(async () => {
  const { modules } = await listOf(a);
  for (let left = modules.map(({ name }) => name); left.length > 0; ) {
    const still: string[] = [];
    for (const name of left) if ((await remove(name)).status === 409) still.push(name);
    if (still.length === left.length) throw new Error(`cannot delete ${still.join(', ')}`);
    left = still;
  }
});

const TYPES = `FAN-TC DEFINITIONS ::= BEGIN
IMPORTS enterprises FROM SNMPv2-SMI;
fanMib OBJECT IDENTIFIER ::= { enterprises 32473 }
FanState ::= TEXTUAL-CONVENTION SYNTAX INTEGER { ok(1), slow(2), stopped(3) }
END
`;
const FANS = `FAN-MIB DEFINITIONS ::= BEGIN
IMPORTS fanMib, FanState FROM FAN-TC
        MacAddress FROM SNMPv2-TC;
fanState OBJECT-TYPE SYNTAX FanState UNITS "turns" DESCRIPTION "How it is." ::= { fanMib 1 }
fanMac OBJECT-TYPE SYNTAX MacAddress ::= { fanMib 2 }
fanFailed NOTIFICATION-TYPE OBJECTS { fanState } DESCRIPTION "It stands
                 still." ::= { fanMib 0 1 }
END
`;
const bearer = PROBE_TOKEN;
const upload = async (files: readonly { name: string; text: string }[], how: { cookie?: string; by?: string } = {}) => {
  const { cookie, by } = how;
  const body = { files, ...(by === undefined ? {} : { by }) };
  return await a.call('POST', '/api/v1/mibs', { body, withinMs: 60_000, ...(cookie === undefined ? { bearer } : { cookie }) });
};
const done = async (...files: readonly { name: string; text: string }[]) => {
  const answer = await upload(files);
  expect(answer).toMatchObject({ status: 200 });
  return MibUploadedSchema.parse(answer.body);
};
const remove = async (name: string) => await a.call('DELETE', `/api/v1/mibs/${name}`, { bearer, withinMs: 60_000 });
const listOf = async (node: TestNode) => MibListSchema.parse((await node.call('GET', '/api/v1/mibs', { bearer })).body);
const show = async (name: string) => MibDetailSchema.parse((await a.call('GET', `/api/v1/mibs/${name}`, { bearer })).body);
const lookUp = async (node: TestNode, oid: string) => (await node.call('GET', `/api/v1/mibs/lookup?oid=${oid}`, { bearer })).body;
const types = { name: 'fan-tc.txt', text: TYPES };
const fans = { name: 'fans.my', text: FANS };

describe('MIB modules are uploaded', () => {
  it('and compiled, and stand in the list with who did it and when', async () => {
    const cookie = await a.login();
    const answer = await upload([fans, types], { cookie, by: 'somebody else' });
    expect(answer.status).toBe(200);
    expect(MibUploadedSchema.parse(answer.body)).toMatchObject({
      modules: [
        {
          name: 'FAN-MIB',
          file: 'fans.my',
          state: 'compiled',
          objects: 3,
          notifications: 1,
          errors: 0,
          problems: [],
          uploadedBy: 'admin',
        },
        { name: 'FAN-TC', file: 'fan-tc.txt', state: 'compiled', objects: 1 },
      ],
      ...{ completed: [], refused: [], compiled: true },
    });
    const { modules, builtIn, compiling } = await listOf(b);
    expect(modules.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['FAN-MIB', FANS.length],
      ['FAN-TC', TYPES.length],
    ]);
    expect(builtIn).toContain('IF-MIB');
    expect(compiling).toBe(false);
    expect(await show('FAN-MIB')).toMatchObject({
      ...{ imports: ['FAN-TC', 'SNMPv2-TC'], importedBy: [] },
      traps: [{ oid: '1.3.6.1.4.1.32473.0.1', name: 'fanFailed', objects: ['fanState'], description: 'It stands\nstill.' }],
    });
    const source = await a.call('GET', '/api/v1/mibs/FAN-MIB/source', { bearer });
    expect([source.body, source.headers.get('content-type')]).toEqual([FANS, 'text/plain; charset=utf-8']);
    expect((await store.audit.latest(1))[0]).toMatchObject({ actor: 'admin', action: 'mib.upload' });
  });
  it('by a command on a node, which says who asked', async () => {
    await upload([types], { by: 'root' });
    expect((await listOf(a)).modules).toMatchObject([{ name: 'FAN-TC', uploadedBy: 'root' }]);
  });
  it('and what is wrong in them is told with its line, while the rest counts', async () => {
    const wrong = FANS.replace('::= { fanMib 2 }', '::= { fanNib 2 }').replace('OBJECTS { fanState }', '');
    const { modules } = await done(types, { ...fans, text: `\n\n${wrong}` });
    expect(modules[0]).toMatchObject({
      ...{ name: 'FAN-MIB', state: 'errors', errors: 1, objects: 2 },
      problems: [{ line: 7, severity: 'error', message: 'fanMac hangs below fanNib, which is not defined' }],
    });
    expect(await lookUp(a, '1.3.6.1.4.1.32473.1.5')).toMatchObject({ called: 'fanState.5' });
  });
  it('before what they import from: they wait, and are completed by it', async () => {
    const first = await done(fans);
    expect(first.modules).toMatchObject([
      {
        ...{ state: 'waiting', missing: ['FAN-TC'], errors: 1 },
        problems: [{ line: 2, message: expect.stringMatching(/^FAN-MIB wants FAN-TC, which is not here/) }],
      },
    ]);
    expect(await done(types)).toMatchObject({ modules: [{ name: 'FAN-TC' }], completed: ['FAN-MIB'] });
    expect(await show('FAN-MIB')).toMatchObject({ state: 'compiled', missing: [], problems: [], objects: 3 });
  });
  it('again: the new text takes the place of the old one', async () => {
    await done(types, fans);
    await done({ name: 'new.txt', text: TYPES.replace('slow(2)', 'sluggish(2)') });
    expect(await lookUp(a, 'fanState')).toMatchObject({
      node: { type: { labels: expect.arrayContaining([{ label: 'sluggish', value: 2 }]) } },
    });
    expect((await listOf(a)).modules.find(({ name }) => name === 'FAN-TC')?.file).toBe('new.txt');
  });
  it('several in one file, each with the lines of the file', async () => {
    const { modules } = await done({ name: 'both', text: `${TYPES}\n${FANS.replace('fanMib 2', 'nobody 2')}` });
    expect(modules.map(({ name, file, problems }) => [name, file, problems.map(({ line }) => line)])).toEqual([
      ['FAN-MIB', 'both', [11]],
      ['FAN-TC', 'both', []],
    ]);
  });
  it('and files without a module, or with one that a later file has too, are named', async () => {
    const found = await done({ name: 'notes.txt', text: 'nothing of it\n' }, types, { name: 'again.txt', text: TYPES });
    expect(found.refused).toEqual([
      { file: 'notes.txt', problems: [expect.objectContaining({ line: 1, severity: 'error' })] },
      {
        file: 'fan-tc.txt',
        problems: [{ line: 1, severity: 'error', message: 'module FAN-TC is also in again.txt of this upload: that one counts' }],
      },
    ]);
    expect(found.modules.map(({ file }) => file)).toEqual(['again.txt']);
    expect(await done({ name: 'notes.txt', text: '' })).toMatchObject({ modules: [], refused: [{ file: 'notes.txt' }] });
  });
  it.each([
    ['braces without an end', `A DEFINITIONS ::= BEGIN a OBJECT-TYPE SYNTAX INTEGER ${'{'.repeat(1_000_000)}`],
    ['beginnings without an end', 'A DEFINITIONS ::= BEGIN '.repeat(40_000)],
    ['imports of nothing', `A DEFINITIONS ::= BEGIN IMPORTS ${'a FROM B '.repeat(110_000)}; END`],
    [
      'types in a circle',
      `A DEFINITIONS ::= BEGIN ${Array.from({ length: 30_000 }, (_, at) => `T${at} ::= T${(at + 1) % 30_000}\n`).join('')}END`,
    ],
  ])(
    'that are hostile: %s, while others are served',
    async (_, text) => {
      let served = 0;
      // What is asked may be what stands still: one of a few tries shows it.
      for (let tries = 0; served === 0 && tries < 5; tries++) {
        let isAnswered = false;
        const answer = upload([{ name: 'worst.mib', text }]).finally(() => {
          isAnswered = true;
        });
        while (!isAnswered) {
          expect((await a.call('GET', '/api/v1/mibs', { bearer, withinMs: 60_000 })).status).toBe(200);
          if (!isAnswered) served++;
        }
        expect([200, 400]).toContain((await answer).status);
      }
      expect(served).toBeGreaterThan(0);
    },
    120_000,
  );
  it('with signs that the database cannot hold', async () => {
    const { modules } = await done({
      name: 'odd\0\ud800',
      text: TYPES.replace('SYNTAX', '\0\0SYNTAX').replace('END', '-- \ud800\nEND'),
    });
    expect(modules).toMatchObject([{ name: 'FAN-TC', state: 'compiled', file: 'odd \ufffd' }]);
  });
  it.each<[string, unknown, number]>([
    ['no file', { files: [] }, 400],
    ['a file that is too large', { files: [{ name: 'x', text: 'x'.repeat(4 * 1024 * 1024 + 1) }] }, 400],
    ['more than an upload may have', { files: Array(4).fill({ name: 'x', text: 'x'.repeat(4 * 1024 * 1024) }) }, 413],
    ['something else', { files: 'x' }, 400],
  ])('but not %s', async (_, body, status) => {
    const answer = await a.call('POST', '/api/v1/mibs', { body, bearer }).catch(() => null);
    // A body that is too long is not read to its end; the client may still be sending when the answer comes.
    if (answer !== null || status !== 413) expect(answer?.status).toBe(status);
    expect((await listOf(a)).modules).toEqual([]);
  });
  it('on the Master only, and by nobody without a login', async () => {
    const onStandby = await b.call('POST', '/api/v1/mibs', { body: { files: [types] }, bearer });
    expect(onStandby).toMatchObject({ status: 503, body: { code: 'NOT_ACTIVE' } });
    expect((await a.call('POST', '/api/v1/mibs', { body: { files: [types] } })).status).toBe(401);
    expect((await a.call('GET', '/api/v1/mibs')).status).toBe(401);
  });
});

describe('a module is deleted', () => {
  it('not while others import from it, and they are named', async () => {
    await done(types, fans);
    expect(await remove('FAN-TC')).toMatchObject({
      ...{ status: 409, body: { code: 'MIB_IN_USE', message: 'FAN-TC is imported by FAN-MIB: delete that first' } },
    });
    expect((await remove('FAN-MIB')).status).toBe(200);
    expect((await remove('FAN-TC')).status).toBe(200);
    expect((await listOf(a)).modules).toEqual([]);
    expect(await lookUp(a, '1.3.6.1.4.1.32473.1')).toMatchObject({
      called: '1.3.6.1.4.1.32473.1',
      node: { name: 'enterprises' },
    });
    expect((await store.audit.latest(1))[0]).toMatchObject({ actor: 'probe', action: 'mib.delete' });
  });
  it('only if it is there', async () => {
    expect(await remove('NONE-MIB')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect((await a.call('GET', '/api/v1/mibs/NONE-MIB', { bearer })).status).toBe(404);
    expect((await a.call('GET', '/api/v1/mibs/NONE-MIB/source', { bearer })).status).toBe(404);
  });
});

describe('names are looked up', () => {
  it('both ways, with what the module says of them', async () => {
    await done(types, fans);
    const found = await lookUp(a, '.1.3.6.1.4.1.32473.1.0');
    expect(found).toMatchObject({
      ...{ oid: '1.3.6.1.4.1.32473.1.0', index: '0', called: 'fanState.0' },
      node: { oid: '1.3.6.1.4.1.32473.1', module: 'FAN-MIB', kind: 'object', units: 'turns', description: 'How it is.' },
    });
    expect(await lookUp(a, 'fanState.0')).toEqual(found);
    expect(await lookUp(a, 'fanFailed')).toMatchObject({ oid: '1.3.6.1.4.1.32473.0.1', node: { objects: ['fanState'] } });
    for (const name of ['ifOperStatus[3]', 'ifOperStatus.3', '1.3.6.1.2.1.2.2.1.8.3'])
      expect(await lookUp(a, encodeURIComponent(name))).toMatchObject({
        ...{ oid: '1.3.6.1.2.1.2.2.1.8.3', called: 'ifOperStatus[3]', node: { module: 'IF-MIB' } },
      });
    expect(await lookUp(a, encodeURIComponent('ifOperStatus["x"]'))).toMatchObject({
      message: 'ifOperStatus["x"] is no instance of the table of ifOperStatus, as far as its module is here',
    });
    expect(await lookUp(a, 'fanStat')).toMatchObject({ code: 'NOT_FOUND', message: 'no module that is here defines fanStat' });
    expect((await a.call('GET', '/api/v1/mibs/lookup?oid=1..2', { bearer })).status).toBe(400);
  });
});

describe('messages that were stored before a module came', () => {
  /** Not long ago: what is older than it is kept for is deleted. */
  const NOON_MS = Date.parse(`${new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10)}T12:00:00Z`);
  const varbinds = [
    { oid: '1.3.6.1.2.1.1.3.0', type: 'TimeTicks', value: '7' },
    { oid: '1.3.6.1.6.3.1.1.4.1.0', type: 'OID', value: '1.3.6.1.4.1.32473.0.1' },
    { oid: '1.3.6.1.4.1.32473.1.4', type: 'Integer', value: '3' },
    { oid: '1.3.6.1.4.1.32473.2.4', type: 'hex', value: '00005e00ff01' },
  ];
  const text = '1.3.6.1.4.1.32473.0.1 1.3.6.1.4.1.32473.1.4=3 1.3.6.1.4.1.32473.2.4=00005e00ff01';
  const named = 'fanFailed fanState.4=stopped(3) fanMac.4=00:00:5e:00:ff:01';
  beforeAll(async () => {
    const row: MessageToStore = {
      ...{ journalId: 'a-1-1', seq: 1, node: 'a', receivedAtUs: NOON_MS * 1_000, source: '10.0.0.1' },
      ...{
        kind: 'trap',
        flags: 0,
        raw: Buffer.from('30', 'hex'),
        facility: null,
        severity: null,
        host: null,
        procId: null,
        msgId: null,
      },
      ...{
        app: '1.3.6.1.4.1.32473.0.1',
        sentAtUs: null,
        structured: null,
        varbinds,
        text,
        reason: null,
        content: null,
        seenBy: ['a'],
      },
    };
    const nothing = { seenAlso: [], positions: [], window: EMPTY_WINDOW };
    // As the manager that serves: it writes now and then, too, and would be of a newer epoch.
    const { rows } = await sql<{ epoch: string }>`select epoch from ownership`.execute(store.db);
    const { version } = await store.messages.loadProgress();
    await store.messages.storeBatch({ epoch: epoch(Number(rows[0]!.epoch)), version, rows: [row], ...nothing });
  });
  const found = async (query: string) =>
    MessagesSchema.parse(
      (await a.call('GET', `/api/messages?since=${new Date(NOON_MS - 1).toISOString()}&${query}`, { bearer })).body,
    ).rows;

  it('are shown as they were stored, and read with the names of now', async () => {
    expect(await found('')).toMatchObject([{ text, varbinds: [{ name: 'sysUpTime.0' }, { name: 'snmpTrapOID.0' }, {}, {}] }]);
    expect((await found(''))[0]?.reading).toBeUndefined();
    await done(types, fans);
    const [row] = await found('');
    expect(row).toMatchObject({ text, reading: named, app: '1.3.6.1.4.1.32473.0.1' });
    expect(row?.varbinds?.[2]).toEqual({
      ...{ ...varbinds[2], name: 'fanState.4', module: 'FAN-MIB', read: 'stopped(3)', units: 'turns' },
    });
  });
  it.each([
    ['varbind=fanState', 1],
    ['varbind=fanState.4=stopped', 1],
    ['varbind=fanState%3Dstopped(3)', 1],
    ['varbind=fanState=slow', 0],
    ['varbind=1.3.6.1.4.1.32473.1%3Dstopped', 1],
    ['varbind=snmpTrapOID.0=fanFailed', 1],
    ['varbind==3', 1],
    ['trap=fanFailed', 1],
    ['trap=1.3.6.1.4.1.32473.1', 1],
    ['trap=linkDown', 0],
    ['text=1.3.6.1.4.1.32473.2', 1],
    ['text=.1.3.6.1.4.1.32473.0.1', 1],
    ['text=1.3.6.1.4.1.32473.3', 0],
  ])('are found by names and by OIDs: %s', async (query, count) => {
    await done(types, fans);
    expect((await found(query)).length).toBe(count);
  });
  it('are asked for by name in the tail of a program, too', async () => {
    await done(types, fans);
    const end = new AbortController();
    const query = 'trap=fanFailed&varbind=fanState=stopped';
    const headers = { authorization: `Bearer ${bearer}` };
    const response = await fetch(`${a.url}/api/messages/tail?${query}`, { headers, signal: end.signal });
    expect(response.status).toBe(200);
    end.abort();
    expect((await a.call('GET', '/api/messages/tail?varbind=nobody=1', { bearer })).status).toBe(400);
  });
  it('are not looked for by a name that nothing has', async () =>
    expect(await a.call('GET', '/api/messages?varbind=fanState=3', { bearer })).toMatchObject({
      ...{ status: 400, body: { code: 'INVALID_INPUT', place: 'varbind', message: expect.stringContaining('fanState') } },
    }));
});

describe('a change reaches', () => {
  it('the other node within seconds, without a restart', async () => {
    await done(types, fans);
    await expect.poll(async () => (await lookUp(b, '1.3.6.1.4.1.32473.1.5')).called, soon).toBe('fanState.5');
    expect(await remove('FAN-MIB')).toMatchObject({ status: 200 });
    await expect.poll(async () => (await lookUp(b, '1.3.6.1.4.1.32473.1.5')).called, soon).toBe('1.3.6.1.4.1.32473.1.5');
  });
  it('the next Master, also when the one that took it ended before it was compiled', async () => {
    const { store: other } = openStorage(
      { ...cluster.postgres, user: 'postgres', database: 'postgres', password: 'x', clusterCa: null },
      ...(['x', SILENT_LOG] as const),
    );
    try {
      become(a, 'a', { mode: 'passive' });
      await expect.poll(() => a.controller.lastReport(), soon).toMatchObject({ mode: 'passive' });
      const module = { name: 'FAN-TC', file: 'x', firstLine: 1, source: TYPES, digest: Buffer.alloc(32), imports: [] };
      const entry = { login: 'x', action: 'mib.upload', detail: {}, node: 'a', epoch: eras.now };
      await other.mibs.put([module], 'x', { bytes: 1e6, modules: 9 }, entry, () => undefined);
      expect(await listOf(b)).toMatchObject({ compiling: true, modules: [{ state: 'compiling' }] });
      await becomeActive(b, 'b');
      await expect.poll(async () => await listOf(b), soon).toMatchObject({ compiling: false, modules: [{ state: 'compiled' }] });
    } finally {
      await other.close();
      become(b, 'b', { mode: 'passive' });
      await becomeActive(a, 'a');
    }
  });
});

const DEBIAN = '/usr/share/snmp/mibs';
describe.runIf(existsSync(join(DEBIAN, 'NET-SNMP-MIB.txt')))('net-snmp’s own modules', () => {
  it('are uploaded at once, and wait for nothing', async () => {
    const files = readdirSync(DEBIAN).map((name) => ({ name, text: readFileSync(join(DEBIAN, name), 'latin1') }));
    const { modules, compiled } = await done(...files.filter(({ name }) => name.endsWith('.txt')));
    expect(compiled).toBe(true);
    expect(modules.length).toBeGreaterThan(10);
    expect(modules.filter(({ state }) => state !== 'compiled')).toEqual([]);
  });
});
