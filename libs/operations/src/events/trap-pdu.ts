import { type BerItem, type BerReader, berProblem } from './ber.js';
import type { Varbind } from './record.js';
import { readableText } from './text.js';

export const SYS_UP_TIME = '1.3.6.1.2.1.1.3.0';
export const SNMP_TRAP_OID = '1.3.6.1.6.3.1.1.4.1.0';
export const SNMP_TRAPS = '1.3.6.1.6.3.1.1.5';
export const SNMP_TRAP_ADDRESS = '1.3.6.1.6.3.18.1.3.0';
export const SNMP_TRAP_ENTERPRISE = '1.3.6.1.6.3.1.1.4.3.0';
export const Tag = {
  integer: 0x02,
  octets: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
  ipAddress: 0x40,
  timeTicks: 0x43,
} as const;
export const Pdu = { response: 0xa2, trapV1: 0xa4, inform: 0xa6, trapV2: 0xa7, report: 0xa8 } as const;
/** Bounds what one packet makes us hold; a UDP datagram cannot carry more anyway. */
const MAX_VARBINDS = 4_096;

/** A notification without what wraps it, as RFC 3584 sees it. */
export interface Notification {
  /** `inform`: the sender waits for an answer. */
  readonly pdu: 'trap' | 'inform';
  /** v1 has none: null. Many senders give every destination its own. */
  readonly requestId: string | null;
  readonly trapOid: string;
  /** Hundredths of a second since the sender's agent began. */
  readonly sysUpTime: number;
  /** Without sysUpTime.0 and snmpTrapOID.0. */
  readonly varbinds: readonly Varbind[];
}

/** RFC 3584 3.1: the generic traps have their own numbers, the others hang below the enterprise with a 0 between. */
export function trapV1(body: BerReader): Notification {
  const enterprise = body.oid(body.expect(Tag.oid, 'enterprise'));
  const agent = [...body.bytesOf(body.expect(Tag.ipAddress, 'agent_address'))].join('.');
  const generic = body.number(body.expect(Tag.integer, 'generic_trap'));
  const specific = body.number(body.expect(Tag.integer, 'specific_trap'));
  if (generic < 0 || generic > 6) throw berProblem('generic_trap');
  const sysUpTime = body.number(body.expect(Tag.timeTicks, 'time_stamp'));
  const given = varbinds(body);
  const trapOid = generic === 6 ? `${enterprise}.0.${specific}` : `${SNMP_TRAPS}.${generic + 1}`;
  const added = [
    { oid: SNMP_TRAP_ADDRESS, type: 'IpAddress', value: agent },
    { oid: SNMP_TRAP_ENTERPRISE, type: 'OID', value: enterprise },
  ].filter((varbind) => !given.some((other) => other.oid === varbind.oid));
  return { pdu: 'trap', requestId: null, trapOid, sysUpTime, varbinds: [...given, ...added] };
}

/** RFC 3416 4.2.6: the first varbind is sysUpTime.0, the second snmpTrapOID.0. */
export function trapV2(body: BerReader, pdu: 'trap' | 'inform'): Notification {
  const requestId = body.decimal(body.expect(Tag.integer, 'request_id'));
  body.expect(Tag.integer, 'error_status');
  body.expect(Tag.integer, 'error_index');
  const all = varbinds(body);
  const [first, second] = [all[0], all[1]];
  if (first?.oid !== SYS_UP_TIME || first.type !== 'TimeTicks') throw berProblem('no_sys_up_time');
  if (second?.oid !== SNMP_TRAP_OID || second.type !== 'OID') throw berProblem('no_trap_oid');
  return { pdu, requestId, trapOid: second.value, sysUpTime: Number(first.value), varbinds: all.slice(2) };
}

function varbinds(body: BerReader): Varbind[] {
  const list = body.inside(body.expect(Tag.sequence, 'varbind_list'));
  const found: Varbind[] = [];
  while (!list.done) {
    if (found.length >= MAX_VARBINDS) throw berProblem('too_many_varbinds');
    const pair = list.inside(list.expect(Tag.sequence, 'varbind'));
    const oid = pair.oid(pair.expect(Tag.oid, 'varbind_name'));
    found.push({ oid, ...value(pair, pair.next()) });
  }
  return found;
}

function value(reader: BerReader, item: BerItem): { readonly type: string; readonly value: string } {
  switch (item.tag) {
    case Tag.integer:
      return { type: 'Integer', value: reader.decimal(item) };
    case Tag.octets: {
      const bytes = reader.bytesOf(item);
      const { text, valid } = readableText(bytes);
      const printable = valid && !bytes.includes(0) && !/[\x01-\x08\x0e-\x1f\x7f]/.test(text);
      return printable ? { type: 'OctetString', value: text } : { type: 'hex', value: hex(bytes) };
    }
    case Tag.null:
      return { type: 'Null', value: '' };
    case Tag.oid:
      return { type: 'OID', value: reader.oid(item) };
    case Tag.ipAddress:
      return { type: 'IpAddress', value: [...reader.bytesOf(item)].join('.') };
    case 0x41:
      return { type: 'Counter32', value: reader.decimal(item) };
    case 0x42:
      return { type: 'Gauge32', value: reader.decimal(item) };
    case Tag.timeTicks:
      return { type: 'TimeTicks', value: reader.decimal(item) };
    case 0x44:
      return { type: 'Opaque', value: hex(reader.bytesOf(item)) };
    case 0x46:
      return { type: 'Counter64', value: reader.decimal(item) };
    default:
      throw berProblem('varbind_type');
  }
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function hex(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at++) text += HEX[bytes[at]!];
  return text;
}
