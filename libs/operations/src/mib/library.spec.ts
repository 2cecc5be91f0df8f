import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtInModules } from './built-in-modules.js';
import { compileMibs, mibStoreOf } from './compile.js';
import { splitMibs } from './split.js';
import type { MibNode } from './store.js';
import { trapReading } from './trap-reading.js';

const filesOf = (folder: string) =>
  readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), 'latin1') }));
/** The IETF's own modules, as the npm package brings them. */
const REAL = filesOf(join(dirname(createRequire(import.meta.url).resolve('net-snmp')), 'lib/mibs'));
/** Without those that newer ones replaced, and whose names differ. */
const published = compileMibs(REAL.filter(({ name }) => !/^RFC(1158|1213|-1215)/.test(name)));
const builtIn = mibStoreOf([]);

describe('what is built in', () => {
  const own = [...builtIn.nodes()];
  it.each(['IF-MIB', 'SNMPv2-MIB'])('of %s says what the published module says', (module) => {
    const known = new Map(published.nodes.map((node) => [node.oid, node]));
    const mine = own.filter((node) => node.module === module && node.name !== 'egpNeighborLoss');
    expect(mine.length).toBeGreaterThan(30);
    for (const node of mine) {
      const other = known.get(node.oid);
      expect(other?.name, node.oid).toBe(node.name);
      // The types of interfaces are a registry of their own.
      if (node.name === 'ifType') continue;
      expect(meaning(node), node.name).toEqual(meaning(other!));
    }
  });
  it('has nothing of these modules left out that an agent could send', () => {
    const mine = new Set(own.map((node) => node.name));
    const sent = published.nodes.filter((node) => node.module === 'IF-MIB' || node.module === 'SNMPv2-MIB');
    const without = sent.filter((node) => ['object', 'notification'].includes(node.kind) && !mine.has(node.name));
    // Deprecated by RFC 2233 (the tests) and RFC 2863.
    expect(without.map((node) => node.name).filter((name) => !name.startsWith('ifTest'))).toEqual([]);
  });
  it('needs no upload to be imported from', () => {
    const text = `V DEFINITIONS ::= BEGIN IMPORTS ifIndex FROM IF-MIB SnmpAdminString FROM SNMP-FRAMEWORK-MIB InetAddressIPv4 FROM INET-ADDRESS-MIB
enterprises FROM SNMPv2-SMI anything FROM SNMPv2-CONF;
v OBJECT IDENTIFIER ::= { enterprises 9 }
vAddress OBJECT-TYPE SYNTAX InetAddressIPv4 ::= { v 1 }
vPort OBJECT IDENTIFIER ::= { ifIndex 1 }
END`;
    const found = compileMibs([{ name: 'v', text }]);
    expect(found.problems).toEqual([]);
    expect(found.modules).toMatchObject([{ name: 'V', imports: [], missing: [] }]);
    expect(found.store.describe({ oid: '1.3.6.1.4.1.9.1.0', type: 'hex', value: '0a000001' }).value).toBe('10.0.0.1');
    expect(found.store.nameOf('1.3.6.1.2.1.2.2.1.1.1')).toBe('vPort');
  });
  it('names its modules', () => expect(builtInModules()).toEqual(expect.arrayContaining(['IF-MIB', 'SNMPv2-SMI', 'SNMPv2-TC'])));
  it('gives way to an uploaded module, which may want another one', () => {
    const found = compileMibs(REAL.filter(({ name }) => name === 'IF-MIB.mib'));
    expect(found.modules).toMatchObject([{ name: 'IF-MIB', missing: ['IANAifType-MIB'] }]);
    expect(found.problems.map((problem) => problem.message)).toEqual([
      expect.stringMatching(/^IF-MIB wants IANAifType-MIB, which is not here/),
    ]);
    expect(found.store.resolve('1.3.6.1.2.1.2.2.1.8.1')?.node.module).toBe('IF-MIB');
    const both = compileMibs(REAL.filter(({ name }) => ['IF-MIB.mib', 'IANAifType-MIB.mib'].includes(name)));
    expect(both.problems).toEqual([]);
    expect(both.modules.find(({ name }) => name === 'IF-MIB')?.imports).toEqual(['IANAifType-MIB']);
    expect(both.store.describe({ oid: '1.3.6.1.2.1.2.2.1.3.1', type: 'Integer', value: '6' }).value).toBe('ethernetCsmacd(6)');
  });
  it('is as good as what was compiled once and read back', () => {
    const { nodes, store } = published;
    const again = mibStoreOf(JSON.parse(JSON.stringify(nodes)) as MibNode[]);
    expect(again.size).toBe(store.size);
    expect([...again.nodes()]).toEqual([...store.nodes()]);
  });
});

function meaning(node: MibNode): unknown {
  const { kind, type, objects } = node;
  return { kind, base: type?.base, hint: type?.hint, labels: type?.labels, objects };
}

