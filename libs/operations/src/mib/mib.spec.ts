import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileMibs } from './compile.js';
import { hintedInteger, hintedOctets } from './display-hint.js';
import { trapReading } from './trap-reading.js';

/** Of our own, for these specs. */
const TYPES = `YOSUGARA-TEST-TC DEFINITIONS ::= BEGIN
IMPORTS MODULE-IDENTITY, enterprises FROM SNMPv2-SMI
        TEXTUAL-CONVENTION FROM SNMPv2-TC;
testTypes MODULE-IDENTITY
    LAST-UPDATED "202601010000Z" ORGANIZATION "test" CONTACT-INFO "nobody"
    DESCRIPTION "Types -- with two hyphens, and
                 two lines."
    REVISION "202601010000Z" DESCRIPTION "first"
    ::= { enterprises 32473 1 }
FanState ::= TEXTUAL-CONVENTION
    STATUS current
    DESCRIPTION "How a fan is."
    SYNTAX INTEGER { ok(1), slow(2), stopped(3), gone(-1) }
Celsius ::= TEXTUAL-CONVENTION
    DISPLAY-HINT "d-1" STATUS current DESCRIPTION "Tenths."
    SYNTAX Integer32 (-1000..1000)
END
`;
const FANS = `-- one comment
--------------- another -----------
YOSUGARA-TEST-MIB DEFINITIONS ::= BEGIN
IMPORTS
    OBJECT-TYPE, NOTIFICATION-TYPE, Integer32 FROM SNMPv2-SMI
    MacAddress, DateAndTime, DisplayString FROM SNMPv2-TC
    testTypes, FanState, Celsius FROM YOSUGARA-TEST-TC;
fans OBJECT IDENTIFIER ::= { testTypes 7 }
fanTable OBJECT-TYPE
    SYNTAX SEQUENCE OF FanEntry MAX-ACCESS not-accessible STATUS current DESCRIPTION ""
    ::= { fans 1 }
fanEntry OBJECT-TYPE
    SYNTAX FanEntry MAX-ACCESS not-accessible STATUS current DESCRIPTION "A row."
    INDEX { fanIndex } ::= { fanTable 1 }
FanEntry ::= SEQUENCE { fanIndex Integer32, fanState FanState }
fanIndex OBJECT-TYPE SYNTAX Integer32 (1..64) MAX-ACCESS not-accessible STATUS current DESCRIPTION "" ::= { fanEntry 1 }
fanState OBJECT-TYPE SYNTAX FanState MAX-ACCESS read-only STATUS current DESCRIPTION "" DEFVAL { { ok } } ::= { fanEntry 2 }
fanHeat OBJECT-TYPE SYNTAX Celsius UNITS "degrees" MAX-ACCESS read-only STATUS current DESCRIPTION "" ::= { fanEntry 3 }
fanMac OBJECT-TYPE SYNTAX MacAddress MAX-ACCESS read-only STATUS current DESCRIPTION "" ::= { fanEntry 4 }
fanSince OBJECT-TYPE SYNTAX DateAndTime MAX-ACCESS read-only STATUS current DESCRIPTION "" ::= { fanEntry 5 }
fanFlags OBJECT-TYPE SYNTAX BITS { loud(0), hot(1), old(9) } MAX-ACCESS read-only STATUS current DESCRIPTION "" ::= { fanEntry 6 }
fanName OBJECT-TYPE SYNTAX DisplayString MAX-ACCESS read-only STATUS current DESCRIPTION "" ::= { fanEntry 7 }
fanFailed NOTIFICATION-TYPE OBJECTS { fanState, fanHeat } STATUS current DESCRIPTION "It stands." ::= { fans 0 3 }
END
`;
const OLD = `OLD-MIB DEFINITIONS ::= BEGIN
IMPORTS enterprises FROM RFC1155-SMI OBJECT-TYPE FROM RFC-1212 TRAP-TYPE FROM RFC-1215 snmp FROM RFC1213-MIB;
old OBJECT IDENTIFIER ::= { enterprises 4242 }
oldTemp OBJECT-TYPE SYNTAX INTEGER { low(1), high(2) } ACCESS read-only STATUS mandatory ::= { old 1 }
oldAlarm TRAP-TYPE ENTERPRISE old VARIABLES { oldTemp } DESCRIPTION "Hot." ::= 17
oldStart TRAP-TYPE ENTERPRISE snmp ::= 0
END
`;
const file = (text: string, name = 'test.mib') => ({ name, text });
const all = [file(FANS, 'fans.mib'), file(TYPES, 'types.mib'), file(OLD, 'old.mib')];
const { store, problems, modules } = compileMibs(all);
const FAN = '1.3.6.1.4.1.32473.1.7.1.1';
const read = (column: number, type: string, value: string) => store.describe({ oid: `${FAN}.${column}.5`, type, value });

