import { SILENT_LOG } from '@yosugara/kernel';
import type { MibNode } from '@yosugara/operations';
import { describe, expect, it } from 'vitest';
import { MibNames } from './mib-names.js';

const node = (oid: string, name: string, module: string): MibNode => ({
  ...{ oid, name, module, kind: 'object', type: null, objects: [], units: null, description: null },
});
/** The tables of a database that can be away. */
class Tables {
  isAway = false;
  compiled = 1;
  asked: (readonly string[])[] = [];
  readonly modules = new Map<string, { digest: string; nodes: readonly MibNode[] }>();
  readonly #answer = <T>(answer: T): Promise<T> =>
    this.isAway ? Promise.reject(new Error('the database is away')) : Promise.resolve(answer);
  readonly version = () => this.#answer({ wanted: this.compiled, compiled: this.compiled, compiler: 1 });
  readonly objectDigests = () =>
    this.#answer(new Map([...this.modules].map(([name, { digest }]) => [name, Buffer.from(digest)])));
  /** What happens to the tables just before objects are read. */
  meanwhile: () => void = () => {};
  readonly objects = (names: readonly string[]) => {
    this.asked.push(names);
    this.meanwhile();
    const known = names.flatMap((name) => {
      const module = this.modules.get(name);
      return module === undefined ? [] : [[name, { digest: Buffer.from(module.digest), nodes: module.nodes }] as const];
    });
    return this.#answer(new Map(known));
  };
}
function made() {
  const tables = new Tables();
  tables.modules.set('A-MIB', { digest: 'a1', nodes: [node('1.3.6.1.4.1.1', 'one', 'A-MIB')] });
  tables.modules.set('B-MIB', { digest: 'b1', nodes: [node('1.3.6.1.4.1.2', 'two', 'B-MIB')] });
  return { tables, names: new MibNames(tables, SILENT_LOG) };
}

describe('the names of now', () => {
  it('are what is built in, until the database was read', async () => {
    const { names } = made();
    expect([names.now().nameOf('1.3.6.1.2.1.1.5.0'), names.now().nameOf('1.3.6.1.4.1.1.0')]).toEqual([
      'sysName.0',
      '1.3.6.1.4.1.1.0',
    ]);
    await names.ready();
    expect(names.now().nameOf('1.3.6.1.4.1.1.0')).toBe('one.0');
  });
  it('are not waited for when the database is away, and stay as they are', async () => {
    const { tables, names } = made();
    tables.isAway = true;
    await names.ready(20);
    expect(names.now().nameOf('1.3.6.1.4.1.1.0')).toBe('1.3.6.1.4.1.1.0');
    tables.isAway = false;
    await names.follow(1);
    tables.isAway = true;
    await names.follow(2);
    expect(names.now().nameOf('1.3.6.1.4.1.1.0')).toBe('one.0');
  });
  it('are read again of modules that changed only, and forgotten of those that are gone', async () => {
    const { tables, names } = made();
    await names.follow(1);
    await names.follow(1);
    tables.modules.set('A-MIB', { digest: 'a2', nodes: [node('1.3.6.1.4.1.1', 'uno', 'A-MIB')] });
    tables.modules.delete('B-MIB');
    expect(names.now().nameOf('1.3.6.1.4.1.1.0')).toBe('one.0');
    await names.follow(2);
    expect([names.now().nameOf('1.3.6.1.4.1.1.0'), names.now().nameOf('1.3.6.1.4.1.2.0')]).toEqual(['uno.0', '1.3.6.1.4.1.2.0']);
    expect(tables.asked).toEqual([['A-MIB', 'B-MIB'], ['A-MIB']]);
  });
});

describe('what changes while it is read', () => {
  it('is there when a module was deleted meanwhile and came back as it was', async () => {
    const { tables, names } = made();
    const one = tables.modules.get('A-MIB')!;
    tables.meanwhile = () => void tables.modules.delete('A-MIB');
    await names.follow(1);
    tables.meanwhile = () => {};
    tables.modules.set('A-MIB', one);
    await names.follow(3);
    expect(names.now().nameOf('1.3.6.1.4.1.1.0')).toBe('one.0');
  });
  it('is read again when the database went away half way', async () => {
    const { tables, names } = made();
    for (let at = 0; at < 20; at++)
      tables.modules.set(`C${at}-MIB`, { digest: `c${at}`, nodes: [node(`1.3.6.1.4.1.3.${at}`, `c${at}`, `C${at}-MIB`)] });
    tables.meanwhile = () => {
      tables.isAway = tables.asked.length === 2;
    };
    await names.follow(1);
    expect(names.now().nameOf('1.3.6.1.4.1.1.0')).toBe('1.3.6.1.4.1.1.0');
    tables.isAway = false;
    await names.follow(1);
    expect([names.now().nameOf('1.3.6.1.4.1.1.0'), names.now().nameOf('1.3.6.1.4.1.3.19.0')]).toEqual(['one.0', 'c19.0']);
  });
});

describe('a varbind in a search', () => {
  const { names } = made();
  it.each([
    ['ifOperStatus=down', '1.3.6.1.2.1.2.2.1.8=2'],
    ['ifOperStatus[7]=down(2)', '1.3.6.1.2.1.2.2.1.8.7=2'],
    ['ifOperStatus.7=down', '1.3.6.1.2.1.2.2.1.8.7=2'],
    ['vacmGroupName[3]["a=]b"]=x', '1.3.6.1.6.3.16.1.2.1.3.3.4.97.61.93.98=x'],
    ['=5', '=5'],
  ])('%s is %s', (term, inNumbers) => expect(names.varbindTerm(term)).toBe(inNumbers));
  it.each(['ifOperStatus["x"]=2', 'ifOperStatus[1][2]', 'nothing=2'])('cannot be %s', (term) =>
    expect(() => names.varbindTerm(term)).toThrow('varbind'),
  );
});
