import { isSlowPrivKey, localizedKey, localizedPrivKey, passphraseToKey } from '@yosugara/operations';
import { describe, expect, it } from 'vitest';
import { NODE_USM_CRYPTO as crypto } from './crypto.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const MAPLESYRUP = Buffer.from('maplesyrup');
const ENGINE = Buffer.from('000000000000000000000002', 'hex');

describe('a passphrase becomes the key', () => {
  it.each([
    ['md5', '9faf3283884e92834ebc9847d8edd963', '526f5eed9fcce26f8964c2930787d82b'],
    ['sha1', '9fb5cc0381497b3793528939ff788d5d79145211', '6695febc9288e36282235fc7151f128497b38f3f'],
  ] as const)('of RFC 3414 A.3 by %s', (auth, key, localized) => {
    const made = passphraseToKey(crypto, auth, MAPLESYRUP);
    expect(hex(made)).toBe(key);
    expect(hex(localizedKey(crypto, auth, made, ENGINE))).toBe(localized);
  });
  it('whatever its length', () => {
    const once = passphraseToKey(crypto, 'sha256', MAPLESYRUP);
    expect(hex(passphraseToKey(crypto, 'sha256', Buffer.concat([MAPLESYRUP, MAPLESYRUP])))).toBe(hex(once));
    expect(passphraseToKey(crypto, 'sha512', Buffer.alloc(2_000_000, 'x'))).toHaveLength(64);
  });
});

describe('a key that is shorter than its cipher needs', () => {
  // draft-reeder-snmpv3-usm-3desede-00, B.1 and B.2.
  it.each([
    ['md5', '526f5eed9fcce26f8964c2930787d82b79eff44a90650ee0a3a40abfac5acc12'],
    ['sha1', '6695febc9288e36282235fc7151f128497b38f3f9b8b6d78936ba6e7d19dfd9c'],
  ] as const)('is lengthened as the draft shows by %s', (auth, key) => {
    const made = passphraseToKey(crypto, auth, MAPLESYRUP);
    expect(hex(localizedPrivKey(crypto, auth, 'aes256c', made, ENGINE))).toBe(key);
    expect(isSlowPrivKey(auth, 'aes256c')).toBe(true);
  });
  it('is not lengthened when the digest is long enough', () => {
    const made = passphraseToKey(crypto, 'sha256', MAPLESYRUP);
    expect(hex(localizedPrivKey(crypto, 'sha256', 'aes256c', made, ENGINE))).toBe(
      hex(localizedPrivKey(crypto, 'sha256', 'aes256', made, ENGINE)),
    );
    expect(isSlowPrivKey('sha256', 'aes256c')).toBe(false);
  });
});
