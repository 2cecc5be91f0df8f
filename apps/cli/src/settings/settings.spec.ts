import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { csvCell, nodesOfCsv, parseCsv } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CommandLine } from '../testing/command-line.js';
import { type Asked, managers as managersAt, type Reply } from '../testing/managers.js';

const cli = new CommandLine();
const { yosugara } = cli;
const managers = async (reply: (asked: Asked) => Reply) => await managersAt(cli, 80, reply);
const file = (name: string, text: string): string => {
  mkdirSync(cli.dir, { recursive: true });
  writeFileSync(join(cli.dir, name), text);
  return join(cli.dir, name);
};
const difference = (change: object = {}): Reply => [
  200,
  {
    ...{
      dryRun: false,
      version: 3,
      counts: { added: 0, changed: 0, removed: 0, unchanged: 0 },
      added: [],
      changed: [],
      removed: [],
    },
    ...change,
  },
];

describe('yosugara apply', () => {
  it('sends all documents of all files to the Master, and says what was done', async () => {
    const counts = { added: 2, changed: 1, removed: 1, unchanged: 5 };
    const asked = await managers(() =>
      difference({
        counts,
        added: [{ kind: 'scope', id: 'web' }],
        changed: [
          {
            kind: 'node',
            id: 'a',
            differences: [
              { place: 'body.name', before: 'x', after: 'y' },
              { place: 'body.os', after: 1 },
            ],
          },
        ],
        removed: [{ kind: 'node', id: 'old\u001b[2J' }],
      }),
    );
    const yaml = file(
      'all.yaml',
      '# estate\n---\nkind: scope\nid: web\nbody: { name: Web }\n---\n---\nkind: node\nid: a\nbody:\n  name: a\n',
    );
    const json = file('more.json', JSON.stringify([{ kind: 'node', id: 'b', body: { name: 'b' } }]));
    expect(await yosugara('apply', '-f', yaml, '-f', json, '--delete-missing', 'node')).toBe(0);
    expect(asked).toMatchObject([
      {
        ...{ method: 'POST', path: '/api/v1/settings/import' },
        body: {
          dryRun: false,
          deleteMissing: ['node'],
          by: expect.stringMatching(/./),
          documents: [{ id: 'web' }, { id: 'a' }, { id: 'b' }],
        },
      },
    ]);
    expect(cli.out.trimEnd().split('\n')).toEqual([
      '+ scope web',
      '… and 1 more added',
      ...['~ node a', '    body.name: "x" → "y"', '    body.os: – → 1'],
      '- node old\\x1b[2J',
      '2 added, 1 changed, 1 removed, 5 as before',
    ]);
  });
  it.each([[['apply']], [['diff']]])('%s says what works otherwise than it looks', async (verb) => {
    const warnings = [{ kind: 'notification', id: 'mail', place: 'priorities.info.message', message: '#[NOPE] stays' }];
    await managers(() => difference({ warnings }));
    expect(await yosugara(...verb, '-f', file('a.yaml', 'kind: node\nid: a\nbody: {name: a}\n'))).toBe(0);
    expect(cli.out).toContain('! notification mail: priorities.info.message: #[NOPE] stays\n');
  });
  it.each([[['apply', '--dry-run']], [['diff']]])('%s only looks', async (verb) => {
    const asked = await managers(() => difference({ dryRun: true }));
    expect(await yosugara(...verb, '-f', file('a.yaml', 'kind: node\nid: a\nbody: {name: a}\n'), '--json')).toBe(0);
    expect(asked).toMatchObject([{ body: { dryRun: true } }]);
    expect(JSON.parse(cli.out)).toMatchObject({ dryRun: true, counts: { unchanged: 0 } });
  });
  it('names mistakes by file and line, and ends with 2', async () => {
    const problems = [
      { place: 'documents.1.body.addresses.0', found: '"x"', allowed: 'an IPv4 or IPv6 address' },
      { place: 'documents.2.body.snmp', found: 'nothing', allowed: 'fields' },
    ];
    await managers(() => [400, { code: 'INVALID_INPUT', message: 'whatever', problems }]);
    const yaml = file('a.yaml', 'kind: scope\nid: s\n---\nkind: node\nid: a\nbody:\n  name: a\n  addresses:\n    - x\n');
    const csv = file('b.csv', 'id\nb\n');
    expect(await yosugara('apply', '-f', yaml, '-f', csv)).toBe(2);
    expect(cli.notes.trimEnd().split('\n')).toEqual([
      `yosugara: ${yaml}:9: node a: body.addresses.0: found "x", allowed is an IPv4 or IPv6 address`,
      `${csv}:2: node b: body.snmp: found nothing, allowed is fields`,
    ]);
  });
  it('sends many in parts and then asks for all of it at once', async () => {
    const sizes: number[] = [];
    const asked = await managers(({ path, body }) => {
      sizes.push(body.documents?.length ?? 0);
      return path.endsWith('/parts')
        ? [200, { documents: 1 }]
        : difference({ counts: { added: 2_500, changed: 0, removed: 0, unchanged: 0 } });
    });
    const rows = Array.from({ length: 2_500 }, (_, at) => `n${at},10.0.${at >> 8}.${at & 255}`);
    expect(await yosugara('apply', '-f', file('many.csv', `id,addresses\n${rows.join('\n')}\n`))).toBe(0);
    expect(sizes).toEqual([1_000, 1_000, 500, 0]);
    expect(new Set(asked.map(({ body }) => body.import)).size).toBe(1);
    expect(asked.map(({ body }) => body.part)).toEqual([0, 1, 2, undefined]);
    expect(cli.out).toContain('2500 added');
  });
  it('ends with 4 when the cluster refuses, in its words', async () => {
    await managers(() => [409, { code: 'SETTING_IN_USE', message: 'scope web is needed by node a' }]);
    expect(await yosugara('apply', '-f', file('a.yaml', 'kind: node\nid: a\n'))).toBe(4);
    expect(cli.notes).toContain('scope web is needed by node a');
  });
  it.each([
    ['a file that is not there', () => join(cli.dir, 'none.yaml')],
    ['YAML that is none', () => file('bad.yaml', 'a: [1\n')],
    ['a column that is none', () => file('bad.csv', 'id,=cmd()\nx,y\n')],
    ['more cells than columns', () => file('bad.csv', 'id\nx,y\n')],
  ])('takes no %s', async (_, make) => {
    const asked = await managers(() => difference());
    expect(await yosugara('apply', '-f', make())).toBe(2);
    expect(asked).toEqual([]);
  });
});

