import { compileMibs, type MibNode, type MibStore, mibStoreOf, splitMibs, trapReading, type Varbind } from '@yosugara/operations';
import type { Random } from './random.js';
import { asText, must, mustEqual, type Target, utf8 } from './target.js';

/** Small ones: each input changes more of what it has. */
const SMALL = [
  'A DEFINITIONS ::= BEGIN IMPORTS enterprises FROM SNMPv2-SMI; a OBJECT IDENTIFIER ::= { enterprises 9 } b OBJECT IDENTIFIER ::= { a c(3) 4 } END',
  'B DEFINITIONS ::= BEGIN T ::= TEXTUAL-CONVENTION DISPLAY-HINT "1x:" STATUS current DESCRIPTION "" SYNTAX OCTET STRING (SIZE (0..9)) o OBJECT-TYPE SYNTAX T UNITS "s" ::= { mib-2 7 } END',
  'C DEFINITIONS ::= BEGIN s OBJECT-TYPE SYNTAX INTEGER { up(1), down(-2) } ::= { mib-2 8 } n NOTIFICATION-TYPE OBJECTS { s } STATUS current DESCRIPTION "x" ::= { mib-2 0 1 } END',
  'D DEFINITIONS ::= BEGIN t TRAP-TYPE ENTERPRISE snmp VARIABLES { a, b } ::= 2 u TRAP-TYPE ENTERPRISE { enterprises 4 } ::= 17 END -- two END\nE DEFINITIONS ::= BEGIN IMPORTS t FROM D; END',
  "F DEFINITIONS ::= BEGIN x OBJECT-TYPE SYNTAX BITS { a(0), b(1) } DEFVAL { 'ff'H } INDEX { IMPLIED x } ::= { y 1 } y OBJECT IDENTIFIER ::= { x 2 } M MACRO ::= BEGIN END S ::= SEQUENCE { x T } END",
];

const MIB = `TEST-MIB DEFINITIONS ::= BEGIN
IMPORTS MODULE-IDENTITY, OBJECT-TYPE, NOTIFICATION-TYPE, enterprises, Integer32 FROM SNMPv2-SMI
  DisplayString, TEXTUAL-CONVENTION FROM SNMPv2-TC;
testMIB MODULE-IDENTITY LAST-UPDATED "202611210000Z" ORGANIZATION "o" CONTACT-INFO "c" DESCRIPTION "d ""quoted""" ::= { enterprises 99999 }
State ::= TEXTUAL-CONVENTION DISPLAY-HINT "d-2" STATUS current DESCRIPTION "" SYNTAX INTEGER { up(1), down(2) }
testState OBJECT-TYPE SYNTAX State MAX-ACCESS read-only STATUS current DESCRIPTION "x" ::= { testMIB 1 }
testName OBJECT-TYPE SYNTAX DisplayString (SIZE (0..255)) MAX-ACCESS read-only STATUS current DESCRIPTION "x" ::= { testMIB 2 }
-- a comment
testDown NOTIFICATION-TYPE OBJECTS { testState, testName } STATUS current DESCRIPTION "down" ::= { testMIB 0 1 }
testTrap TRAP-TYPE ENTERPRISE testMIB VARIABLES { testState } DESCRIPTION "v1" ::= 7
END
`;

const LATIN1 = new TextDecoder('latin1');

const MIBS: Target = {
  name: 'mib',
  corpus: [...SMALL, ...SMALL]
    .map(utf8)
    .concat(utf8(MIB), utf8(MIB.replaceAll('TEST-MIB', 'OTHER-MIB').replace('{ enterprises 99999 }', '{ testMIB 5 }'))),
  dictionary: [
    '::=',
    'BEGIN',
    'END',
    '{',
    '}',
    '"',
    '--',
    'testMIB',
    'OBJECT-TYPE',
    'SYNTAX',
    'IMPORTS',
    'FROM',
    ';',
    '4294967296',
    "'ff'H",
    'MACRO',
    ' ',
  ].map(utf8),
  check(input, random) {
    const text = asText(input);
    const lines = text.split('\n').length + 1;
    if (random.oneIn(2)) return uploaded(text, lines, random);
    const { problems, store } = compileMibs([{ name: 'a.mib', text }]);
    for (const problem of problems)
      must(problem.line >= 1 && problem.line <= lines && problem.message !== '', `problem ${JSON.stringify(problem)}`);
    must(store.size > 0, 'no store');
  },
};

/** As the manager has it: cut into modules, compiled, stored as JSON, read back, and asked for names. */
function uploaded(text: string, lines: number, random: Random): void {
  const { parts } = splitMibs({ name: 'a.mib', text });
  must(parts.length <= 1 || parts.every((part) => text.includes(part.text)), 'a part is not of the file');
  const { nodes, problems } = compileMibs(parts);
  for (const { line } of problems) must(line >= 1 && line <= lines, `a part says line ${line} of ${lines}`);
  const stored = JSON.parse(JSON.stringify(nodes)) as MibNode[];
  const store = mibStoreOf(stored);
  const varbinds = Array.from({ length: 3 }, () => varbindOf(stored, random));
  readable(varbinds, store);
}

