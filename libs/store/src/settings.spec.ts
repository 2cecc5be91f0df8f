import { BUILT_IN_SCOPES, parseSetting, type SettingInput, type SettingKind } from '@yosugara/protocol';
import { SettingsFollower } from '@yosugara/runtime';
import { startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openStore, type PutOptions, type SettingsOutcome, SettingsRepository, SettingsWriter, type Store } from './index.js';

let server: TestPostgres;
let store: Store;
let settings: SettingsRepository;
beforeAll(async () => {
  server = await startTestPostgres();
  store = openStore({ host: server.host, port: server.port, database: 'postgres', user: 'postgres' });
  await store.migrate();
  settings = new SettingsRepository(store.db);
});
afterEach(async () => {
  await sql`delete from setting_ref`.execute(store.db);
  await sql`delete from setting where created_by <> 'yosugara'`.execute(store.db);
  await sql`delete from setting_history`.execute(store.db);
  await sql`update settings_version set version = 0, epoch = 0`.execute(store.db);
});
afterAll(async () => {
  await store?.close();
  await server?.stop();
});

const setting = (kind: SettingKind, id: string, body: object = {}, change: object = {}): SettingInput => {
  const parsed = parseSetting({ kind, id, body: { name: id, ...body }, ...change });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes));
  return parsed.setting;
};
const node = (id: string, body: object = {}, change: object = {}) => setting('node', id, body, change);
const scope = (id: string, parent: string | null = null) => setting('scope', id, { parent });

/** As the manager does it: what is refused is rolled back. */
class Refused extends Error {
  readonly outcome: SettingsOutcome;
  constructor(outcome: SettingsOutcome) {
    super(outcome.kind);
    this.outcome = outcome;
  }
}
const change = async (work: (writer: SettingsWriter) => Promise<SettingsOutcome>): Promise<SettingsOutcome> =>
  await store.db
    .transaction()
    .execute(async (db) => {
      const outcome = await work(new SettingsWriter(db));
      if (outcome.kind !== 'done') throw new Refused(outcome);
      return outcome;
    })
    .catch((error: unknown) => {
      if (error instanceof Refused) return error.outcome;
      throw error;
    });
const put = async (all: readonly SettingInput[], options: Partial<PutOptions> = {}) =>
  await change(async (writer) => await writer.put(all, { by: 'ann', epoch: 1, ...options }));
const remove = async (kind: SettingKind, id: string, expected?: number) =>
  await change(async (writer) => await writer.remove({ kind, id }, { by: 'bob', epoch: 1, expected }));
const ids = async (query: object) => (await settings.list('node', { limit: 100, ...query })).map(({ id }) => id);

function signal() {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give: () => give() };
}

