import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';

/** DER of a PKCS#8 ed25519 private key up to its 32-byte seed (RFC 8410 section 7). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
/** libp2p's protobuf `PublicKey { Type = Ed25519, Data = 32 bytes }` inside an identity multihash (libp2p specs, peer-ids). */
const PEER_ID_PREFIX = Buffer.from('002408011220', 'hex');
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** A member's identity: 32 random bytes. */
export function newIdentitySeed(): Buffer {
  return randomBytes(32);
}

/**
 * The libp2p peer id of an ed25519 seed, as `libs/transport` computes it; here without loading libp2p, because the CLI should
 * start at once.
 *
 * @param seed 32 bytes.
 */
export function peerIdOfSeed(seed: Uint8Array): string {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
  // The SPKI form ends with the 32 bytes of the public key.
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
  return base58(Buffer.concat([PEER_ID_PREFIX, publicKey]));
}

function base58(bytes: Buffer): string {
  let rest = BigInt(`0x${bytes.toString('hex')}`);
  let text = '';
  for (; rest > 0n; rest /= 58n) text = BASE58[Number(rest % 58n)] + text;
  for (const byte of bytes) {
    if (byte !== 0) break;
    text = `1${text}`;
  }
  return text;
}