describe('modules that need each other', () => {
  it('compile in any order', () => {
    expect(problems).toEqual([]);
    expect(modules.map(({ name, nodes }) => [name, nodes])).toEqual([
      ['YOSUGARA-TEST-MIB', 11],
      ['YOSUGARA-TEST-TC', 1],
      ['OLD-MIB', 4],
    ]);
  });
  it('give an OID its name and index', () => {
    expect(store.resolve(`${FAN}.2.5`)).toMatchObject({ node: { name: 'fanState', module: 'YOSUGARA-TEST-MIB' }, index: '5' });
    expect(store.nameOf('1.3.6.1.4.1.32473.1.7')).toBe('fans');
    expect([store.nameOf(`${FAN}.2.5`), store.nameOf(`${FAN}.2`)]).toEqual(['fanState[5]', 'fanState']);
  });
  it('leave an OID as it is when only a branch far above it has a name', () => {
    expect(store.resolve('1.3.6.1.4.1.9.9')).toMatchObject({ node: { name: 'enterprises' }, index: '9.9' });
    expect(['1.3.6.1.4.1.9.9', '2.5', '9.9'].map((oid) => store.nameOf(oid))).toEqual(['1.3.6.1.4.1.9.9', '2.5', '9.9']);
    expect(store.resolve('')).toBeNull();
  });
  it('name notifications and what they carry', () => {
    expect(store.notification('1.3.6.1.4.1.32473.1.7.0.3')).toMatchObject({
      name: 'fanFailed',
      objects: ['fanState', 'fanHeat'],
      description: 'It stands.',
    });
    expect(store.notification(`${FAN}.2`)).toBeNull();
  });
  it('name SMIv1’s traps as RFC 3584 maps them', () => {
    expect(store.notification('1.3.6.1.4.1.4242.0.17')).toMatchObject({ name: 'oldAlarm', objects: ['oldTemp'] });
    expect(store.notification('1.3.6.1.6.3.1.1.5.1')?.name).toBe('oldStart');
    expect(store.notification('1.3.6.1.6.3.1.1.5.3')?.name).toBe('linkDown');
  });
  it('name notifications with and without the 0 that RFC 3584 puts into their OIDs', () =>
    expect(
      ['1.3.6.1.4.1.4242.17', '1.3.6.1.4.1.32473.1.7.3', '1.3.6.1.4.1.4242.0.18', '1.3.6.1.4.1.4242.1'].map(
        (oid) => store.notification(oid)?.name,
      ),
    ).toEqual(['oldAlarm', 'fanFailed', undefined, undefined]));
  it.each([
    [2, 'Integer', '3', 'stopped(3)'],
    [2, 'Integer', '-1', 'gone(-1)'],
    [2, 'Integer', '9', '9'],
    [3, 'Integer', '-235', '-23.5'],
    [4, 'hex', '00005e00ff01', '00:00:5e:00:ff:01'],
    [4, 'OctetString', 'abcdef', '61:62:63:64:65:66'],
    [5, 'hex', '07ea0b150c1e0f002b0900', '2026-11-21,12:30:15.0,+9:0'],
    [6, 'hex', '8040', '{loud,old}'],
    [6, 'hex', '20', '{2}'],
    [7, 'hex', '6574683000', 'eth0'],
    [7, 'hex', 'e974e9', 'été'],
    [7, 'hex', '0102', '0102'],
    [7, 'OctetString', 'ポート', 'ポート'],
    [2, 'OID', '1.3.6.1.4.1.4242.1.0', 'oldTemp.0'],
    [2, 'Null', '', ''],
  ])('read column %d of type %s: %s is %s', (column, type, value, expected) =>
    expect(read(column, type, value).value).toBe(expected),
  );
  it('say units, and leave what is unknown as it came', () => {
    expect(read(3, 'Integer', '10')).toEqual({ name: 'fanHeat[5]', module: 'YOSUGARA-TEST-MIB', value: '1.0', units: 'degrees' });
    expect(store.describe({ oid: '0.1.2', type: 'hex', value: '00ff' })).toEqual({
      ...{ name: '0.1.2', module: null, value: '00ff', units: null },
    });
  });
});