describe('nodes in a table', () => {
  it('are lines; lists have spaces or semicolons, other columns are places in the body', () => {
    const text =
      'id,addresses,scopes,behind,enabled,snmp.version,snmp.port,variables.RACK,description\r\nweb1,"10.0.0.1 10.0.0.2",a;b,sw1 sw2,no,v3,1161,7,"a ""b"",\nc"\r\n\r\nweb2,,,,,,,,\r\n';
    expect(nodesOfCsv(text, 'f.csv').map(({ line, document }) => [line, document])).toEqual([
      [
        2,
        {
          ...{ kind: 'node', id: 'web1', enabled: false, description: 'a "b",\nc' },
          body: {
            ...{ name: 'web1', addresses: ['10.0.0.1', '10.0.0.2'], scopes: ['a', 'b'], behind: ['sw1', 'sw2'] },
            ...{ snmp: { version: 'v3', port: 1161 }, variables: { RACK: '7' } },
          },
        },
      ],
      [5, { kind: 'node', id: 'web2', body: { name: 'web2' } }],
    ]);
  });
  it.each(['a,"b', 'a,"b"c', 'a\n"x'])('are refused as %j', (text) => expect(() => parseCsv(text, 'f.csv')).toThrow(/f\.csv:\d/));
  it('are written so that no spreadsheet takes them for formulas', () =>
    expect(['=1+1', 'a,b', 'plain', '@x'].map(csvCell)).toEqual(["'=1+1", '"a,b"', 'plain', "'@x"]));
});

const view = (id: string, body: object = {}) => ({
  ...{ kind: 'node', id, revision: 2, description: '', enabled: true, ownerRole: 'operator' },
  ...{ createdAt: 't', createdBy: 'ann', modifiedAt: 't', modifiedBy: 'bob', hasSecret: ['snmp.community'] },
  body: { name: id, addresses: ['10.0.0.1'], hostNames: [], scopes: ['web'], platform: 'LINUX', ...body },
});

describe('yosugara export', () => {
  const pages = ({ path }: Asked): Reply =>
    path.includes('after=')
      ? [200, { documents: [{ kind: 'node', id: 'b', body: { name: 'b', addresses: ['10.0.0.2', '::1'] } }], next: null }]
      : [200, { documents: [{ kind: 'node', id: 'a', body: { name: 'a' } }], next: 'node/a' }];
  it('writes YAML that apply takes, page after page', async () => {
    const asked = await managers(pages);
    expect(await yosugara('export', '--kind', 'node')).toBe(0);
    expect(asked.map(({ path }) => path)).toEqual(
      ['?kind=node', '?after=node%2Fa&kind=node'].map((query) => `/api/v1/settings/export${query}`),
    );
    const documents = cli.out.split('---\n').filter((text) => text !== '');
    expect(documents.map((text) => parse(text))).toMatchObject([
      { id: 'a' },
      { id: 'b', body: { addresses: ['10.0.0.2', '::1'] } },
    ]);
  });
  it('writes one JSON document, or a table of nodes', async () => {
    await managers(pages);
    expect(await yosugara('export', '--json')).toBe(0);
    expect(JSON.parse(cli.out).documents).toHaveLength(2);
    expect(await yosugara('export', '--format', 'csv')).toBe(0);
    expect(cli.out.split('\n').map((line) => line.split(',').slice(0, 3).join(','))).toEqual([
      'id,name,addresses',
      'a,a,',
      'b,b,10.0.0.2 ::1',
      '',
    ]);
  });
});