describe('settings', () => {
  it('are kept with their revisions, who made them and what they were', async () => {
    expect(await put([scope('web'), node('web1', { scopes: ['web'] })])).toMatchObject({
      ...{ kind: 'done', version: 1, counts: { added: 2, changed: 0, removed: 0, unchanged: 0 } },
      added: [
        { kind: 'scope', id: 'web', revision: 1 },
        { kind: 'node', id: 'web1', revision: 1 },
      ],
    });
    const changed = await put([node('web1', { scopes: ['web'], platform: 'LINUX' }, { enabled: false }), scope('web')], {
      by: 'bob',
    });
    expect(changed).toMatchObject({
      ...{ version: 2, counts: { added: 0, changed: 1, unchanged: 1 } },
      changed: [{ id: 'web1', revision: 2, before: { enabled: true }, after: { enabled: false } }],
    });
    expect(await settings.get({ kind: 'node', id: 'web1' })).toMatchObject({
      ...{ revision: 2, createdBy: 'ann', modifiedBy: 'bob', enabled: false, body: { platform: 'LINUX' } },
    });
    const history = await settings.history({ kind: 'node', id: 'web1' }, 10);
    expect(history).toMatchObject([
      { revision: 2, by: 'bob', version: 2, setting: { enabled: false, body: { platform: 'LINUX' } } },
      { revision: 1, by: 'ann', version: 1, setting: { enabled: true, body: { platform: 'OTHER' } } },
    ]);
  });
  it('that are put as they are change nothing, not even the version', async () => {
    await put([node('a', { variables: { B: '1', A: '2' } })]);
    expect(await put([node('a', { variables: { A: '2', B: '1' } })])).toMatchObject({
      version: 1,
      counts: { unchanged: 1, changed: 0 },
    });
    expect(await settings.stamp()).toEqual({ version: 1, epoch: 1 });
    expect(await settings.history({ kind: 'node', id: 'a' }, 10)).toHaveLength(1);
  });
  it('are changed only from the revision that they have', async () => {
    await put([node('a')], { expected: null });
    expect(await put([node('a', { platform: 'LINUX' })], { expected: null })).toMatchObject({ kind: 'revision', found: 1 });
    expect(await put([node('a', { platform: 'LINUX' })], { expected: 1 })).toMatchObject({ kind: 'done' });
    expect(await put([node('a', { platform: 'WINDOWS' })], { expected: 1 })).toMatchObject({ kind: 'revision', found: 2 });
    expect(await put([node('b')], { expected: 'some' })).toMatchObject({ kind: 'revision', found: null });
    expect(await remove('node', 'a', 1)).toMatchObject({ kind: 'revision', found: 2 });
    expect(await remove('node', 'a', 2)).toMatchObject({ kind: 'done', version: 3 });
  });
  it('that come again after they were removed go on from their last revision', async () => {
    await put([node('a')]);
    await remove('node', 'a');
    expect(await put([node('a')])).toMatchObject({ added: [{ id: 'a', revision: 3 }] });
    const history = await settings.history({ kind: 'node', id: 'a' }, 10);
    expect(history.map(({ revision, setting: was }) => [revision, was === null])).toEqual([
      [3, false],
      [2, true],
      [1, false],
    ]);
  });
  it('keep secrets that were not said again, and show in the difference that they are another', async () => {
    await put([node('a', { snmp: { community: 'hush' } })]);
    expect(await put([node('a', { snmp: {} })])).toMatchObject({ counts: { unchanged: 1 } });
    await put([node('a', { snmp: { port: 1161 } })]);
    expect(await settings.get({ kind: 'node', id: 'a' })).toMatchObject({ body: { snmp: { port: 1161, community: 'hush' } } });
    await put([node('a', { snmp: { community: '' } })]);
    expect(await settings.get({ kind: 'node', id: 'a' })).toMatchObject({ body: { snmp: { port: 161, community: null } } });
  });
  it('are looked at whole, with the secrets of before', async () => {
    const v3 = { version: 'v3', user: 'u', level: 'authNoPriv' };
    expect(await put([node('a', { snmp: v3 })])).toMatchObject({ kind: 'mistaken', mistakes: [{ place: 'snmp.authSecret' }] });
    await put([node('a', { snmp: { ...v3, authSecret: 'long enough' } })]);
    expect(await put([node('a', { snmp: { ...v3, port: 162 } })])).toMatchObject({ kind: 'done', counts: { changed: 1 } });
  });
});

describe('references', () => {
  it('to nothing are refused with their places, and nothing is kept', async () => {
    await put([scope('there')]);
    expect(await put([node('a'), node('b', { scopes: ['there', 'gone'] }), scope('c', 'b')])).toEqual({
      kind: 'reference to nothing',
      count: 2,
      missing: [
        { from: { kind: 'node', id: 'b' }, place: 'scopes.1', to: { kind: 'scope', id: 'gone' } },
        // There is one of that id, and it is a node.
        { from: { kind: 'scope', id: 'c' }, place: 'parent', to: { kind: 'scope', id: 'b' } },
      ],
    });
    expect(await ids({})).toEqual([]);
    expect(await settings.stamp()).toMatchObject({ version: 1 });
  });
  it('keep what is referred to from being removed, and say who refers', async () => {
    const nodes = Array.from({ length: 12 }, (_, at) => node(`n${String(at).padStart(2, '0')}`, { scopes: ['web'] }));
    await put([scope('web'), ...nodes]);
    const refused = await remove('scope', 'web');
    expect(refused).toMatchObject({ kind: 'referenced', key: { kind: 'scope', id: 'web' }, count: 12 });
    expect(refused.kind === 'referenced' && refused.by.map(({ id }) => id)).toEqual(nodes.slice(0, 10).map(({ id }) => id));
    expect(await settings.referrersOf({ kind: 'scope', id: 'web' }, 3)).toHaveLength(3);
    await put(nodes.map(({ id }) => node(id)));
    expect(await remove('scope', 'web')).toMatchObject({ kind: 'done' });
  });
  it('to a kind that somebody else writes are checked by the database, whoever forgets to', async () => {
    await put([scope('web'), node('a', { scopes: ['web'] })]);
    await expect(sql`delete from setting where kind = 'scope' and id = 'web'`.execute(store.db)).rejects.toThrow(/foreign key/);
  });
  it('of scopes do not lead in a circle, nor too deep', async () => {
    await put([scope('a'), scope('b', 'a'), scope('c', 'b')]);
    expect(await put([scope('a', 'c')])).toEqual({ kind: 'scopes in a circle', key: { kind: 'scope', id: 'a' } });
    expect(await put([scope('d', 'd')])).toMatchObject({ kind: 'scopes in a circle' });
    const chain = (length: number) => Array.from({ length }, (_, at) => scope(`s${at}`, at === 0 ? null : `s${at - 1}`));
    expect(await put(chain(32))).toMatchObject({ kind: 'done' });
    expect(await put(chain(34))).toMatchObject({ kind: 'scopes in a circle' });
  });
  it('cannot be of an id that a node and a scope have both', async () => {
    await put([scope('web')]);
    expect(await put([node('web')])).toEqual({ kind: 'id taken', key: { kind: 'node', id: 'web' }, by: 'scope' });
    expect(await remove('node', 'web')).toMatchObject({ kind: 'unknown' });
    expect(await put([setting('filter', 'web', { view: 'events' })])).toMatchObject({ kind: 'done' });
  });
});

