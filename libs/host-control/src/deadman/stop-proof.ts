import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StopProofMessage } from '@yosugara/runtime';

/** RFC 8410 §7 and §4: what stands before the 32 raw bytes of an ed25519 private or public key in DER. */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

export function keyFromSeed(seedBase64: string): KeyObject {
  const seed = Buffer.from(seedBase64.trim(), 'base64');
  if (seed.length !== 32) throw new Error(`identity seed: ${seed.length} bytes, 32 expected`);
  return createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, seed]), format: 'der', type: 'pkcs8' });
}

function signedText(clusterId: string, message: Omit<StopProofMessage, 'signature'>): Buffer {
  return Buffer.from(`yosugara-p1|${clusterId}|${message.node}|${message.epoch}|${message.bootId}|${message.atWallMs}`);
}

export function signStopProof(clusterId: string, message: Omit<StopProofMessage, 'signature'>, key: KeyObject): StopProofMessage {
  return { ...message, signature: sign(null, signedText(clusterId, message), key).toString('base64') };
}

/** @param publicKey the 32 raw bytes. */
export function verifyStopProof(clusterId: string, message: StopProofMessage, publicKey: Uint8Array): boolean {
  try {
    const key = createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, publicKey]), format: 'der', type: 'spki' });
    return verify(null, signedText(clusterId, message), key, Buffer.from(message.signature, 'base64'));
  } catch {
    return false;
  }
}

/** The 32 raw bytes of the public key that belongs to a seed. */
export function publicKeyOf(seedBase64: string): Uint8Array {
  return createPublicKey(keyFromSeed(seedBase64)).export({ format: 'der', type: 'spki' }).subarray(PUBLIC_PREFIX.length);
}

const TRIES = 3;
const TRY_MS = 1_000;

/** To every voter at once, three tries of at most a second each. @returns how many answered 2xx. Never throws. */
export async function postStopProof(urls: readonly string[], message: StopProofMessage): Promise<number> {
  const body = JSON.stringify(message);
  const told = await Promise.all(urls.map((url) => postOne(url, body)));
  return told.filter(Boolean).length;
}

async function postOne(url: string, body: string): Promise<boolean> {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    try {
      const headers = { 'content-type': 'application/json', connection: 'close' };
      const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(TRY_MS) });
      await answer.arrayBuffer();
      if (answer.ok) return true;
    } catch {
      // Gone or silent: the next try, then the promise ends by time.
    }
    if (attempt < TRIES) await sleep(100);
  }
  return false;
}
