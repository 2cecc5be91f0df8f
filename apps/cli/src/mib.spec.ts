import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MibModuleSummary } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { CommandLine } from './testing/command-line.js';
import { type Asked, managers as managersAt, type Reply } from './testing/managers.js';

const cli = new CommandLine();
const { yosugara } = cli;

const managers = async (reply: (asked: Asked) => Reply) => await managersAt(cli, 78, reply);

const module = (name: string, change: Partial<MibModuleSummary> = {}): MibModuleSummary => ({
  ...{ name, file: `${name}.txt`, bytes: 10, digest: 'ab', uploadedBy: 'root', uploadedAt: '2026-11-21T12:00:00.000Z' },
  ...{ state: 'compiled', missing: [], objects: 3, notifications: 1, errors: 0, warnings: 0 },
  ...change,
});
const uploaded = (change: object = {}): Reply => [200, { modules: [], completed: [], refused: [], compiled: true, ...change }];

describe('yosugara mib import', () => {
  it('sends files and the files of folders to the Master, as text whatever their charset, and says who asks', async () => {
    const asked = await managers(() => uploaded({ modules: [{ ...module('A-MIB'), problems: [] }] }));
    mkdirSync(join(cli.dir, 'mibs', 'folder'), { recursive: true });
    writeFileSync(join(cli.dir, 'mibs', 'one'), Buffer.from('A -- \xe9', 'latin1'));
    writeFileSync(join(cli.dir, 'mibs', 'two'), 'B -- 機器');
    expect(await yosugara('mib', 'import', join(cli.dir, 'mibs'), '--json')).toBe(0);
    expect(asked).toMatchObject([{ method: 'POST', path: '/api/v1/mibs', body: { by: expect.stringMatching(/./) } }]);
    expect([...asked[0]!.body.files].sort((x, y) => (x.name < y.name ? -1 : 1))).toEqual([
      { name: 'one', text: 'A -- é' },
      { name: 'two', text: 'B -- 機器' },
    ]);
    expect(JSON.parse(cli.out).modules).toMatchObject([{ name: 'A-MIB' }]);
  });
  it('names mistakes with file and line, and ends with 1', async () => {
    const problems = [{ line: 7, severity: 'error', message: 'a hangs below b, which is not defined' }];
    const refused = [
      { file: 'notes.txt', problems: [{ line: 1, severity: 'error', message: 'there is no module in this file' }] },
    ];
    await managers(() => uploaded({ modules: [{ ...module('A-MIB', { state: 'errors', errors: 1 }), problems }], refused }));
    writeFileSync(join(cli.dir, 'a'), 'x');
    expect(await yosugara('mib', 'import', join(cli.dir, 'a'))).toBe(1);
    expect(cli.out).toContain('A-MIB.txt:7: error: a hangs below b, which is not defined');
    expect(cli.out).toContain('notes.txt:1: error: there is no module in this file');
  });
  it('says what a module waits for, which is no failure', async () => {
    const waiting = { ...module('A-MIB', { state: 'waiting', missing: ['B-MIB'] }), problems: [] };
    await managers(() => uploaded({ modules: [waiting] }));
    writeFileSync(join(cli.dir, 'a'), 'x');
    expect(await yosugara('mib', 'import', join(cli.dir, 'a'))).toBe(0);
    expect(cli.out).toContain('wants B-MIB');
  });
  it('sends much in several requests, and tells a module that a later one completed as it is at the end', async () => {
    const waiting = { ...module('A-MIB', { state: 'waiting', missing: ['B-MIB'] }), problems: [] };
    let posts = 0;
    const asked = await managers(({ method }) => {
      if (method === 'GET') return [200, { ...module('A-MIB'), imports: ['B-MIB'], importedBy: [], problems: [], traps: [] }];
      posts += 1;
      return posts === 1 ? uploaded({ modules: [waiting] }) : uploaded({ completed: ['A-MIB', 'C-MIB'] });
    });
    for (const name of ['a', 'b']) writeFileSync(join(cli.dir, name), 'x'.repeat(4 * 1024 * 1024));
    expect(await yosugara('mib', 'import', join(cli.dir, 'a'), join(cli.dir, 'b'))).toBe(0);
    expect(asked.map(({ method }) => method)).toEqual(['POST', 'POST', 'GET']);
    expect(cli.out).toMatch(/A-MIB +compiled/);
    expect(cli.out).toContain('wait no longer: C-MIB');
  });
  it('takes no file that is not there, or too large to be one', async () => {
    await managers(() => uploaded());
    expect(await yosugara('mib', 'import', join(cli.dir, 'none'))).toBe(2);
    writeFileSync(join(cli.dir, 'large'), Buffer.alloc(4 * 1024 * 1024 + 1));
    expect(await yosugara('mib', 'import', join(cli.dir, 'large'))).toBe(2);
    expect(cli.notes).toContain('at most 4194304 bytes');
  });
});

describe('yosugara mib', () => {
  it('delete ends with 4 when other modules import it, and says which', async () => {
    const message = 'A-MIB is imported by B-MIB: delete that first';
    const asked = await managers(() => [409, { code: 'MIB_IN_USE', message }]);
    expect(await yosugara('mib', 'delete', 'A-MIB')).toBe(4);
    expect(cli.notes).toContain(message);
    expect(asked).toMatchObject([{ method: 'DELETE', path: expect.stringMatching(/^\/api\/v1\/mibs\/A-MIB\?by=./), body: null }]);
  });
  it('show says that there is no such module, in the words of the manager', async () => {
    await managers(() => [404, { code: 'NOT_FOUND', message: 'there is no uploaded MIB module X' }]);
    expect(await yosugara('mib', 'show', 'X')).toBe(1);
    expect(cli.notes).toContain('there is no uploaded MIB module X');
  });
  it('list shows states, and what needs no upload', async () => {
    await managers(() => [200, { modules: [module('A-MIB\u001b[2J')], builtIn: ['IF-MIB'], compiling: false }]);
    expect(await yosugara('mib', 'list')).toBe(0);
    expect(cli.out).toContain('A-MIB\\x1b[2J');
    expect(cli.out).toContain('built in: IF-MIB');
  });
  it('lookup says what an OID is called, and what its values mean', async () => {
    const labels = [{ label: 'up', value: 1 }];
    const type = { base: 'INTEGER', name: 'INTEGER', hint: null, labels };
    const node = {
      oid: '1.3.1',
      name: 'state',
      module: 'A-MIB',
      kind: 'object',
      type,
      objects: [],
      units: 's',
      description: 'How\nit is.',
    };
    await managers(() => [200, { oid: '1.3.1.5', node, index: '5', called: 'state.5' }]);
    expect(await yosugara('mib', 'lookup', '1.3.1.5')).toBe(0);
    expect(cli.out.trimEnd().split('\n')).toEqual([
      ...['state.5 = 1.3.1.5', 'A-MIB::state 1.3.1, object', 'type INTEGER', 'up(1)', 'in s', '  How', '  it is.'],
    ]);
  });
});