describe('built-in scopes', () => {
  it('are there as the program knows them, so that others can refer to them', async () => {
    const rows = await settings.list('scope', { limit: 100 });
    const known = [...BUILT_IN_SCOPES].map(({ id, name, parent, sortOrder }) => ({ id, body: { name, parent, sortOrder } }));
    expect(rows.map(({ id, body }) => ({ id, body }))).toEqual(known.sort((a, b) => (a.id < b.id ? -1 : 1)));
  });
  it('are neither removed nor missed', async () => {
    expect(await remove('scope', 'OS')).toMatchObject({ kind: 'built in' });
    await put([scope('a')]);
    expect(await put([], { deleteMissing: ['scope'] })).toMatchObject({
      counts: { removed: 1 },
      removed: [{ kind: 'scope', id: 'a' }],
    });
  });
});

describe('what is missing in an import', () => {
  it('is removed when that is wanted, also when it refers to each other', async () => {
    await put([scope('a'), scope('b', 'a'), node('n', { scopes: ['b'] }), node('m'), setting('filter', 'f', { view: 'events' })]);
    expect(await put([node('m')], { deleteMissing: ['node', 'scope'] })).toMatchObject({
      ...{ counts: { removed: 3, unchanged: 1 } },
      removed: [
        { kind: 'node', id: 'n' },
        { kind: 'scope', id: 'a' },
        { kind: 'scope', id: 'b' },
      ],
    });
    expect(await settings.counts()).toEqual(
      new Map([
        ...[
          ['filter', 1],
          ['node', 1],
          ['scope', BUILT_IN_SCOPES.length],
        ],
      ] as never),
    );
  });
  it('stays, with everything, when something that stays needs it', async () => {
    await put([scope('a'), node('n', { scopes: ['a'] })]);
    expect(await put([], { deleteMissing: ['scope'] })).toMatchObject({ kind: 'referenced', by: [{ kind: 'node', id: 'n' }] });
    expect(await put([node('n')], { deleteMissing: ['scope'] })).toMatchObject({ counts: { changed: 1, removed: 1 } });
  });
});