describe('yosugara nodes', () => {
  it('list filters at the manager', async () => {
    const asked = await managers(() => [200, { rows: [view('web1')], next: 'web1' }]);
    expect(await yosugara('nodes', 'list', '--scope', 'web', '--address', '10.0.0.0/8', '--disabled', '--limit', '1')).toBe(0);
    expect(asked[0]?.path).toBe('/api/v1/settings/node?address=10.0.0.0%2F8&scope=web&limit=1&enabled=false');
    expect(cli.out).toMatch(/web1 +web1 +10\.0\.0\.1 +LINUX +web +yes/);
    expect(cli.notes).toContain('more: --after web1');
  });
  it('show tells which secrets are set, and ends with 1 when there is no such node', async () => {
    await managers(({ path }) =>
      path.endsWith('/web1') ? [200, view('web1')] : [404, { code: 'NOT_FOUND', message: 'there is no node x' }],
    );
    expect(await yosugara('nodes', 'show', 'web1')).toBe(0);
    expect(cli.out).toContain('secrets that are set: snmp.community');
    expect(await yosugara('nodes', 'show', 'x')).toBe(1);
    expect(cli.notes).toContain('there is no node x');
  });
  it('add makes a new one only', async () => {
    const asked = await managers(() => [412, { code: 'REVISION_MISMATCH', message: 'node web1 is at revision 2' }]);
    const args = ['--address', '10.0.0.1', '--scope', 'web', '--platform', 'LINUX'];
    expect(await yosugara('nodes', 'add', 'web1', ...args)).toBe(4);
    expect(asked).toMatchObject([
      {
        ...{ method: 'PUT', path: '/api/v1/settings/node/web1', headers: { 'if-none-match': '*' } },
        body: { body: { name: 'web1', addresses: ['10.0.0.1'], hostNames: [], scopes: ['web'], platform: 'LINUX' } },
      },
    ]);
  });
  it('remove says who asks, and what it was read as', async () => {
    const asked = await managers(({ method }) => [200, method === 'GET' ? { ...view('web1'), revision: 7 } : { version: 4 }]);
    expect(await yosugara('nodes', 'remove', 'web1')).toBe(0);
    expect(asked[1]).toMatchObject({
      ...{ method: 'DELETE', path: expect.stringMatching(/^\/api\/v1\/settings\/node\/web1\?by=./) },
      headers: { 'if-match': '"7"' },
    });
  });
});

describe('yosugara nodes search', () => {
  const agent = (address: string, name: string, nodes: readonly string[] = []) => ({
    ...{ address, name, nodes, description: 'Linux box', objectId: '1.3.6.1', platform: 'LINUX' },
  });
  const agents = [agent('10.0.0.1', 'web1'), agent('10.0.0.2', 'web1'), agent('10.0.0.3', 'db', ['db'])];
  const reply = ({ path }: Asked): Reply =>
    path.endsWith('/search') ? [200, { asked: 254, left: 0, trouble: null, agents }] : difference();
  it('shows who answers, with secrets from a file', async () => {
    const asked = await managers(reply);
    const snmp = file('snmp.yaml', 'community: hush\n');
    expect(await yosugara('nodes', 'search', '--range', '10.0.0.0/24', '--snmp-file', snmp)).toBe(0);
    expect(asked).toMatchObject([{ path: '/api/v1/nodes/search', body: { range: '10.0.0.0/24', snmp: { community: 'hush' } } }]);
    expect(cli.out).toMatch(/10\.0\.0\.3 +db +LINUX +db +Linux box\n3 of 254 addresses answered/);
  });
  it('makes nodes of those that are none yet', async () => {
    const asked = await managers(reply);
    expect(await yosugara('nodes', 'search', '--range', '10.0.0.0/24', '--add', '--scope', 'web')).toBe(0);
    expect(asked[1]?.body.documents).toMatchObject([
      { kind: 'node', id: 'web1', body: { addresses: ['10.0.0.1'], hostNames: ['web1'], scopes: ['web'], platform: 'LINUX' } },
      { kind: 'node', id: '10.0.0.2', body: { name: 'web1', addresses: ['10.0.0.2'], hostNames: [] } },
    ]);
  });
});

describe('yosugara scopes', () => {
  it('draws them as a tree', async () => {
    const scope = (id: string, parent: string | null, change: object = {}) => ({
      ...{ id, name: id.toUpperCase(), parent, path: '', builtIn: false, enabled: true, sortOrder: 1, nodes: 2, nodesBelow: 3 },
      ...change,
    });
    await managers(() => [
      200,
      { version: 1, nodes: 9, scopes: [scope('japan', null), scope('tokyo', 'japan'), scope('OS', null, { builtIn: true })] },
    ]);
    expect(await yosugara('scopes')).toBe(0);
    expect(cli.out.trimEnd().split('\n')).toEqual([
      'SCOPE    NAME   NODES  ENABLED BELOW',
      'japan    JAPAN  2      3',
      '  tokyo  TOKYO  2      3',
      'OS       OS     2      3              built in',
      '9 nodes',
    ]);
  });
});
