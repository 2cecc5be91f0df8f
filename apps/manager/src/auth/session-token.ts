import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export const SESSION_COOKIE = 'yosugara_session';

/** Longest life of a local token: it is made for one command. */
const LOCAL_TOKEN_MAX_MS = 300_000;

const mac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

function isEqual(one: Buffer, two: Buffer): boolean {
  return one.length === two.length && timingSafeEqual(one, two);
}

const hashOf = (id: string): Buffer => createHash('sha256').update(id).digest();

/**
 * A session's cookie: `<id>.<HMAC of id>`, both base64url, id 256 bits of chance. The HMAC lets a node turn away invented
 * cookies without asking its database; the row in the database is what makes the session valid, and can be taken away.
 */
export function newSessionToken(key: Buffer): { readonly cookie: string; readonly tokenHash: Buffer } {
  const id = randomBytes(32).toString('base64url');
  return { cookie: `${id}.${mac(key, `session|${id}`).toString('base64url')}`, tokenHash: hashOf(id) };
}

/** SHA-256 of the id, to be looked up; null = not made with this cluster's key. */
export function tokenHashOf(key: Buffer, cookie: string): Buffer | null {
  const [id, signature, ...more] = cookie.split('.');
  if (id === undefined || signature === undefined || more.length > 0 || id.length !== 43) return null;
  return isEqual(Buffer.from(signature, 'base64url'), mac(key, `session|${id}`)) ? hashOf(id) : null;
}

/**
 * `local.<expires, ms since 1970>.<nonce>.<HMAC>`: for the CLI on this host. Whoever can read `secrets/session.key` may
 * command anyway (the control socket asks for no login either), so that key is the proof; no password travels.
 */
export function isLocalToken(key: Buffer, token: string, wallMs: number): boolean {
  const [word, expires, nonce, signature, ...more] = token.split('.');
  if (word !== 'local' || expires === undefined || nonce === undefined || signature === undefined || more.length > 0)
    return false;
  const leftMs = Number(expires) - wallMs;
  if (!(leftMs > 0 && leftMs <= LOCAL_TOKEN_MAX_MS)) return false;
  return isEqual(Buffer.from(signature, 'base64url'), mac(key, `local|${expires}|${nonce}`));
}

/** The other end of `isLocalToken`; the CLI does the same with the key file. */
export function newLocalToken(key: Buffer, wallMs: number): string {
  const expires = String(wallMs + 60_000);
  const nonce = randomBytes(12).toString('base64url');
  return `local.${expires}.${nonce}.${mac(key, `local|${expires}|${nonce}`).toString('base64url')}`;
}

/** Equal secrets, compared in constant time whatever their lengths. */
export const isSameSecret = (one: string, two: string): boolean => isEqual(hashOf(one), hashOf(two));
