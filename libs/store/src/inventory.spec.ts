import { inventoryChange } from '@yosugara/operations';
import type { InventoryItem } from '@yosugara/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { InventoryRepository } from './inventory-repository.js';
import { cleanUp } from './retention/clean-up.js';
import { type OpenedStore, openMigratedStore } from './testing/opened.js';

let opened: OpenedStore;
let inventory: InventoryRepository;
beforeAll(async () => {
  opened = await openMigratedStore();
  inventory = new InventoryRepository(opened.store.db);
});
afterEach(async () => await opened.pool.query('truncate inventory_node, inventory_item'));
afterAll(async () => await opened?.close());

const day = (number: number) => new Date(Date.UTC(2026, 10, number, 12));
const pack = (name: string, version: string): InventoryItem => ({
  ...{ kind: 'package', key: `${name}:amd64`, name },
  fields: { version, architecture: 'amd64', vendor: 'Debian', by: 'dpkg' },
});
const NOTHING = { cut: [], troubles: [] };
/** As a Master does it when an agent has answered. */
const looked = async (node: string, at: Date, ...items: readonly InventoryItem[]): Promise<Date> =>
  await opened.store.db.transaction().execute(async (trx) => {
    const of = new InventoryRepository(trx);
    const change = inventoryChange(await of.current(node, at), { items: [...items], troubles: [] });
    return await of.collected(node, at, { ...change, ...NOTHING });
  });
const ALL = { kind: null, text: null, at: null, after: null, limit: 100 };
const versionsAt = async (node: string, at: Date | null) =>
  (await inventory.items({ ...ALL, node, at })).map(({ name, fields }) => `${name} ${fields['version']}`);

describe('what a node consists of', () => {
  it('is kept as long as it is so, and written again only when it is other', async () => {
    await looked('web1', day(1), pack('openssl', '3.0'), pack('bash', '5'));
    await looked('web1', day(2), pack('openssl', '3.0'), pack('bash', '5'));
    await looked('web1', day(3), pack('openssl', '3.1'), pack('zsh', '5'));
    expect(await versionsAt('web1', null)).toEqual(['openssl 3.1', 'zsh 5']);
    expect(await versionsAt('web1', day(2))).toEqual(['bash 5', 'openssl 3.0']);
    expect(await versionsAt('web1', new Date(day(1).getTime() - 1))).toEqual([]);
    const { rows } = await opened.pool.query('select count(*)::int as count from inventory_item');
    expect(rows).toEqual([{ count: 4 }]);
    expect(await inventory.nodes('web1')).toMatchObject([
      { firstAt: day(1), collectedAt: day(3), changedAt: day(3), triedAt: day(3), why: null },
    ]);
    expect(await inventory.counts('web1')).toEqual([{ kind: 'package', count: 2 }]);
  });

  it('tells what changed between two times, newest first; the first look is no change', async () => {
    await looked('web1', day(1), pack('openssl', '3.0'), pack('bash', '5'));
    await looked('web1', day(2), pack('openssl', '3.1'), pack('bash', '5'), pack('zsh', '5'));
    await looked('web1', day(3), pack('openssl', '3.1'), pack('zsh', '5'));
    const within = async (
      from: Date,
      to: Date,
      after: Parameters<InventoryRepository['changes']>[1]['after'] = null,
      limit = 9,
    ) => await inventory.changes('web1', { from, to, after, limit });
    const all = await within(new Date(0), day(9));
    expect(all.map(({ at, name, before, after }) => [at, name, before?.['version'], after?.['version']])).toEqual([
      [day(3).toISOString(), 'bash', '5', undefined],
      [day(2).toISOString(), 'openssl', '3.0', '3.1'],
      [day(2).toISOString(), 'zsh', undefined, '5'],
    ]);
    expect((await within(day(2), day(3))).map(({ name }) => name)).toEqual(['bash']);
    const [first, second] = all;
    expect(await within(new Date(0), day(9), first!, 1)).toEqual([second]);
    expect(await within(new Date(0), day(9), second!)).toEqual([all[2]]);
  });

  it('goes forward also when the clock was set back', async () => {
    await looked('web1', day(3), pack('openssl', '3.0'));
    const at = await looked('web1', day(1), pack('openssl', '3.1'));
    expect(at.getTime()).toBe(day(3).getTime() + 1);
    expect(await versionsAt('web1', day(3))).toEqual(['openssl 3.0']);
    expect(await versionsAt('web1', null)).toEqual(['openssl 3.1']);
  });

  it('stays when a look fails, and why is told', async () => {
    await looked('web1', day(1), pack('openssl', '3.0'));
    await inventory.failed('web1', day(2), 'its agent did not answer');
    await inventory.failed('web2', day(2), 'its agent did not answer');
    expect(await versionsAt('web1', null)).toEqual(['openssl 3.0']);
    expect(await inventory.nodes()).toMatchObject([
      { node: 'web1', collectedAt: day(1), triedAt: day(2), why: 'its agent did not answer' },
      { node: 'web2', collectedAt: null, firstAt: null },
    ]);
  });

  it('is taken in once when two look at one time', async () => {
    await Promise.all([looked('web1', day(1), pack('openssl', '3.0')), looked('web1', day(1), pack('openssl', '3.1'))]);
    expect(await versionsAt('web1', null)).toHaveLength(1);
  });
});

describe('a search', () => {
  it('goes through all nodes by name, at any day, page after page', async () => {
    await looked('web1', day(1), pack('openssl', '3.0'), pack('libssl3', '3.0'));
    await looked('web2', day(1), pack('openssl', '3.1'));
    await looked('web2', day(2));
    const wanted = { kind: 'package', name: null, contains: null, at: null, after: null, limit: 10 } as const;
    const found = async (how: Partial<Parameters<InventoryRepository['find']>[0]>) =>
      (await inventory.find({ ...wanted, ...how })).map(({ name, node }) => `${name} ${node}`);
    expect(await found({ name: 'openssl' })).toEqual(['openssl web1']);
    expect(await found({ name: 'openssl', at: day(1) })).toEqual(['openssl web1', 'openssl web2']);
    expect(await found({ contains: 'SSL' })).toEqual(['libssl3 web1', 'openssl web1']);
    expect(await found({ contains: "%'_" })).toEqual([]);
    const [first] = await inventory.find({ ...wanted, limit: 1 });
    expect(await found({ after: first! })).toEqual(['openssl web1']);
  });
});

describe('retention', () => {
  it('lets go of what is no more, and keeps what is', async () => {
    await looked('web1', day(1), pack('openssl', '3.0'), pack('bash', '5'));
    await looked('web1', day(2), pack('openssl', '3.1'), pack('bash', '5'));
    const went = await cleanUp(
      opened.pool,
      () => {
        throw new Error('it has no partitions');
      },
      { kind: 'inventory', beforeMs: day(3).getTime() },
      async () => undefined,
    );
    expect(went.rows).toBe(1);
    expect(await versionsAt('web1', null)).toEqual(['bash 5', 'openssl 3.1']);
  });
});
