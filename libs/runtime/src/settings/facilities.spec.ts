import { parseSetting } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { type LiveSetting, readSettings, SettingsSnapshot } from './index.js';

const setting = (kind: 'node' | 'scope', id: string, body: object, change: { enabled?: boolean } = {}): LiveSetting => {
  const parsed = parseSetting({ kind, id, body: { name: id, ...body }, ...change });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes));
  return { ...parsed.setting, revision: 1 };
};
const node = (id: string, body: object = {}, change: { enabled?: boolean } = {}) => setting('node', id, body, change);
const scope = (id: string, parent: string | null = null, change: { enabled?: boolean } = {}) =>
  setting('scope', id, { name: id.toUpperCase(), parent }, change);

function snapshot(...settings: readonly LiveSetting[]): SettingsSnapshot {
  const made = new SettingsSnapshot();
  made.apply(readSettings(settings), [], { version: 1, epoch: 1 });
  return made;
}
const sorted = (ids: readonly string[]) => [...ids].sort();
const estate = () =>
  snapshot(
    ...[scope('japan'), scope('tokyo', 'japan'), scope('web')],
    node('web1', {
      addresses: ['10.0.0.1', '::ffff:10.0.0.9'],
      hostNames: ['web1.example.com'],
      scopes: ['tokyo', 'web'],
      platform: 'LINUX',
    }),
    node('web2', { addresses: ['10.0.0.2'], hostNames: ['WEB2'], scopes: ['web'], platform: 'WINDOWS' }),
    node('twin', { addresses: ['10.0.0.2'], scopes: ['japan'] }),
    node('lone'),
    node('off', { addresses: ['10.0.0.7'], scopes: ['tokyo'] }, { enabled: false }),
  );

describe('nodes of a scope', () => {
  it('are those in it and below it that are in force', () => {
    const { facilities } = estate();
    expect(sorted(facilities.nodesBelow('japan'))).toEqual(['twin', 'web1']);
    expect(sorted(facilities.nodesBelow('web'))).toEqual(['web1', 'web2']);
    expect(facilities.nodesBelow('web1')).toEqual(['web1']);
    expect([facilities.nodesBelow('off'), facilities.nodesBelow('nothing')]).toEqual([[], []]);
    expect(facilities.countIn('tokyo')).toBe(2);
  });
  it('are known of built-in ones without being told', () => {
    const { facilities } = estate();
    expect(sorted(facilities.nodesBelow('REGISTERED'))).toEqual(['lone', 'twin', 'web1', 'web2']);
    expect(facilities.nodesBelow('UNALLOCATED')).toEqual(['lone']);
    expect(sorted(facilities.nodesBelow('OS'))).toEqual(['lone', 'twin', 'web1', 'web2']);
    expect(facilities.nodesBelow('LINUX')).toEqual(['web1']);
    expect([facilities.nodesBelow('UNREGISTERED'), facilities.nodesBelow('INTERNAL')]).toEqual([[], []]);
  });
  it('is the same question asked of one node', () => {
    const { facilities, nodes } = estate();
    const all = [
      'japan',
      'tokyo',
      'web',
      'REGISTERED',
      'UNALLOCATED',
      'OS',
      'LINUX',
      'WINDOWS',
      'OTHER',
      'UNREGISTERED',
      'web1',
      'off',
    ];
    for (const facility of all)
      for (const id of nodes.keys())
        expect(facilities.isIn(id, facility), `${id} in ${facility}`).toBe(facilities.nodesBelow(facility).includes(id));
    expect([facilities.isIn('UNREGISTERED', 'UNREGISTERED'), facilities.isIn('INTERNAL', 'UNREGISTERED')]).toEqual([true, false]);
  });
  it('are those of every scope above a node, and of no other', () => {
    const { facilities, nodes, scopes } = estate();
    const all = [...scopes.keys(), ...facilities.tree().map(({ id }) => id)];
    for (const id of [...nodes.keys(), 'UNREGISTERED', 'INTERNAL', 'nobody'])
      expect([...facilities.scopesAbove(id)].sort(), id).toEqual(
        [...new Set(all)].filter((scope) => facilities.isIn(id, scope)).sort(),
      );
  });
  it('are none through a scope out of force', () => {
    const { facilities } = snapshot(
      scope('a'),
      scope('b', 'a', { enabled: false }),
      scope('c', 'b'),
      node('n', { scopes: ['c'] }),
    );
    expect([facilities.nodesBelow('a'), facilities.nodesBelow('b'), facilities.nodesBelow('c')]).toEqual([[], [], ['n']]);
    expect([facilities.isIn('n', 'a'), facilities.isIn('n', 'c')]).toEqual([false, true]);
  });
  it('end where scopes lie in a circle, which no database lets in', () => {
    const { facilities } = snapshot(scope('a', 'b'), scope('b', 'a'), node('n', { scopes: ['a'] }));
    expect(facilities.nodesBelow('b')).toEqual(['n']);
    expect(facilities.isIn('n', 'nothing')).toBe(false);
    expect(facilities.pathOf('a')).toMatch(/^(B>A>)+$/);
  });
  it('change with it', () => {
    const live = estate();
    const told: unknown[] = [];
    live.watch((news) => told.push(news));
    live.apply(readSettings([node('web1', { scopes: [], addresses: ['10.9.9.9'] })]), [{ kind: 'node', id: 'web2' }], {
      version: 2,
      epoch: 1,
    });
    expect(live.facilities.nodesBelow('web')).toEqual([]);
    expect(live.facilities.nodesOfAddress('10.0.0.1')).toEqual([]);
    expect(live.facilities.nodesOfAddress('10.0.0.2')).toEqual(['twin']);
    expect(live.facilities.nodesOfAddress('10.9.9.9')).toEqual(['web1']);
    live.apply(readSettings([scope('tokyo', 'web')]), [], { version: 3, epoch: 1 });
    expect(
      live.facilities
        .tree()
        .map(({ id }) => id)
        .slice(0, 3),
    ).toEqual(['japan', 'web', 'tokyo']);
    expect(told).toEqual([
      { isWhole: false, changed: [{ kind: 'node', id: 'web1' }], removed: [{ kind: 'node', id: 'web2' }] },
      { isWhole: false, changed: [{ kind: 'scope', id: 'tokyo' }], removed: [] },
    ]);
    expect(live.version).toBe(3);
  });
});

