import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { IdentityError } from './errors.js';

/*
 * A member is an ed25519 key, kept as its 32 byte seed. Its peer id is the base58 text of an identity multihash (00 24) of the
 * protobuf that names the key type and holds the public key (08 01 12 20 …), so the id alone is enough to check a signature.
 * Source: libp2p specification, "Peer Ids and Keys".
 */
const SEED_BYTES = 32;
const PEER_ID_HEAD = Buffer.from('002408011220', 'hex');
const PRIVATE_PROTOBUF_HEAD = Buffer.from('08011240', 'hex');
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

export interface Identity {
  readonly seedBase64: string;
  readonly peerId: string;
}

export function generateIdentity(): Identity {
  const der = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' });
  const seed = der.subarray(-SEED_BYTES);
  return { seedBase64: seed.toString('base64'), peerId: peerIdOf(seed) };
}

/** @param key 32 byte seed, or libp2p's private key protobuf. @throws IdentityError. */
export function seedOf(key: Uint8Array): Uint8Array {
  if (key.length === SEED_BYTES) return key;
  const head = PRIVATE_PROTOBUF_HEAD.length;
  if (key.length === head + 64 && PRIVATE_PROTOBUF_HEAD.equals(key.subarray(0, head)))
    return key.subarray(head, head + SEED_BYTES);
  throw new IdentityError(
    `a private key of ${key.length} bytes; allowed is an ed25519 seed (32) or libp2p's protobuf of one (68)`,
  );
}

/** @throws IdentityError — not 32 bytes. */
export function peerIdOf(seed: Uint8Array): string {
  const spki = createPublicKey(privateKey(seed)).export({ format: 'der', type: 'spki' });
  return base58(Buffer.concat([PEER_ID_HEAD, spki.subarray(-32)]));
}

/** @returns 64 bytes. @throws IdentityError — not 32 bytes of seed. */
export function signWith(seed: Uint8Array, bytes: Uint8Array): Uint8Array {
  return sign(null, bytes, privateKey(seed));
}

/** Whether the owner of `peerId` signed `bytes`. @throws IdentityError — `peerId` is not of an ed25519 key. */
export function verifyFrom(peerId: string, bytes: Uint8Array, signature: Uint8Array): boolean {
  return verify(null, bytes, publicKeyOf(peerId), signature);
}

function privateKey(seed: Uint8Array): KeyObject {
  if (seed.length !== SEED_BYTES) throw new IdentityError(`a seed of ${seed.length} bytes, allowed are ${SEED_BYTES}`);
  return createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' });
}

function publicKeyOf(peerId: string): KeyObject {
  const bytes = unbase58(peerId);
  const head = PEER_ID_HEAD.length;
  if (bytes === null || bytes.length !== head + 32 || !PEER_ID_HEAD.equals(bytes.subarray(0, head)))
    throw new IdentityError(`${JSON.stringify(peerId)} is not the peer id of an ed25519 key (12D3KooW…)`);
  return createPublicKey({ key: Buffer.concat([SPKI_HEAD, bytes.subarray(head)]), format: 'der', type: 'spki' });
}

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

function base58(bytes: Uint8Array): string {
  let text = '';
  for (let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`); rest > 0n; rest /= 58n)
    text = ALPHABET[Number(rest % 58n)] + text;
  for (let at = 0; bytes[at] === 0; at++) text = `1${text}`;
  return text;
}

/** Only for text that stands for a byte row beginning with exactly one zero, as every peer id of ours does. */
function unbase58(text: string): Buffer | null {
  if (text.length === 0 || text.length > 64) return null;
  let value = 0n;
  for (const character of text) {
    const digit = ALPHABET.indexOf(character);
    if (digit === -1) return null;
    value = value * 58n + BigInt(digit);
  }
  const hex = value.toString(16);
  const zeros = /^1*/.exec(text)?.[0].length ?? 0;
  return Buffer.concat([Buffer.alloc(zeros), Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')]);
}
