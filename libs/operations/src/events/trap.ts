import type { MibStore } from '../mib/store.js';
import { trapReading } from '../mib/trap-reading.js';
import { BerProblem, BerReader, berProblem } from './ber.js';
import type { ParsedMessage, StructuredData } from './record.js';
import { readableText } from './text.js';
import { hex, type Notification, Pdu, SNMP_TRAP_ADDRESS, SNMP_TRAP_OID, SYS_UP_TIME, Tag, trapV1, trapV2 } from './trap-pdu.js';
import { readV3, V3Flag, type V3Message } from './v3-message.js';

/** Who speaks in an SNMPv3 message, and of which context. Engine ids in hexadecimal. */
export interface V3Identity {
  readonly user: string;
  /** The authoritative engine: the sender's for a trap, the receiver's for an INFORM. */
  readonly engineId: string;
  readonly contextEngineId: string;
  readonly contextName: string;
}

/** A notification, whatever version it came in. */
export interface Trap extends Notification {
  readonly version: 'v1' | 'v2c' | 'v3';
  /** v3 has none: empty. */
  readonly community: string;
  readonly v3: V3Identity | null;
  /** Offset of the PDU's tag in the packet: a response to an INFORM is the same packet with another tag there (RFC 3416 4.2.7). */
  readonly pduAt: number;
}

export type TrapOutcome =
  | { readonly kind: 'trap'; readonly trap: Trap }
  | { readonly kind: 'malformed'; readonly reason: string };

/**
 * SNMP notifications from the bytes of one datagram; v3 when its scopedPDU is in the clear, as the receiver journals it. Whether
 * a v3 message is authentic is not asked here. Never throws: what is no notification has a reason.
 */
export function decodeTrap(raw: Uint8Array): TrapOutcome {
  try {
    return { kind: 'trap', trap: message(raw) };
  } catch (error) {
    if (error instanceof BerProblem) return { kind: 'malformed', reason: error.reason };
    throw error;
  }
}

function message(raw: Uint8Array): Trap {
  const outer = new BerReader(raw);
  const reader = outer.inside(outer.expect(Tag.sequence, 'sequence'));
  const version = reader.number(reader.expect(Tag.integer, 'version'));
  if (version === 3) return plainV3Trap(readV3(raw));
  if (version !== 0 && version !== 1) throw berProblem('unknown_version');
  const community = readableText(reader.bytesOf(reader.expect(Tag.octets, 'community'))).text;
  const pdu = reader.next();
  const body = reader.inside(pdu);
  const common = { community, v3: null, pduAt: pdu.at };
  if (version === 0 && pdu.tag === Pdu.trapV1) return { version: 'v1', ...common, ...trapV1(body) };
  if (version === 1 && (pdu.tag === Pdu.trapV2 || pdu.tag === Pdu.inform))
    return { version: 'v2c', ...common, ...trapV2(body, pdu.tag === Pdu.inform ? 'inform' : 'trap') };
  throw berProblem('no_notification');
}

function plainV3Trap(v3: V3Message): Trap {
  if ((v3.flags & V3Flag.priv) !== 0) throw berProblem('encrypted');
  const trap = scopedTrap(v3, v3.data);
  return { ...trap, pduAt: trap.pduAt + v3.dataAt };
}

/**
 * The notification in a scopedPDU in the clear (RFC 3412 section 6). Bytes after it are the padding of a block cipher.
 * `pduAt` counts from its begin. @throws BerProblem
 */
export function scopedTrap(v3: Pick<V3Message, 'user' | 'engineId'>, scopedPdu: Uint8Array): Trap {
  const outer = new BerReader(scopedPdu);
  const reader = outer.inside(outer.expect(Tag.sequence, 'scoped_pdu'));
  const contextEngineId = hex(reader.bytesOf(reader.expect(Tag.octets, 'context_engine_id')));
  const contextName = readableText(reader.bytesOf(reader.expect(Tag.octets, 'context_name'))).text;
  const pdu = reader.next();
  if (pdu.tag !== Pdu.trapV2 && pdu.tag !== Pdu.inform) throw berProblem('no_notification');
  const user = readableText(v3.user).text;
  return {
    ...{ version: 'v3', community: '', v3: { user, engineId: hex(v3.engineId), contextEngineId, contextName }, pduAt: pdu.at },
    ...trapV2(reader.inside(pdu), pdu.tag === Pdu.inform ? 'inform' : 'trap'),
  };
}