describe('the node of a sender', () => {
  it.each([
    ['by its address, however it is written', { address: '::ffff:10.0.0.1', host: 'web2' }, ['web1']],
    ['by another address of it', { address: '10.0.0.9', host: null }, ['web1']],
    ['all with that address', { address: '10.0.0.2', host: null }, ['twin', 'web2']],
    ['also out of force', { address: '10.0.0.7', host: null }, ['off']],
    ['by the alias of the source', { address: '10.1.1.1', alias: '10.0.0.1', host: 'web2' }, ['web1']],
    ['by host name, whatever its case', { address: '10.1.1.1', host: 'Web1.Example.COM.' }, ['web1']],
    ['by host name without its domain', { address: '10.1.1.1', host: 'web2.example.org' }, ['web2']],
    ['by an address in the place of the host name', { address: '10.1.1.1', host: '10.0.0.1' }, ['web1']],
    ['nobody', { address: '10.1.1.1', host: 'unknown' }, []],
  ])('is found %s', (_, sender, found) => expect(estate().facilities.resolve(sender)).toEqual(found));
  it('is one where one is wanted', () => {
    const { directory } = estate().facilities;
    expect([directory.byAddress('10.0.0.2'), directory.byHostName('web2'), directory.byAddress('1.1.1.1')]).toEqual([
      'twin',
      'web2',
      undefined,
    ]);
  });
});

describe('the path of a facility', () => {
  it.each([
    ['tokyo', null, 'JAPAN>TOKYO>'],
    ['web1', null, 'web1'],
    ['web1', 'japan', 'JAPAN>web1'],
    ['web1', 'tokyo', 'JAPAN>TOKYO>web1'],
    ['web2', 'tokyo', 'web2'],
    ['LINUX', null, 'OS>Linux>'],
    ['web1', 'LINUX', 'OS>Linux>web1'],
    ['UNREGISTERED', null, 'Unregistered>'],
    ['gone', null, 'gone'],
  ])('of %s within %s', (facility, within, path) => expect(estate().facilities.pathOf(facility, within)).toBe(path));
});

describe('a snapshot', () => {
  it('leaves out what this version cannot read, and says which', () => {
    const live = snapshot({ ...node('odd'), body: { name: 'odd', from: 'the future' } }, node('well'));
    expect([...live.nodes.keys()]).toEqual(['well']);
    expect(live.unreadable).toEqual([{ kind: 'node', id: 'odd', revision: 1 }]);
    live.apply(readSettings([node('odd')]), [], { version: 2, epoch: 1 });
    expect([live.unreadable, live.nodes.has('odd')]).toEqual([[], true]);
  });
  it('has each kind by id, those in force apart', () => {
    const live = estate();
    expect(live.get('node', 'web1')?.body.platform).toBe('LINUX');
    expect(live.get('scope', 'tokyo')?.body.parent).toBe('japan');
    expect(live.enabled('node').map(({ id }) => id)).toEqual(['lone', 'twin', 'web1', 'web2']);
    expect(live.get('filter', 'x')).toBeUndefined();
  });
});
