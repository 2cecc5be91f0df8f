import { randomInt } from 'node:crypto';
import { label, type Target } from '../dial.js';
import { type Look, ProbeFailure } from '../look.js';
import { askUdp } from '../udp.js';

/** RFC 1035 3.2.2, RFC 3596. */
const TYPES = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33 } as const;
export type DnsType = keyof typeof TYPES;
export const DNS_TYPES = Object.keys(TYPES) as readonly DnsType[];

export interface DnsQuestion {
  /** '' or '.' = the root, whose servers any server of names knows. */
  readonly name: string;
  readonly type: DnsType;
}

const HEADER_BYTES = 12;
const FLAG = { response: 0x8000, truncated: 0x0200, recursionDesired: 0x0100 } as const;
const IN = 1;
const MAX_NAME_BYTES = 255;
/** RFC 1035 4.1.1, RFC 2136 2.2. */
const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED', 'YXDOMAIN', 'YXRRSET', 'NXRRSET', 'NOTAUTH'];

/** @returns how many records answer it. @throws ProbeFailure */
export async function askDns(look: Look, target: Target, question: DnsQuestion): Promise<number> {
  const id = randomInt(0x1_0000);
  const packet = dnsQuery(id, question);
  return await askUdp(look, target, `the answer for ${shown(question)}`, {
    packet,
    read: (answer) => readDns(answer, packet, question, label(target)),
  });
}

const shown = ({ name, type }: DnsQuestion): string => `${name === '' ? '.' : name} ${type}`;

/** @throws ProbeFailure: it is no name. */
export function dnsQuery(id: number, { name, type }: DnsQuestion): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(FLAG.recursionDesired, 2);
  header.writeUInt16BE(1, 4);
  const labels = name
    .replace(/\.$/, '')
    .split('.')
    .filter((part, at, all) => part !== '' || all.length > 1 || at > 0);
  const parts = labels.map((part) => Buffer.from(part, 'latin1'));
  const bytes = parts.reduce((sum, part) => sum + part.length + 1, 1);
  if (bytes > MAX_NAME_BYTES || parts.some((part) => part.length === 0 || part.length > 63))
    throw new ProbeFailure(`${JSON.stringify(name)} is no name that DNS could be asked for`);
  const tail = Buffer.alloc(5);
  tail.writeUInt16BE(TYPES[type], 1);
  tail.writeUInt16BE(IN, 3);
  return Buffer.concat([header, ...parts.flatMap((part) => [Buffer.from([part.length]), part]), tail]);
}

/** @returns null when it answers something else. @throws ProbeFailure */
export function readDns(answer: Uint8Array, query: Buffer, question: DnsQuestion, where: string): number | null {
  const bytes = Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength);
  if (bytes.length < HEADER_BYTES) throw new ProbeFailure(`${where} does not speak DNS: it answered ${bytes.length} bytes`);
  const flags = bytes.readUInt16BE(2);
  if (bytes.readUInt16BE(0) !== query.readUInt16BE(0) || (flags & FLAG.response) === 0) return null;
  const code = flags & 0x0f;
  const says = RCODES[code] ?? `code ${code}`;
  // A server that could not read the question need not repeat it (RFC 1035 4.1.1, code 1).
  if (bytes.readUInt16BE(4) !== 1 || !sameQuestion(bytes, query)) {
    if (code !== 0 && bytes.readUInt16BE(4) === 0) throw new ProbeFailure(`${where} answers ${says} to ${shown(question)}`);
    return null;
  }
  const answers = bytes.readUInt16BE(6);
  if (code !== 0) throw new ProbeFailure(`${where} answers ${says} to ${shown(question)}`);
  // Cut off: there was too much to say, so there is an answer.
  if (answers === 0 && (flags & FLAG.truncated) === 0) throw new ProbeFailure(`${where} has no record for ${shown(question)}`);
  return answers;
}

/** Letters of either case are the same name (RFC 4343). */
function sameQuestion(answer: Buffer, query: Buffer): boolean {
  const text = (bytes: Buffer) => bytes.toString('latin1', HEADER_BYTES, query.length).toLowerCase();
  return answer.length >= query.length && text(answer) === text(query);
}