/** 0 v1, 1 v2c, 3 v3, … as the packet says; null = it does not begin like SNMP. */
export function snmpVersion(raw: Uint8Array): number | null {
  try {
    const outer = new BerReader(raw);
    const reader = outer.inside(outer.expect(Tag.sequence, 'sequence'));
    return reader.number(reader.expect(Tag.integer, 'version'));
  } catch (error) {
    if (error instanceof BerProblem) return null;
    throw error;
  }
}

/**
 * The answer to a v2c INFORM: its own packet as a Response-PDU; null when `raw` is none. Send it only when the record is safe (I1).
 * A v3 INFORM is answered by the engine that has the keys.
 */
export function informAnswer(raw: Uint8Array, trap: Trap): Uint8Array | null {
  if (trap.version === 'v3' || trap.pdu !== 'inform' || raw[trap.pduAt] !== Pdu.inform) return null;
  // Not `slice()`: of a Buffer that is a view, and what is journaled must stay an INFORM.
  const answer = new Uint8Array(raw);
  answer[trap.pduAt] = Pdu.response;
  return answer;
}

/**
 * What makes two traps copies of one: everything but the request-id and the version's wrapping.
 * JSON, so that no value can imitate a separator.
 */
export function trapContent(trap: Trap): string {
  return JSON.stringify([
    trap.v3 === null ? trap.community : ['v3', trap.v3.user, contextEngineOf(trap, trap.v3), trap.v3.contextName],
    trap.trapOid,
    trap.sysUpTime,
    trap.varbinds.map((varbind) => [varbind.oid, varbind.type, varbind.value]),
  ]);
}

/**
 * net-snmp's senders name the *receiver's* engine as the context of an INFORM unless told another; then it says nothing of
 * the sender, and differs between our two nodes.
 */
function contextEngineOf(trap: Trap, v3: V3Identity): string {
  return trap.pdu === 'inform' && v3.contextEngineId === v3.engineId ? '' : v3.contextEngineId;
}

/** A trap datagram as a message: no severity, since a trap has none. Its text has the names that `mibs` knows. Never fails. */
export function parseTrap(raw: Uint8Array, mibs: MibStore | null = null): ParsedMessage {
  const outcome = decodeTrap(raw);
  const base = { facility: null, severity: null, procId: null, msgId: null, sentAtUs: null, structured: null, host: null };
  if (outcome.kind === 'malformed')
    return { ...base, app: null, varbinds: null, text: hex(raw), reason: `trap_${outcome.reason}` };
  const { trap } = outcome;
  const uptime = { oid: SYS_UP_TIME, type: 'TimeTicks', value: String(trap.sysUpTime) };
  const oid = { oid: SNMP_TRAP_OID, type: 'OID', value: trap.trapOid };
  const varbinds = [uptime, oid, ...trap.varbinds];
  return {
    ...base,
    app: trap.trapOid,
    host: agentOf(trap),
    varbinds,
    structured: trap.v3 === null ? null : whoSpeaks(trap.v3),
    text: mibs === null ? plainReading(trap) : trapReading(varbinds, mibs).text,
    reason: null,
  };
}

const DOTTED_QUAD = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const NO_ADDRESS = '0.0.0.0';

/**
 * The agent's address is a host only when it is one: the sender chooses type and length of a varbind, and an entry of the index over hosts
 * is bounded. `app` is bounded by the arcs of an OID.
 */
function agentOf({ varbinds }: Trap): string | null {
  const said = varbinds.find(({ oid }) => oid === SNMP_TRAP_ADDRESS);
  const isAddress = said?.type === 'IpAddress' && said.value !== NO_ADDRESS && DOTTED_QUAD.test(said.value);
  return isAddress ? said.value : null;
}

const plainReading = ({ trapOid, varbinds }: Trap): string =>
  [trapOid, ...varbinds.map((varbind) => `${varbind.oid}=${varbind.value}`)].join(' ');

/** RFC 5675 3.2 gives SNMP's context these names in structured data; the user is ours. */
function whoSpeaks(v3: V3Identity): StructuredData {
  const { user, contextEngineId: ctxEngine, contextName: ctxName } = v3;
  return { snmp: { user, ctxEngine, ...(ctxName === '' ? {} : { ctxName }) } };
}
