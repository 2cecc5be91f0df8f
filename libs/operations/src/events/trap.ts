import { type BerItem, BerProblem, BerReader } from './ber.js';
import type { ParsedMessage, Varbind } from './record.js';
import { readableText } from './text.js';

/** A notification as RFC 3584 sees it, whatever version it came in. */
export interface Trap {
  readonly version: 'v1' | 'v2c';
  /** `inform`: the sender waits for an answer. */
  readonly pdu: 'trap' | 'inform';
  readonly community: string;
  /** v1 has none: null. Many senders give every destination its own. */
  readonly requestId: string | null;
  readonly trapOid: string;
  /** Hundredths of a second since the sender's agent began. */
  readonly sysUpTime: number;
  /** Without sysUpTime.0 and snmpTrapOID.0. */
  readonly varbinds: readonly Varbind[];
  /** Offset of the PDU's tag in the packet: a response to an INFORM is the same packet with another tag there (RFC 3416 4.2.7). */
  readonly pduAt: number;
}

export type TrapOutcome =
  | { readonly kind: 'trap'; readonly trap: Trap }
  | { readonly kind: 'malformed'; readonly reason: string };

const SYS_UP_TIME = '1.3.6.1.2.1.1.3.0';
const SNMP_TRAP_OID = '1.3.6.1.6.3.1.1.4.1.0';
const SNMP_TRAPS = '1.3.6.1.6.3.1.1.5';
const SNMP_TRAP_ADDRESS = '1.3.6.1.6.3.18.1.3.0';
const SNMP_TRAP_ENTERPRISE = '1.3.6.1.6.3.1.1.4.3.0';
const Tag = { integer: 0x02, octets: 0x04, null: 0x05, oid: 0x06, sequence: 0x30, ipAddress: 0x40, timeTicks: 0x43 } as const;
const Pdu = { trapV1: 0xa4, inform: 0xa6, trapV2: 0xa7 } as const;
/** Bounds what one packet makes us hold; a UDP datagram cannot carry more anyway. */
const MAX_VARBINDS = 4_096;

/** SNMP v1 and v2c notifications from the bytes of one datagram. Never throws: what is no notification has a reason. */
export function decodeTrap(raw: Uint8Array): TrapOutcome {
  try {
    return { kind: 'trap', trap: message(new BerReader(raw)) };
  } catch (error) {
    if (error instanceof BerProblem) return { kind: 'malformed', reason: error.reason };
    throw error;
  }
}

function message(outer: BerReader): Trap {
  const reader = outer.inside(outer.expect(Tag.sequence, 'sequence'));
  const version = Number(reader.integer(reader.expect(Tag.integer, 'version')));
  if (version === 3) throw new BerProblem('v3_not_supported');
  if (version !== 0 && version !== 1) throw new BerProblem('unknown_version');
  const community = readableText(reader.bytesOf(reader.expect(Tag.octets, 'community'))).text;
  const pdu = reader.next();
  const body = reader.inside(pdu);
  if (version === 0 && pdu.tag === Pdu.trapV1) return { version: 'v1', community, pduAt: tagAt(pdu), ...trapV1(body) };
  if (version === 1 && (pdu.tag === Pdu.trapV2 || pdu.tag === Pdu.inform))
    return { version: 'v2c', community, pduAt: tagAt(pdu), ...trapV2(body, pdu.tag === Pdu.inform ? 'inform' : 'trap') };
  throw new BerProblem('no_notification');
}

/** The tag stands before a length of one to five bytes. */
function tagAt(pdu: BerItem): number {
  const length = pdu.end - pdu.start;
  // Senders may use a longer form than needed; then `informAnswer` finds no tag there and gives no answer.
  return pdu.start - 1 - (length < 0x80 ? 1 : length < 0x100 ? 2 : length < 0x1_0000 ? 3 : 4);
}

type Body = Pick<Trap, 'pdu' | 'requestId' | 'trapOid' | 'sysUpTime' | 'varbinds'>;

/** RFC 3584 3.1: the generic traps have their own numbers, the others hang below the enterprise with a 0 between. */
function trapV1(body: BerReader): Body {
  const enterprise = body.oid(body.expect(Tag.oid, 'enterprise'));
  const agent = [...body.bytesOf(body.expect(Tag.ipAddress, 'agent_address'))].join('.');
  const generic = Number(body.integer(body.expect(Tag.integer, 'generic_trap')));
  const specific = body.integer(body.expect(Tag.integer, 'specific_trap'));
  if (generic < 0 || generic > 6) throw new BerProblem('generic_trap');
  const sysUpTime = Number(body.integer(body.expect(Tag.timeTicks, 'time_stamp')));
  const given = varbinds(body);
  const trapOid = generic === 6 ? `${enterprise}.0.${specific}` : `${SNMP_TRAPS}.${generic + 1}`;
  const added = [
    { oid: SNMP_TRAP_ADDRESS, type: 'IpAddress', value: agent },
    { oid: SNMP_TRAP_ENTERPRISE, type: 'OID', value: enterprise },
  ].filter((varbind) => !given.some((other) => other.oid === varbind.oid));
  return { pdu: 'trap', requestId: null, trapOid, sysUpTime, varbinds: [...given, ...added] };
}

