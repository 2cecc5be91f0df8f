/**
 * What names cost ingest: traps from bytes to text with and without them, for each second of processor time, medians of five by turns. What decision 0024
 * rests on. `node test/bench/dist/trap-names.js`
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { compileMibs, type MibFile, type MibStore, parseTrap } from '@yosugara/operations';
import { median } from './benchmark.js';

const snmp = createRequire(import.meta.url)('net-snmp');
const PACKETS = 20_000;
const RUNS = 5;
const DEBIAN = '/usr/share/snmp/mibs';
/** As many names as some hundred modules of vendors have. */
const MODULES = 200;
const OBJECTS = 250;

function vendor(at: number): MibFile {
  const name = `VENDOR${at}-MIB`;
  const objects = Array.from(
    { length: OBJECTS },
    (_, each) =>
      `v${at}x${each} OBJECT-TYPE SYNTAX INTEGER { up(1), down(2) } MAX-ACCESS read-only STATUS current DESCRIPTION "One of many." ::= { v${at} ${each + 1} }`,
  );
  const head = `IMPORTS enterprises, OBJECT-TYPE FROM SNMPv2-SMI;\nv${at} OBJECT IDENTIFIER ::= { enterprises ${40_000 + at} }`;
  return { name, text: `${name} DEFINITIONS ::= BEGIN\n${head}\n${objects.join('\n')}\nEND\n` };
}

/** @param of how many interfaces, each a set of OIDs of its own. */
function packets(of: number): readonly Buffer[] {
  const made: Buffer[] = [];
  const session = snmp.createSession('127.0.0.1', 'public', { version: snmp.Version2c, idBitsSize: 32 });
  session.dgram.send = (buffer: Buffer) => void made.push(Buffer.from(buffer));
  for (let count = 0; count < PACKETS; count++) {
    const index = 1 + (count % of);
    const varbinds = [
      { oid: `1.3.6.1.2.1.2.2.1.1.${index}`, type: snmp.ObjectType.Integer, value: index },
      { oid: `1.3.6.1.2.1.2.2.1.2.${index}`, type: snmp.ObjectType.OctetString, value: 'GigabitEthernet1/0/7' },
      { oid: `1.3.6.1.2.1.2.2.1.7.${index}`, type: snmp.ObjectType.Integer, value: 1 },
      { oid: `1.3.6.1.2.1.2.2.1.8.${index}`, type: snmp.ObjectType.Integer, value: 2 },
    ];
    session.trap('1.3.6.1.6.3.1.1.5.3', varbinds, { upTime: count }, () => undefined);
  }
  session.close();
  return made;
}

function perSecond(made: readonly Buffer[], mibs: MibStore | null): number {
  const start = process.cpuUsage();
  let chars = 0;
  for (const packet of made) chars += parseTrap(packet, mibs).text.length;
  const { user, system } = process.cpuUsage(start);
  if (chars < made.length) throw new Error('nothing was read');
  return (made.length / (user + system)) * 1_000_000;
}

function compiled(what: string, files: readonly MibFile[]): MibStore {
  const start = process.cpuUsage();
  const { store, problems } = compileMibs(files);
  const { user, system } = process.cpuUsage(start);
  const bytes = files.reduce((sum, { text }) => sum + text.length, 0);
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  console.log(
    `compile ${what}: ${files.length} modules, ${bytes} bytes, ${store.size} names, ${errors} errors: ${Math.round((user + system) / 1_000)} ms of processor time`,
  );
  return store;
}

if (existsSync(DEBIAN))
  compiled(
    'what libsnmp-base brings',
    readdirSync(DEBIAN).map((name) => ({ name, text: readFileSync(join(DEBIAN, name), 'latin1') })),
  );
const mibs = compiled(
  'many',
  Array.from({ length: MODULES }, (_, at) => vendor(at)),
);
for (const [what, interfaces] of [
  ['1 000 interfaces', 1_000],
  ['20 000 interfaces, each met once', PACKETS],
] as const) {
  const made = packets(interfaces);
  const rates: { with: number[]; without: number[] } = { with: [], without: [] };
  for (let run = 0; run <= RUNS; run++) {
    const [without, named] = [perSecond(made, null), perSecond(made, mibs)];
    // The first pair only warms up.
    if (run > 0) {
      rates.without.push(without);
      rates.with.push(named);
    }
  }
  const [named, without] = [median(rates.with), median(rates.without)];
  const extraUs = 1_000_000 / named - 1_000_000 / without;
  console.log(
    `read traps of ${what}: without names ${Math.round(without / 1_000)} k/s, with names ${Math.round(named / 1_000)} k/s, ${extraUs.toFixed(2)} µs for each trap of 4 varbinds`,
  );
}
process.exit(0);
