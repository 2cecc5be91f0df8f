import { createHash, randomBytes } from 'node:crypto';
import { YosugaraError } from '@yosugara/kernel';

/** Of AES-256 and of HKDF with SHA-256. */
export const KEY_BYTES = 32;
const MAX_KEYS = 100;

export interface NamedKey {
  readonly id: string;
  readonly key: Buffer;
}

/** Keys were found and cannot be used. */
export class KeyTextError extends YosugaraError {
  override readonly name = 'KeyTextError';
  constructor(where: string, why: string) {
    super('KEY_UNREADABLE', `${where}: ${why}`);
  }
}

/** Of the key itself, so that two hosts cannot mean different keys by one id. It says nothing about the key. */
export const keyIdOf = (key: Uint8Array): string =>
  createHash('sha256').update('yosugara key id\0').update(key).digest('hex').slice(0, 8);

export const newKey = (): NamedKey => named(randomBytes(KEY_BYTES));

/** One line. */
export const lineOfKey = ({ key }: NamedKey): string => key.toString('base64');

/**
 * Keys, oldest first: one a line, 32 bytes in base64; `#` begins a comment. Whoever appends a line has made a newer key.
 * @throws KeyTextError — names the line, never what is in it.
 */
export function parseKeys(text: string, where: string): readonly NamedKey[] {
  const keys: NamedKey[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    const word = line.replace(/#.*$/, '').trim();
    if (word === '') continue;
    const key = Buffer.from(word, 'base64');
    if (!/^[A-Za-z0-9+/]{43}=?$/.test(word) || key.length !== KEY_BYTES)
      throw new KeyTextError(where, `line ${at + 1} is no key: 32 bytes in base64 are (openssl rand -base64 32)`);
    const one = named(key);
    if (!keys.some(({ id }) => id === one.id)) keys.push(one);
  }
  if (keys.length > MAX_KEYS) throw new KeyTextError(where, `${keys.length} keys, at most ${MAX_KEYS} are kept`);
  return keys;
}

const named = (key: Buffer): NamedKey => ({ id: keyIdOf(key), key });
