import { createHash, randomBytes } from 'node:crypto';
import type { StoredToken } from '@yosugara/store';

const SECRET_BYTES = 32;

export interface NewToken extends Pick<StoredToken, 'description' | 'node' | 'scopes' | 'ownerRole' | 'expiresAt'> {
  readonly uses: number;
  readonly by: string;
}

export interface MadeToken {
  readonly number: number;
  readonly token: string;
}

/** What is kept of a token's secret. */
export const digestOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

export function newSecret(): { readonly secret: string; readonly digest: Buffer } {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { secret, digest: digestOf(secret) };
}
