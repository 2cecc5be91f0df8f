import { BerReader, berProblem } from './ber.js';
import { BerWriter } from './ber-write.js';

/** Bits of msgFlags (RFC 3412 6.4). */
export const V3Flag = { auth: 1, priv: 2, reportable: 4 } as const;
const VERSION = 3;
const USM = 3;
const SEQUENCE = 0x30;
const OCTETS = 0x04;
const INTEGER = 0x02;
/** RFC 3411, SnmpEngineID. */
const ENGINE_ID_BYTES = { min: 5, max: 32 } as const;
const USER_BYTES = 32;

/** An SNMPv3 message with its USM parameters (RFC 3412 section 6, RFC 3414 2.4). Byte fields are views into the packet. */
export interface V3Message {
  readonly msgId: number;
  readonly maxSize: number;
  readonly flags: number;
  /** Of the authoritative engine: the sender's for a trap, the receiver's for an INFORM; empty = the sender asks for ours. */
  readonly engineId: Uint8Array;
  readonly boots: number;
  readonly time: number;
  readonly user: Uint8Array;
  readonly authParams: Uint8Array;
  /** Offset of `authParams` in the packet: the digest is taken with zeros there. */
  readonly authAt: number;
  readonly privParams: Uint8Array;
  /** The scopedPDU, or its cipher text when `flags` has `priv`. */
  readonly data: Uint8Array;
  /** Offset of `data` in the packet. */
  readonly dataAt: number;
}

/** @throws BerProblem */
export function readV3(raw: Uint8Array): V3Message {
  const outer = new BerReader(raw);
  const reader = outer.inside(outer.expect(SEQUENCE, 'sequence'));
  if (!outer.done) throw berProblem('trailing_bytes');
  if (reader.number(reader.expect(INTEGER, 'version')) !== 3) throw berProblem('unknown_version');
  const header = reader.inside(reader.expect(SEQUENCE, 'v3_header'));
  const msgId = whole(header.number(header.expect(INTEGER, 'msg_id')), 'msg_id');
  const maxSize = whole(header.number(header.expect(INTEGER, 'max_size')), 'max_size');
  const flagBytes = header.bytesOf(header.expect(OCTETS, 'flags'));
  if (flagBytes.length !== 1) throw berProblem('flags');
  const flags = flagBytes[0]!;
  if ((flags & V3Flag.priv) !== 0 && (flags & V3Flag.auth) === 0) throw berProblem('flags');
  if (header.number(header.expect(INTEGER, 'security_model')) !== USM) throw berProblem('security_model');
  const wrapped = reader.inside(reader.expect(OCTETS, 'security_parameters'));
  const security = wrapped.inside(wrapped.expect(SEQUENCE, 'security_parameters'));
  const engineId = security.bytesOf(security.expect(OCTETS, 'engine_id'));
  if (engineId.length !== 0 && (engineId.length < ENGINE_ID_BYTES.min || engineId.length > ENGINE_ID_BYTES.max))
    throw berProblem('engine_id');
  const boots = whole(security.number(security.expect(INTEGER, 'engine_boots')), 'engine_boots');
  const time = whole(security.number(security.expect(INTEGER, 'engine_time')), 'engine_time');
  const user = security.bytesOf(security.expect(OCTETS, 'user'));
  if (user.length > USER_BYTES) throw berProblem('user');
  const auth = security.expect(OCTETS, 'auth_parameters');
  const privParams = security.bytesOf(security.expect(OCTETS, 'priv_parameters'));
  const whole_ = (flags & V3Flag.priv) !== 0 ? reader.expect(OCTETS, 'encrypted_pdu') : reader.expect(SEQUENCE, 'scoped_pdu');
  if (!reader.done) throw berProblem('trailing_bytes');
  // The cipher text is the contents of its OCTET STRING; a plain scopedPDU is the whole SEQUENCE.
  const dataAt = (flags & V3Flag.priv) !== 0 ? whole_.start : whole_.at;
  return {
    ...{ msgId, maxSize, flags, engineId, boots, time, user, privParams, dataAt },
    ...{ authParams: security.bytesOf(auth), authAt: auth.start, data: raw.subarray(dataAt, whole_.end) },
  };
}

/** RFC 3412 and 3414: 0..2147483647. */
function whole(value: number, what: string): number {
  if (value < 0 || value > 0x7fff_ffff) throw berProblem(what);
  return value;
}

export type V3Parts = Pick<
  V3Message,
  'msgId' | 'maxSize' | 'flags' | 'engineId' | 'boots' | 'time' | 'user' | 'privParams' | 'data'
> & {
  readonly authLength: number;
};

/** Tags, lengths and numbers of a message: eight numbers of at most 7 bytes, and six heads of at most 4. */
const HEADS_BYTES = 96;

/** Its digest, when it gets one, belongs at `authAt`, where zeros stand. */
export function writeV3(parts: V3Parts): { readonly raw: Uint8Array; readonly authAt: number } {
  const { engineId, user, privParams, data, authLength, flags } = parts;
  const writer = new BerWriter(HEADS_BYTES + engineId.length + user.length + authLength + privParams.length + data.length);
  const end = writer.at;
  if ((flags & V3Flag.priv) !== 0) writer.octets(data);
  else writer.put(data);

  const securityEnd = writer.at;
  writer.octets(privParams);
  const authEnd = writer.at;
  writer.zeros(authLength);
  const authAt = writer.at;
  writer.head(OCTETS, authEnd);
  writer.octets(user);
  writer.natural(parts.time);
  writer.natural(parts.boots);
  writer.octets(engineId);
  writer.head(SEQUENCE, securityEnd);
  writer.head(OCTETS, securityEnd);

  const headerEnd = writer.at;
  writer.natural(USM);
  writer.octets(Uint8Array.of(flags));
  writer.natural(parts.maxSize);
  writer.natural(parts.msgId);
  writer.head(SEQUENCE, headerEnd);
  writer.natural(VERSION);
  writer.head(SEQUENCE, end);
  return { raw: writer.done(), authAt: authAt - writer.at };
}

/**
 * What the sender meant, readable later by anybody without keys: the same message with its scopedPDU in the clear. The digest
 * is zeroed, since it was taken over other bytes; that it was right, whoever calls this has checked.
 */
export function plainV3(message: V3Message, scopedPdu: Uint8Array): Uint8Array {
  const flags = message.flags & ~V3Flag.priv;
  return writeV3({
    ...{ ...message, flags, data: scopedPdu, privParams: new Uint8Array() },
    authLength: message.authParams.length,
  }).raw;
}
