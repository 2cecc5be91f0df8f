/**
 * How many traps one process takes in for each second of processor time, without sockets and journal: ours against the npm package net-snmp, on the same
 * packets in one run, medians of five. What decision 0018 rests on. `node test/bench/dist/trap-decode.js`
 */
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { decodeTrap, type UsmAuth, UsmReceiver, type UsmUser, usmUser } from '@yosugara/operations';
import { NODE_USM_CRYPTO } from '@yosugara/receivers';

const snmp = createRequire(import.meta.url)('net-snmp');
const PACKETS = 20_000;
const RUNS = 5;
const PASSPHRASE = 'long enough';
const VARBINDS = [
  { oid: '1.3.6.1.2.1.2.2.1.1.7', type: snmp.ObjectType.Integer, value: 7 },
  { oid: '1.3.6.1.2.1.2.2.1.2.7', type: snmp.ObjectType.OctetString, value: 'GigabitEthernet1/0/7' },
  { oid: '1.3.6.1.2.1.2.2.1.7.7', type: snmp.ObjectType.Integer, value: 1 },
  { oid: '1.3.6.1.2.1.2.2.1.8.7', type: snmp.ObjectType.Integer, value: 2 },
];

interface Case {
  readonly name: string;
  readonly auth: UsmAuth | null;
  /** Names of the package. */
  readonly npm: { readonly auth: string; readonly priv: string } | null;
}
const CASES: readonly Case[] = [
  { name: 'v2c', auth: null, npm: null },
  { name: 'v3 authPriv sha1 aes128', auth: 'sha1', npm: { auth: 'sha', priv: 'aes' } },
  { name: 'v3 authPriv sha256 aes128', auth: 'sha256', npm: { auth: 'sha256', priv: 'aes' } },
];

function npmUser({ npm }: Case): object {
  return npm === null
    ? {}
    : {
        ...{ name: 'ann', level: snmp.SecurityLevel.authPriv, authProtocol: snmp.AuthProtocols[npm.auth], authKey: PASSPHRASE },
        ...{ privProtocol: snmp.PrivProtocols[npm.priv], privKey: PASSPHRASE },
      };
}

/** Made by the package's own sender, whose socket sends nothing. */
function packets(what: Case): readonly Buffer[] {
  const made: Buffer[] = [];
  const session =
    what.npm === null
      ? snmp.createSession('127.0.0.1', 'public', { version: snmp.Version2c, idBitsSize: 32 })
      : snmp.createV3Session('127.0.0.1', npmUser(what), { engineID: '8000B98380ABCDEF12', idBitsSize: 32 });
  session.dgram.send = (buffer: Buffer) => void made.push(Buffer.from(buffer));
  for (let count = 0; count < PACKETS; count++) session.trap('1.3.6.1.6.3.1.1.5.3', VARBINDS, { upTime: count }, () => undefined);
  session.close();
  return made;
}

function ours(what: Case): (packet: Buffer) => void {
  const user =
    what.auth === null
      ? null
      : usmUser(
          NODE_USM_CRYPTO,
          { name: 'ann', auth: what.auth, priv: 'aes128' },
          { auth: Buffer.from(PASSPHRASE), priv: Buffer.from(PASSPHRASE) },
        );
  if (typeof user === 'string') throw new Error(user);
  const users: readonly UsmUser[] = user === null ? [] : [user];
  const usm = new UsmReceiver({
    ...{ crypto: NODE_USM_CRYPTO, engineId: randomBytes(12), boots: 1, startedMs: performance.now(), users, firstSalt: 1n },
  });
  return (raw) => {
    const is = what.auth === null ? decodeTrap(raw).kind === 'trap' : usm.take(raw, performance.now()).kind === 'notification';
    if (is) taken++;
  };
}

function packages(what: Case): { readonly take: (packet: Buffer) => void; readonly close: () => void } {
  const receiver = snmp.createReceiver({ port: 0, address: '127.0.0.1' }, (error: Error | null) => {
    if (error === null) taken++;
  });
  receiver.getAuthorizer().addCommunity('public');
  if (what.npm !== null) receiver.getAuthorizer().addUser(npmUser(what));
  const from = { address: '127.0.0.1', port: 9, family: 'IPv4', size: 0 };
  return { take: (packet) => receiver.onMsg(null, packet, from), close: () => receiver.close() };
}

let taken = 0;

function perSecond(made: readonly Buffer[], take: (packet: Buffer) => void): number {
  taken = 0;
  const start = process.cpuUsage();
  for (const packet of made) take(packet);
  const { user, system } = process.cpuUsage(start);
  if (taken !== made.length) throw new Error(`${taken} of ${made.length} were taken`);
  return (made.length / (user + system)) * 1_000_000;
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

for (const what of CASES) {
  const made = packets(what);
  const rates: { ours: number[]; npm: number[] } = { ours: [], npm: [] };
  for (let run = 0; run < RUNS; run++) {
    const npm = packages(what);
    // The package decrypts in place: it gets copies, made before the clock runs.
    const copies = made.map((packet) => Buffer.from(packet));
    rates.npm.push(perSecond(copies, npm.take));
    npm.close();
    rates.ours.push(perSecond(made, ours(what)));
  }
  const [own, npm] = [median(rates.ours), median(rates.npm)];
  console.log(
    `${what.name.padEnd(28)} ours ${Math.round(own / 1_000)} k/s   npm net-snmp ${Math.round(npm / 1_000)} k/s   ratio ${(own / npm).toFixed(2)}   ${made[0]!.length} bytes`,
  );
}
process.exit(0);