/** RFC 3416 4.2.6: the first varbind is sysUpTime.0, the second snmpTrapOID.0. */
function trapV2(body: BerReader, pdu: 'trap' | 'inform'): Body {
  const requestId = String(body.integer(body.expect(Tag.integer, 'request_id')));
  body.expect(Tag.integer, 'error_status');
  body.expect(Tag.integer, 'error_index');
  const [first, second, ...rest] = varbinds(body);
  if (first?.oid !== SYS_UP_TIME || first.type !== 'TimeTicks') throw new BerProblem('no_sys_up_time');
  if (second?.oid !== SNMP_TRAP_OID || second.type !== 'OID') throw new BerProblem('no_trap_oid');
  return { pdu, requestId, trapOid: second.value, sysUpTime: Number(first.value), varbinds: rest };
}

function varbinds(body: BerReader): Varbind[] {
  const list = body.inside(body.expect(Tag.sequence, 'varbind_list'));
  const found: Varbind[] = [];
  while (!list.done) {
    if (found.length >= MAX_VARBINDS) throw new BerProblem('too_many_varbinds');
    const pair = list.inside(list.expect(Tag.sequence, 'varbind'));
    const oid = pair.oid(pair.expect(Tag.oid, 'varbind_name'));
    found.push({ oid, ...value(pair, pair.next()) });
  }
  return found;
}

function value(reader: BerReader, item: BerItem): { readonly type: string; readonly value: string } {
  switch (item.tag) {
    case Tag.integer:
      return { type: 'Integer', value: String(reader.integer(item)) };
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
      return { type: 'Counter32', value: String(reader.integer(item)) };
    case 0x42:
      return { type: 'Gauge32', value: String(reader.integer(item)) };
    case Tag.timeTicks:
      return { type: 'TimeTicks', value: String(reader.integer(item)) };
    case 0x44:
      return { type: 'Opaque', value: hex(reader.bytesOf(item)) };
    case 0x46:
      return { type: 'Counter64', value: String(reader.integer(item)) };
    default:
      throw new BerProblem('varbind_type');
  }
}

function hex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** The answer to an INFORM: its own packet as a Response-PDU; null when `raw` is none. Send it only when the record is safe (I1). */
export function informAnswer(raw: Uint8Array, trap: Trap): Uint8Array | null {
  if (trap.pdu !== 'inform' || raw[trap.pduAt] !== Pdu.inform) return null;
  const answer = raw.slice();
  answer[trap.pduAt] = 0xa2;
  return answer;
}

/**
 * What makes two traps copies of one: everything but the request-id and the version's wrapping.
 * JSON, so that no value can imitate a separator.
 */
export function trapContent(trap: Trap): string {
  return JSON.stringify([
    trap.community,
    trap.trapOid,
    trap.sysUpTime,
    trap.varbinds.map((varbind) => [varbind.oid, varbind.type, varbind.value]),
  ]);
}

/** A trap datagram as a message: no severity, since a trap has none. Never fails. */
export function parseTrap(raw: Uint8Array): ParsedMessage {
  const outcome = decodeTrap(raw);
  const base = { facility: null, severity: null, procId: null, msgId: null, sentAtUs: null, structured: null, host: null };
  if (outcome.kind === 'malformed')
    return { ...base, app: null, varbinds: null, text: hex(raw), reason: `trap_${outcome.reason}` };
  const { trap } = outcome;
  const text = [trap.trapOid, ...trap.varbinds.map((varbind) => `${varbind.oid}=${varbind.value}`)].join(' ');
  const host = trap.varbinds.find((varbind) => varbind.oid === SNMP_TRAP_ADDRESS)?.value ?? null;
  const uptime = { oid: SYS_UP_TIME, type: 'TimeTicks', value: String(trap.sysUpTime) };
  const oid = { oid: SNMP_TRAP_OID, type: 'OID', value: trap.trapOid };
  return {
    ...base,
    app: trap.trapOid,
    host: host === '0.0.0.0' ? null : host,
    varbinds: [uptime, oid, ...trap.varbinds],
    text,
    reason: null,
  };
}