const TYPES = ['Integer', 'OctetString', 'hex', 'OID', 'TimeTicks', 'Counter64', 'IpAddress', 'Null'];

function varbindOf(nodes: readonly MibNode[], random: Random): Varbind {
  const oid = nodes.length === 0 ? '1.3.6.1.2.1.2.2.1.8' : random.of(nodes).oid;
  return { oid: random.oneIn(3) ? oid : `${oid}.${random.below(9)}`, ...valueFor(random.of(TYPES), random) };
}

function valueFor(type: string, random: Random): Pick<Varbind, 'type' | 'value'> {
  const length = random.oneIn(50) ? random.below(4_000) : random.below(24);
  const bytes = Uint8Array.from({ length }, () => random.below(256));
  if (type === 'hex') return { type, value: Buffer.from(bytes).toString('hex') };
  if (type === 'OctetString') return { type, value: 'été x 1'.repeat(random.below(4)) };
  if (type === 'OID') return { type, value: `1.3.6.1.6.3.1.1.5.${random.below(9)}` };
  if (type === 'IpAddress') return { type, value: '10.0.0.1' };
  if (type === 'Null') return { type, value: '' };
  return { type, value: String(random.oneIn(9) ? -(2n ** 63n) : random.below(5)) };
}

/** Whatever modules say, what comes out can be stored, is bounded, and is the same when it is asked again. */
function readable(varbinds: readonly Varbind[], store: MibStore): void {
  const given = varbinds.reduce((sum, { oid, value }) => sum + oid.length + value.length, 0);
  const found = trapReading(varbinds, store);
  must(found.varbinds.length === varbinds.length, 'a varbind is missing');
  must(!found.text.includes('\0') && found.text.isWellFormed(), 'the text cannot be stored');
  must(found.text.length <= 200_000 + 300 * given, `a text of ${found.text.length} of ${given}`);
  mustEqual(trapReading(varbinds, store), found, 'read again');
  for (const { value } of found.varbinds) store.valueOf(store.resolve(varbinds[0]!.oid)?.node.type ?? null, value);
}

const HINTS = [
  '255a',
  '255t',
  '1x:',
  '2d-1d-1d,1d:1d:1d.1d,1a1d:1d',
  '1d.1d.1d.1d/2d',
  '*1x:/1x:',
  '4x.1x:1x:1x:1x:1x:1x.2d',
  'd-2',
  'x',
  '0a',
  '*0a!',
  '65535d',
  '*1x😀🙂1x',
];

function compiledHint(hint: string): MibStore {
  const text = `H-MIB DEFINITIONS ::= BEGIN IMPORTS enterprises FROM SNMPv2-SMI;
Hint ::= TEXTUAL-CONVENTION DISPLAY-HINT "${hint}" STATUS current DESCRIPTION "" SYNTAX OCTET STRING
hint OBJECT-TYPE SYNTAX Hint ::= { enterprises 1 } END`;
  return compileMibs([{ name: 'h.mib', text }]).store;
}

/** What that compiles into. */
function hintStore(hint: string): MibStore {
  const type = { base: 'OCTET STRING', name: 'Hint', hint, labels: null };
  const node = { oid: '1.3.6.1.4.1.1', name: 'hint', module: 'H-MIB', kind: 'object', type, objects: [], units: null } as const;
  return mibStoreOf([{ ...node, description: null }]);
}

/** Hints and values of any kind: the hint up to the first NUL, the rest are octets. */
const HINT: Target = {
  name: 'display-hint',
  corpus: HINTS.map((hint) => utf8(`${hint}\0\u0007\u00ea some octets \u0001\u0002`)),
  dictionary: ['\0', '*', '255', '65535', '99999', 'a', 'd', 'o', 't', 'x', '-', ':', '0', 'd-99'].map(utf8),
  check(input, random) {
    const end = input.indexOf(0);
    const hint = asText(input.subarray(0, end < 0 ? input.length : end)).replaceAll('"', '');
    const octets = end < 0 ? new Uint8Array(0) : input.subarray(end + 1);
    // Compiling takes ten times as long as reading by the hint.
    const store = random.oneIn(16) ? compiledHint(hint) : hintStore(hint);
    const hex = Buffer.from(octets).toString('hex');
    const oid = '1.3.6.1.4.1.1.0';
    const integer = String(octets.reduce((sum, byte) => (sum * 256 + byte) % 2 ** 40, 0));
    readable(
      [
        { oid, type: 'hex', value: hex },
        { oid, type: 'Integer', value: integer },
        { oid, type: 'OctetString', value: LATIN1.decode(octets).replaceAll('\0', '') },
      ],
      store,
    );
  },
};

export const DOCUMENT_TARGETS: readonly Target[] = [MIBS, HINT];