describe('a file of several modules', () => {
  const one = 'ONE DEFINITIONS ::= BEGIN\nIMPORTS enterprises FROM SNMPv2-SMI;\none OBJECT IDENTIFIER ::= { enterprises 1 }\nEND';
  const two = 'TWO DEFINITIONS ::= BEGIN\ntwo OBJECT IDENTIFIER ::= { nobody 1 }\nEND';
  it('is cut behind each END, and nothing of it is left out', () => {
    const text = `-- begin\n${one} -- between\n\n${two}\n-- end\n`;
    const { parts, problems } = splitMibs({ name: 'both', text });
    expect(problems).toEqual([]);
    expect(parts.map(({ name, firstLine }) => [name, firstLine])).toEqual([
      ['ONE', 1],
      ['TWO', 5],
    ]);
    expect(parts.map((part) => part.text).join('')).toBe(text);
  });
  it('has its mistakes at the lines of the file, also when a part is read by itself', () => {
    const [, part] = splitMibs({ name: 'both', text: `${one}\n\n${two}` }).parts;
    expect(compileMibs([{ name: 'both', text: part!.text, firstLine: part!.firstLine }]).problems).toEqual([
      { file: 'both', line: 7, severity: 'error', message: 'two hangs below nobody, which is not defined' },
    ]);
  });
  it('that has none is told', () =>
    expect(splitMibs({ name: 'x', text: 'hello' })).toMatchObject({ parts: [], problems: [{ line: 1, severity: 'error' }] }));
});

describe('a trap as a person reads it', () => {
  const head = [
    { oid: '1.3.6.1.2.1.1.3.0', type: 'TimeTicks', value: '5' },
    { oid: '1.3.6.1.6.3.1.1.4.1.0', type: 'OID', value: '1.3.6.1.6.3.1.1.5.3' },
  ];
  const status = { oid: '1.3.6.1.2.1.2.2.1.8.3', type: 'Integer', value: '2' };
  it('has its name, and the names and labels of what it carries', () => {
    const odd = { oid: '1.3.6.1.4.1.99999.1.0', type: 'OctetString', value: 'x y' };
    const { text, varbinds } = trapReading([...head, status, odd], builtIn);
    expect(text).toBe('linkDown ifOperStatus[3]=down(2) 1.3.6.1.4.1.99999.1.0=x y');
    expect(varbinds.map(({ name, value, module }) => [name, value, module])).toEqual([
      ['sysUpTime.0', '5', 'SNMPv2-MIB'],
      ['snmpTrapOID.0', 'linkDown', 'SNMPv2-MIB'],
      ['ifOperStatus[3]', 'down(2)', 'IF-MIB'],
      ['1.3.6.1.4.1.99999.1.0', 'x y', null],
    ]);
  });
  it('is bounded, whatever hints make of it', () => {
    const text = `W DEFINITIONS ::= BEGIN IMPORTS enterprises FROM SNMPv2-SMI;
Wide ::= TEXTUAL-CONVENTION DISPLAY-HINT "*0a!" SYNTAX OCTET STRING
wide OBJECT-TYPE SYNTAX Wide ::= { enterprises 99999 }
END`;
    const { store } = compileMibs([{ name: 'w', text }]);
    const wide = { oid: '1.3.6.1.4.1.99999.0', type: 'hex', value: 'ff'.repeat(60_000) };
    expect(trapReading([...head, ...Array(50).fill({ ...wide, value: 'ff'.repeat(1_000) })], store).text.length).toBeLessThan(
      400_000,
    );
    expect(trapReading([...head, wide], store).text.length).toBeLessThan(70_000);
  });
});

const DEBIAN = '/usr/share/snmp/mibs';
describe.runIf(existsSync(join(DEBIAN, 'NET-SNMP-MIB.txt')))(
  'net-snmp’s own modules, as Debian’s libsnmp-base brings them',
  () => {
    const files = existsSync(DEBIAN) ? filesOf(DEBIAN).filter(({ name }) => name.endsWith('.txt')) : [];
    const found = compileMibs(files);
    it('compile without an error, and want nothing', () => {
      expect(files.length).toBeGreaterThan(10);
      expect(found.problems.filter((each) => each.severity === 'error')).toEqual([]);
      expect(found.modules.flatMap((module) => module.missing)).toEqual([]);
    });
    it('name net-snmp’s notifications', () => {
      expect(found.store.notification('1.3.6.1.4.1.8072.4.0.2')?.name).toBe('nsNotifyShutdown');
      const varbind = { oid: '1.3.6.1.4.1.8072.2.3.2.1.0', type: 'Integer', value: '7' };
      expect(found.store.describe(varbind)).toMatchObject({ name: 'netSnmpExampleHeartbeatRate.0', value: '7' });
    });
  },
);

describe('the worst that a file can hold', () => {
  const MB = 1_048_576;
  it.each([
    ['open quotes', '"'.repeat(MB)],
    ['single quotes and digits', "'0".repeat(MB / 2)],
    ['hyphens', '-'.repeat(MB)],
    ['open braces in a value', `A DEFINITIONS ::= BEGIN a OBJECT-TYPE SYNTAX INTEGER ${'{'.repeat(MB)}`],
    ['begins without an end', 'A DEFINITIONS ::= BEGIN '.repeat(MB / 24)],
    ['heads without a body', 'A OBJECT-TYPE '.repeat(MB / 14)],
    ['imports', `A DEFINITIONS ::= BEGIN IMPORTS ${'a FROM B '.repeat(MB / 9)}`],
    ['long names', `${'A'.repeat(MB)} DEFINITIONS ::= BEGIN END`],
    ['unknown signs', '@'.repeat(MB)],
  ])('%s: is read in time that its length tells', (_, text) => {
    const before = process.cpuUsage();
    compileMibs([{ name: 'worst', text }]);
    splitMibs({ name: 'worst', text });
    const { user, system } = process.cpuUsage(before);
    // What costs the square of a megabyte takes hours. Of the processor: others may have it meanwhile.
    expect((user + system) / 1_000).toBeLessThan(30_000);
  });
});