describe('a mistake is named with its line, and the rest still counts', () => {
  const lines = (text: string) =>
    compileMibs([file(text)]).problems.map(({ line, severity, message }) => [line, severity, message]);
  it.each([
    ['without a value', FANS.replace('::= { fans 1 }', ''), 9, /fanTable has no value: ::= is missing/],
    ['with a label without number', FANS.replace('loud(0)', 'loud'), 21, /\( is missing after the label loud/],
    [
      'of a node without ::=',
      FANS.replace(
        'fans OBJECT IDENTIFIER ::= { testTypes 7 }',
        'fens OBJECT IDENTIFIER\nfans OBJECT IDENTIFIER ::= { testTypes 7 }',
      ),
      8,
      /::= is missing in the definition of fens/,
    ],
    ['below nothing', FANS.replace('{ fans 0 3 }', '{ fens 0 3 }'), 23, /fanFailed hangs below fens, which is not defined/],
    ['with a text that never ends', FANS.replace('"It stands."', '"It stands.'), 23, /no closing quote/],
    [
      'with a word that is none',
      FANS.replace('fanMac OBJECT-TYPE', 'fanMac OBJECT-TIPE'),
      19,
      /fanMac OBJECT-TIPE begins no definition/,
    ],
    ['with an arc beyond 32 bits', FANS.replace('{ testTypes 7 }', '{ testTypes 4294967296 }'), 8, /no arc of an OID/],
    ['that hangs below itself', FANS.replace('{ testTypes 7 }', '{ fanState 7 }'), 8, /defined by itself/],
  ])('%s', (_, text, line, message) => {
    const found = compileMibs([file(text, 'fans.mib'), file(TYPES, 'types.mib')]);
    expect(found.problems).toContainEqual({ file: 'fans.mib', line, severity: 'error', message: expect.stringMatching(message) });
    expect(found.store.nameOf('1.3.6.1.4.1.32473.1')).toBe('testTypes');
  });
  it('a module that is missing is said once, with the line that imports from it', () =>
    expect(lines(FANS)).toEqual([
      [7, 'error', expect.stringMatching(/^YOSUGARA-TEST-MIB wants YOSUGARA-TEST-TC, which is not here/)],
    ]));
  it('a name that its module does not define', () =>
    expect(
      compileMibs([file(FANS.replace('FanState, Celsius', 'FanState, Celsius, Kelvin')), file(TYPES)]).problems,
    ).toMatchObject([{ line: 7, message: 'module YOSUGARA-TEST-TC does not define Kelvin' }]));
  it('a module that comes twice counts as it came last', () =>
    expect(compileMibs([file(TYPES, 'a'), file(TYPES, 'b')]).problems).toMatchObject([
      { file: 'b', severity: 'warning', line: 1 },
    ]));
  it('a file without a module', () => expect(lines('hello')).toHaveLength(1));
  it('an empty file', () => expect(lines('')).toEqual([[1, 'error', 'there is no module in this file']]));
});

describe('whatever a file holds', () => {
  it('it never throws', () =>
    fc.assert(
      fc.property(
        fc.constantFrom(TYPES, FANS, OLD),
        fc.array(
          fc.tuple(
            fc.nat(1_500),
            fc.nat(40),
            fc.constantFrom('', '{', '}', '"', '::=', 'END', ' ', 'SEQUENCE', '(', '\0', '--', 'IMPORTS'),
          ),
          { maxLength: 4 },
        ),
        (good, changes) => {
          let text = good;
          for (const [at, cut, put] of changes) text = text.slice(0, at) + put + text.slice(at + cut);
          const found = compileMibs([file(text), file(TYPES, 'types.mib')]);
          expect(found.problems.every(({ line }) => line >= 1 && line <= text.split('\n').length + 40)).toBe(true);
        },
      ),
      { numRuns: 500 },
    ));
  it.each([
    ['a NUL, which is a space', '\0', ' '],
    ['half of a surrogate pair', '\ud83d', '\ufffd'],
    ['a sign of two halves, which is one', '😀', '😀'],
  ])('what it says can be stored: %s', (_, said, stored) => {
    const text = `Odd ::= TEXTUAL-CONVENTION DISPLAY-HINT "1x${said}" STATUS current DESCRIPTION "" SYNTAX OCTET STRING
odd OBJECT-TYPE SYNTAX Odd UNITS "a${said}" DESCRIPTION "b${said}" ::= { mib-2 7 }`;
    const found = compileMibs([file(`ODD DEFINITIONS ::= BEGIN ${text} END`)]);
    expect(found.nodes).toMatchObject([{ units: `a${stored}`, description: `b${stored}`, type: { hint: `1x${stored}` } }]);
    const varbind = { oid: '1.3.6.1.2.1.7.0', type: 'hex', value: '0102' };
    expect(trapReading([varbind], found.store).text).toBe(`odd.0=01${stored}02`);
  });
  it('a character that is none is shown whole', () =>
    expect(compileMibs([file('😀 ODD DEFINITIONS ::= BEGIN END')]).problems).toMatchObject([
      { line: 1, message: 'unexpected character "😀"' },
    ]));
  it('a chain of any depth is bounded, and so is a circle of types', () => {
    let deep = 'DEEP DEFINITIONS ::= BEGIN IMPORTS enterprises FROM SNMPv2-SMI;\nn0 OBJECT IDENTIFIER ::= { enterprises 1 }\n';
    for (let at = 1; at <= 20_000; at++) deep += `n${at} OBJECT IDENTIFIER ::= { n${at - 1} 1 }\n`;
    const found = compileMibs([file(`${deep}A ::= B\nB ::= A\nx OBJECT-TYPE SYNTAX A ::= { n0 2 }\nEND`)]);
    expect(found.store.resolve(`1.3.6.1.4.1${'.1'.repeat(120)}`)?.index).toBe('');
    expect(found.problems.map((each) => each.message)).toContain('type A is defined by itself, or by more than 32 others');
    expect(found.problems.some((each) => /more than 128 arcs/.test(each.message))).toBe(true);
  });
});

describe('display hints of RFC 2579', () => {
  it.each([
    ['d', -5n, '-5'],
    ['d-2', 1234n, '12.34'],
    ['d-2', -5n, '-0.05'],
    ['x', 255n, 'ff'],
    ['b', 5n, '101'],
    ['q', 5n, null],
  ])('integer %s of %s', (hint, value, text) => expect(hintedInteger(hint, value)).toBe(text));
  it.each([
    ['255a', [104, 105], 'hi'],
    ['1x:', [0, 255], '00:ff'],
    ['1d.1d.1d.1d/2d', [10, 0, 0, 1, 0, 161], '10.0.0.1/161'],
    ['*1x:/1x:', [2, 1, 2, 3], '01:02/03'],
    ['1x😀', [1, 2], '01😀02'],
    ['*1x😀🙂1x:', [2, 1, 2, 3, 4], '01😀02🙂03:04'],
    ['*1x😀', [2, 1, 2, 1, 3], '01😀02😀03'],
    ['0a', [1, 2], ''],
    ['20d', Array(20).fill(1), '01'.repeat(20)],
    ['nonsense', [1], null],
    ['', [1], null],
  ])('octets %s', (hint, bytes, text) => expect(hintedOctets(hint, Uint8Array.from(bytes))).toBe(text));
});

describe('real modules, as npm net-snmp brings them', () => {
  const folder = join(dirname(createRequire(import.meta.url).resolve('net-snmp')), 'lib/mibs');
  const files = readdirSync(folder).map((name) => file(readFileSync(join(folder, name), 'utf8'), name));
  const found = compileMibs(files);
  it('compile without an error', () => {
    expect(files.length).toBeGreaterThan(5);
    expect(found.problems.filter((each) => each.severity === 'error')).toEqual([]);
  });
  it('give labels', () =>
    expect(found.store.describe({ oid: '1.3.6.1.2.1.2.2.1.8.7', type: 'Integer', value: '2' })).toMatchObject({
      name: 'ifOperStatus[7]',
      value: 'down(2)',
    }));
});
