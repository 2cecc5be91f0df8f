import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export const SESSION_COOKIE = 'yosugara_session';

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

/** Equal secrets, compared in constant time whatever their lengths. */
export const isSameSecret = (one: string, two: string): boolean => isEqual(hashOf(one), hashOf(two));