describe('a list of nodes', () => {
  const estate = [
    ...[scope('japan'), scope('tokyo', 'japan')],
    node('web1', {
      addresses: ['10.0.0.1', '2001:db8::1'],
      hostNames: ['Web1.example.com'],
      scopes: ['tokyo'],
      platform: 'LINUX',
    }),
    node('web2', { addresses: ['10.0.1.2'], snmp: { community: 'hidden' } }, { enabled: false, description: 'Spare machine' }),
    node('db', { scopes: ['japan'] }, { ownerRole: 'admin' }),
  ];
  it.each([
    ['text in names', { text: 'WEB' }, ['web1', 'web2']],
    ['text in descriptions', { text: 'spare' }, ['web2']],
    ['text in addresses', { text: '10.0.0' }, ['web1']],
    ['no text in secrets', { text: 'hidden' }, []],
    ['being in force', { enabled: true }, ['db', 'web1']],
    ['role', { ownerRole: 'admin' }, ['db']],
    ['network', { address: '10.0.0.0/16' }, ['web1', 'web2']],
    ['address, however written', { address: '2001:0db8:0:0::1' }, ['web1']],
    ['host name', { hostName: 'web1.EXAMPLE.com' }, ['web1']],
    ['scope, and below it', { scope: 'japan' }, ['db', 'web1']],
    ['scope itself', { scope: 'tokyo' }, ['web1']],
    ['all that are registered', { scope: 'REGISTERED' }, ['db', 'web1', 'web2']],
    ['no scope', { scope: 'UNALLOCATED' }, ['web2']],
    ['platform', { scope: 'LINUX' }, ['web1']],
    ['nobody', { scope: 'UNREGISTERED' }, []],
    ['the page after', { after: 'db', limit: 1 }, ['web1']],
  ])('is by %s', async (_, query, found) => {
    await put(estate);
    expect(await ids(query)).toEqual(found);
  });
  it('takes no address that is none', async () =>
    await expect(ids({ address: "10.0.0.1' or true" })).rejects.toThrow(/address: found/));
});

describe('a snapshot that follows the database', () => {
  it('has all at first, and then what changed', async () => {
    await put([scope('web'), node('a', { scopes: ['web'] }), node('b')]);
    const follower = new SettingsFollower(settings);
    await follower.refresh();
    const { snapshot } = follower;
    expect([[...snapshot.nodes.keys()], snapshot.version, snapshot.scopes.size]).toEqual([
      ['a', 'b'],
      1,
      BUILT_IN_SCOPES.length + 1,
    ]);
    const told: unknown[] = [];
    snapshot.watch((news) => told.push(news));
    await put([node('b', { addresses: ['10.0.0.1'] }), node('c')]);
    await remove('node', 'a');
    await follower.refresh();
    expect([...snapshot.nodes.keys()]).toEqual(['b', 'c']);
    expect(snapshot.facilities.nodesOfAddress('10.0.0.1')).toEqual(['b']);
    expect(told).toEqual([
      {
        isWhole: false,
        changed: [
          { kind: 'node', id: 'b' },
          { kind: 'node', id: 'c' },
        ],
        removed: [{ kind: 'node', id: 'a' }],
      },
    ]);
    await follower.refresh();
    expect(told).toHaveLength(1);
  });
  it('reads all anew when its version is of a past that the database does not have', async () => {
    await put([node('a')]);
    const follower = new SettingsFollower(settings);
    await follower.refresh();
    // As after a rewind: the same number of another owner.
    await sql`delete from setting where id = 'a'`.execute(store.db);
    await sql`delete from setting_history`.execute(store.db);
    await sql`update settings_version set version = 0, epoch = 0`.execute(store.db);
    await put([node('b')], { epoch: 2 });
    await follower.refresh();
    expect([...follower.snapshot.nodes.keys()]).toEqual(['b']);
    expect(follower.snapshot.stamp).toEqual({ version: 1, epoch: 2 });
  });
  it('reads many in pages', async () => {
    await put(Array.from({ length: 1_203 }, (_, at) => node(`n${at}`)));
    const follower = new SettingsFollower(settings);
    await follower.refresh();
    expect(follower.snapshot.nodes.size).toBe(1_203);
    await put(Array.from({ length: 1_100 }, (_, at) => node(`n${at}`, { platform: 'LINUX' })));
    await follower.refresh();
    expect(follower.snapshot.facilities.nodesBelow('LINUX')).toHaveLength(1_100);
  });
  it('tells one change at a time: the second writer waits for the first', async () => {
    const go = signal();
    const begun = signal();
    const first = store.db.transaction().execute(async (db) => {
      await new SettingsWriter(db).put([node('a')], { by: 'ann', epoch: 1 });
      begun.give();
      await go.given;
    });
    await begun.given;
    const second = put([node('b')]);
    await expect
      .poll(
        async () => (await sql<{ n: string }>`select count(*) as n from pg_locks where not granted`.execute(store.db)).rows[0]?.n,
      )
      .toBe('1');
    go.give();
    await first;
    expect(await second).toMatchObject({ kind: 'done', version: 2 });
  });
});
