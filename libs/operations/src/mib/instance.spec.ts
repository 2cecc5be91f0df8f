import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileMibs } from './compile.js';

const ROW = 'MAX-ACCESS read-only STATUS current DESCRIPTION ""';
const leaf = (name: string, syntax: string, place: string) => `${name} OBJECT-TYPE SYNTAX ${syntax} ${ROW} ::= { ${place} }`;
const table = (name: string, index: string, number: number) => {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Entry`;
  return `${name}Table OBJECT-TYPE SYNTAX SEQUENCE OF ${type} ${ROW} ::= { t ${number} }
${name}Entry OBJECT-TYPE SYNTAX ${type} ${ROW} ${index} ::= { ${name}Table 1 }
${type} ::= SEQUENCE { none INTEGER }`;
};
const tc = (name: string, hint: string, syntax: string) =>
  `${name} ::= TEXTUAL-CONVENTION ${hint === '' ? '' : `DISPLAY-HINT "${hint}"`} STATUS current DESCRIPTION "" SYNTAX ${syntax}`;
const T_MIB = `T-MIB DEFINITIONS ::= BEGIN
IMPORTS enterprises FROM SNMPv2-SMI;
t OBJECT IDENTIFIER ::= { enterprises 32473 }
${tc('MacAddress', '1x:', 'OCTET STRING (SIZE (6))')}
${tc('DisplayString', '255a', 'OCTET STRING (SIZE (0..255))')}
${tc('InetAddressType', '', 'INTEGER { unknown(0), ipv4(1), ipv6(2), dns(16) }')}
${tc('InetAddress', '', 'OCTET STRING (SIZE (0..255))')}
${table('a', 'INDEX { aNum, aIp, aMac, aKind, aOid, IMPLIED aName }', 1)}
${leaf('aNum', 'Integer32 (1..99)', 'aEntry 1')}
${leaf('aIp', 'IpAddress', 'aEntry 2')}
${leaf('aMac', 'MacAddress', 'aEntry 3')}
${leaf('aKind', 'INTEGER { big(1), small(2) }', 'aEntry 4')}
${leaf('aOid', 'OBJECT IDENTIFIER', 'aEntry 5')}
${leaf('aName', 'DisplayString', 'aEntry 6')}
${leaf('aVal', 'INTEGER', 'aEntry 7')}
${table('b', 'INDEX { aName, aNum }', 2)}
${leaf('bVal', 'INTEGER', 'bEntry 1')}
${table('c', 'AUGMENTS { bEntry }', 3)}
${leaf('cVal', 'INTEGER', 'cEntry 1')}
${table('d', 'INDEX { dRaw, aNum }', 4)}
${leaf('dRaw', 'OCTET STRING', 'dEntry 1')}
${leaf('dVal', 'INTEGER', 'dEntry 2')}
${table('e', 'INDEX { IMPLIED aOid }', 5)}
${leaf('eVal', 'INTEGER', 'eEntry 1')}
${table('f', 'INDEX { fType, fAddress }', 6)}
${leaf('fType', 'InetAddressType', 'fEntry 1')}
${leaf('fAddress', 'InetAddress (SIZE (0..20))', 'fEntry 2')}
${leaf('fVal', 'INTEGER', 'fEntry 3')}
${table('g', 'INDEX { IMPLIED aName, aNum }', 7)}
${leaf('gVal', 'INTEGER', 'gEntry 1')}
${table('h', 'INDEX { nowhere }', 8)}
${leaf('hVal', 'INTEGER', 'hEntry 1')}
${leaf('scalar', 'INTEGER', 't 9')}
END
`;
const { store, problems } = compileMibs([{ name: 't.mib', text: T_MIB }]);
const T = '1.3.6.1.4.1.32473';
const A = `${T}.1.1.7.5.10.0.0.1.0.0.94.0.255.1.2`;

/** [OID, what it is called]; by RFC 2578 7.7. */
const INSTANCES = [
  [`${A}.3.1.3.6.102.111.111`, 'aVal[5][10.0.0.1][00:00:5e:00:ff:01][small][dod]["foo"]'],
  [`${T}.2.1.1.3.102.111.111.9`, 'bVal["foo"][9]'],
  [`${T}.2.1.1.0.9`, 'bVal[""][9]'],
  [`${T}.2.1.1.5.97.34.92.93.91.9`, String.raw`bVal["a\"\\]["][9]`],
  [`${T}.2.1.1.2.195.169.9`, 'bVal["é"][9]'],
  [`${T}.2.1.1.3.97.9.98.9`, 'bVal[0x610962][9]'],
  [`${T}.3.1.1.3.102.111.111.9`, 'cVal["foo"][9]'],
  [`${T}.4.1.2.2.0.255.9`, 'dVal[0x00ff][9]'],
  [`${T}.4.1.2.2.97.98.4294967295`, 'dVal["ab"][4294967295]'],
  [`${T}.5.1.1.1.3.6.1.2.1.2.2.1.8.3`, 'eVal[ifOperStatus.3]'],
  [`${T}.6.1.3.1.4.10.0.0.1`, 'fVal[ipv4][10.0.0.1]'],
  [`${T}.6.1.3.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1`, 'fVal[ipv6][2001:0db8:0000:0000:0000:0000:0000:0001]'],
  [`${T}.6.1.3.16.4.97.46.106.112`, 'fVal[dns]["a.jp"]'],
  [`${T}.6.1.3.1.5.10.0.0.1.2`, 'fVal[ipv4][0x0a00000102]'],
  [`${T}.9.0`, 'scalar.0'],
  ['1.3.6.1.2.1.2.2.1.2.3', 'ifDescr[3]'],
  ['1.3.6.1.2.1.31.1.1.1.18.7', 'ifAlias[7]'],
  ['1.3.6.1.2.1.31.1.4.1.3.2.6.0.0.94.0.255.1', 'ifRcvAddressType[2][00:00:5e:00:ff:01]'],
  ['1.3.6.1.6.3.16.1.2.1.3.3.3.102.111.111', 'vacmGroupName[3]["foo"]'],
] as const;
/** What is no instance of its table stays in numbers. */
const NO_INSTANCES = [
  [`${A}`, 'an object is missing'],
  [`${A}.9.0.102`, 'an OID longer than what is left'],
  [`${T}.1.1.7.5.10.0.0.300.0.0.94.0.255.1.2.3.1.3.6.102`, 'an address with 300 in it'],
  [`${T}.2.1.1.3.102.111.111`, 'an object is missing'],
  [`${T}.2.1.1.3.102.111.111.9.9`, 'one number too many'],
  [`${T}.2.1.1.3.102.111.300.9`, 'an octet of 300'],
  [`${T}.2.1.1.4294967295.9`, 'a length beyond everything'],
  [`${T}.2.1.1.1.97.4294967296`, 'more than an arc holds'],
  [`${T}.7.1.1.97.9`, 'IMPLIED before the last object'],
  [`${T}.8.1.1.9`, 'an INDEX that names nothing'],
  ['1.3.6.1.2.1.2.2.1.2.3.4', 'two numbers where one is wanted'],
  ['1.3.6.1.2.1.2.2.1.2.x', 'no number'],
  ['1.3.6.1.2.1.2.2.1.2.-1', 'no number'],
] as const;

describe('an instance of a table', () => {
  it.each(INSTANCES)('%s is %s', (oid, name) => expect(store.nameOf(oid)).toBe(name));
  it.each(INSTANCES)('%s is found by %s', (oid, name) => expect(store.oidOf(name)).toBe(oid));
  it.each(NO_INSTANCES)('is not %s: %s', (oid) => {
    const { node, index } = store.resolve(oid)!;
    expect(store.nameOf(oid)).toBe(`${node.name}.${index}`);
  });
  it.each([
    'bVal["foo"]',
    'bVal["foo"][x]',
    'bVal["foo"][9',
    'bVal[9][9]',
    'aVal[1]',
    'scalar[0]',
    'nothing[1]',
    'ifDescr[3]x',
    'ifDescr[-1]',
  ])('is not called %s', (name) => expect(store.oidOf(name)).toBeNull());
  it('is found by its numbers, too', () => {
    expect(store.oidOf('ifDescr.3')).toBe('1.3.6.1.2.1.2.2.1.2.3');
    expect(store.oidOf('ifDescr')).toBe('1.3.6.1.2.1.2.2.1.2');
  });
  it('is told from the numbers of whatever OID, and found by what it is told as', () =>
    fc.assert(
      fc.property(
        fc.constantFrom('1.1.7', '2.1.1', '3.1.1', '4.1.2', '5.1.1', '6.1.3', '7.1.1', '8.1.1'),
        fc.array(fc.oneof(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 300 }), fc.constant(4_294_967_295)), {
          minLength: 1,
          maxLength: 24,
        }),
        (column, arcs) => {
          const oid = `${T}.${column}.${arcs.join('.')}`;
          expect(store.oidOf(store.nameOf(oid))).toBe(oid);
        },
      ),
      { numRuns: 3_000 },
    ));
});

it('an INDEX that names nothing is no mistake of the module', () => expect(problems).toEqual([]));

describe('the modules that npm net-snmp brings', () => {
  const folder = join(dirname(createRequire(import.meta.url).resolve('net-snmp')), 'lib/mibs');
  const files = readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), 'latin1') }));
  const real = compileMibs(files).store;
  it.each([
    ['1.3.6.1.2.1.4.22.1.2.2.10.0.0.1', 'ipNetToMediaPhysAddress[2][10.0.0.1]'],
    ['1.3.6.1.2.1.3.1.1.2.2.1.10.0.0.1', 'atPhysAddress[2][10.0.0.1]'],
    ['1.3.6.1.2.1.6.13.1.1.10.0.0.1.22.10.0.0.2.4000', 'tcpConnState[10.0.0.1][22][10.0.0.2][4000]'],
    ['1.3.6.1.2.1.31.1.1.1.1.7', 'ifName[7]'],
  ])('%s is %s', (oid, name) => {
    expect(real.nameOf(oid)).toBe(name);
    expect(real.oidOf(name)).toBe(oid);
  });
});

const SNMPTRANSLATE = '/usr/bin/snmptranslate';
describe.skipIf(!existsSync(SNMPTRANSLATE))('as snmptranslate -OX of net-snmp says it', () => {
  it('but for its signs of a text', () => {
    const folder = mkdtempSync(join(tmpdir(), 'yosugara-mibs-'));
    try {
      // Its own SNMPv2-SMI may not be installed: this is what T-MIB needs of it.
      const smi = `SNMPv2-SMI DEFINITIONS ::= BEGIN
org OBJECT IDENTIFIER ::= { iso 3 }
dod OBJECT IDENTIFIER ::= { org 6 }
internet OBJECT IDENTIFIER ::= { dod 1 }
private OBJECT IDENTIFIER ::= { internet 4 }
enterprises OBJECT IDENTIFIER ::= { private 1 }
END
`;
      writeFileSync(join(folder, 'SNMPv2-SMI.txt'), smi);
      writeFileSync(join(folder, 'T-MIB.txt'), T_MIB);
      const own = INSTANCES.filter(
        ([oid, name]) => oid.startsWith(`${T}.`) && /^[\x20-\x7e]*$/.test(name) && !SAID_OTHERWISE.test(name),
      );
      expect(own.length).toBeGreaterThan(5);
      const env = { ...process.env, MIBS: '', MIBDIRS: folder, SNMP_PERSISTENT_DIR: folder, SNMPCONFPATH: folder };
      const said = execFileSync(SNMPTRANSLATE, ['-M', folder, '-m', 'T-MIB', '-OsX', ...own.map(([oid]) => oid)], {
        encoding: 'utf8',
        timeout: 20_000,
        stdio: 'pipe',
        env,
      });
      expect(said.trim().split(/\n+/).map(inOurSigns)).toEqual(own.map(([, name]) => name));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** Unreadable octets, an arc that it holds for negative, names of modules that it does not have here, and signs within a text. */
const SAID_OTHERWISE = /0x|4294967295|ifOperStatus|\\|ipv6|dns/;

/** `[STRING: foo]`, and octets without a leading zero. */
function inOurSigns(said: string): string {
  return said
    .replace(/\[STRING: ([^\]]*)\]/g, (_, text: string) =>
      /^[\da-f]{1,2}(:[\da-f]{1,2})+$/.test(text)
        ? `[${text
            .split(':')
            .map((octet) => octet.padStart(2, '0'))
            .join(':')}]`
        : `["${text}"]`,
    )
    .replace(/\["(\d+\.\d+\.\d+\.\d+)"\]/g, '[$1]');
}
