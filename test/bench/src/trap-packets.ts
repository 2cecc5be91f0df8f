import { berInteger, berOid, localizedKey, localizedPrivKey, passphraseToKey, tlv, V3Flag, writeV3 } from '@yosugara/operations';
import { NODE_USM_CRYPTO } from '@yosugara/receivers';

export const PASSPHRASES = { auth: 'auth passphrase', priv: 'priv passphrase' } as const;
export const USER = 'bench';
const COMMUNITY = 'public';
const MAC_BYTES = 24;
const SALT_BYTES = 8;
/** Of four bytes however small it is, so that every packet is as long as the next. */
const FIRST_REQUEST_ID = 0x4000_0000;
const bytes = (text: string) => Buffer.from(text);

/** The section `receiver.traps` that knows this sender. */
export function trapsConfig(secret: (name: string, content: string) => string): object {
  const [authSecretFile, privSecretFile] = [secret('bench.auth', PASSPHRASES.auth), secret('bench.priv', PASSPHRASES.priv)];
  return { communities: [COMMUNITY], users: [{ name: USER, auth: 'sha256', priv: 'aes128', authSecretFile, privSecretFile }] };
}

export type NotificationKind = 'trap' | 'inform';

/** Whose engine a v3 message names, and what its clock says. */
export interface Engine {
  readonly id: Uint8Array;
  readonly boots: number;
  readonly time: number;
}

/** Notifications that differ in their request-ids (and msgIDs) only: linkDown with four varbinds, as a switch sends it. */
export interface PacketMaker {
  /** @param at from 0; a request-id of its own for each. */
  make(at: number): Buffer;
  /** Where the request-id of v2c, the msgID of v3 begins: also in the answer. */
  readonly idAt: number;
}

export const requestIdOf = (at: number): number => FIRST_REQUEST_ID + at;

function pduOf(kind: NotificationKind, requestId: number): Uint8Array {
  const varbind = (oid: string, value: Uint8Array) => tlv(0x30, berOid(oid), value);
  const varbinds = tlv(
    0x30,
    varbind('1.3.6.1.2.1.1.3.0', berInteger(123_456_789, 0x43)),
    varbind('1.3.6.1.6.3.1.1.4.1.0', berOid('1.3.6.1.6.3.1.1.5.3')),
    varbind('1.3.6.1.2.1.2.2.1.1.7', berInteger(7)),
    varbind('1.3.6.1.2.1.2.2.1.2.7', tlv(0x04, bytes('GigabitEthernet1/0/7'))),
    varbind('1.3.6.1.2.1.2.2.1.7.7', berInteger(1)),
    varbind('1.3.6.1.2.1.2.2.1.8.7', berInteger(2)),
  );
  return tlv(kind === 'trap' ? 0xa7 : 0xa6, berInteger(requestId), berInteger(0), berInteger(0), varbinds);
}

/** Where the four bytes of the first request-id stand in what holds it. */
const requestIdAt = (packet: Uint8Array): number => Buffer.from(packet).indexOf(Buffer.from([0x02, 0x04, 0x40, 0, 0, 0])) + 2;

export function v2cMaker(kind: NotificationKind): PacketMaker {
  const template = Buffer.from(tlv(0x30, berInteger(1), tlv(0x04, bytes(COMMUNITY)), pduOf(kind, FIRST_REQUEST_ID)));
  const idAt = requestIdAt(template);
  return {
    idAt,
    make: (at) => {
      const packet = Buffer.from(template);
      packet.writeUInt32BE(requestIdOf(at), idAt);
      return packet;
    },
  };
}

/** authPriv with SHA-256 and AES-128. A template is filled in: salt, cipher text, digest. */
export function v3Maker(kind: NotificationKind, engine: Engine, contextEngineId = engine.id): PacketMaker {
  const stretched = (passphrase: string) => passphraseToKey(NODE_USM_CRYPTO, 'sha256', bytes(passphrase));
  const mac = NODE_USM_CRYPTO.hmac('sha256', localizedKey(NODE_USM_CRYPTO, 'sha256', stretched(PASSPHRASES.auth), engine.id));
  const privKey = localizedPrivKey(NODE_USM_CRYPTO, 'sha256', 'aes128', stretched(PASSPHRASES.priv), engine.id);
  const cipher = NODE_USM_CRYPTO.cipher('aes-128-cfb', privKey);
  const scoped = Buffer.from(tlv(0x30, tlv(0x04, contextEngineId), tlv(0x04), pduOf(kind, FIRST_REQUEST_ID)));
  const scopedIdAt = requestIdAt(scoped);
  const { raw, authAt } = writeV3({
    ...{ msgId: FIRST_REQUEST_ID, maxSize: 65_507, engineId: engine.id, boots: engine.boots, time: engine.time },
    flags: V3Flag.auth | V3Flag.priv | (kind === 'inform' ? V3Flag.reportable : 0),
    ...{ user: bytes(USER), authLength: MAC_BYTES, privParams: new Uint8Array(SALT_BYTES), data: scoped },
  });
  const template = Buffer.from(raw);
  // msgID comes first of what is so long; salt and cipher text are what ends the packet.
  const msgIdAt = requestIdAt(template.subarray(0, authAt));
  const saltAt = authAt + MAC_BYTES + 2;
  const dataAt = template.length - scoped.length;
  const iv = Buffer.alloc(16);
  iv.writeUInt32BE(engine.boots, 0);
  iv.writeUInt32BE(engine.time, 4);
  return {
    idAt: msgIdAt,
    make: (at) => {
      const packet = Buffer.from(template);
      packet.writeUInt32BE(requestIdOf(at), msgIdAt);
      scoped.writeUInt32BE(requestIdOf(at), scopedIdAt);
      // Of this engine, boots and time: never twice.
      iv.writeUInt32BE(at, 12);
      iv.copy(packet, saltAt, 8);
      packet.set(cipher.encrypt(iv, scoped), dataAt);
      packet.set(mac(packet).subarray(0, MAC_BYTES), authAt);
      return packet;
    },
  };
}
