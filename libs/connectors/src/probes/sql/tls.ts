import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import { contextOf } from '../authorities.js';
import type { TlsCheck } from '../dial.js';

/** TLS for a driver that opens it by itself. */
export function verified({ verify, caPem, serverName }: TlsCheck, host: string): ConnectionOptions {
  const name = serverName ?? host;
  return {
    rejectUnauthorized: verify,
    ...(caPem === undefined ? {} : { secureContext: contextOf(caPem) }),
    // The driver dials an address: the name that the certificate must carry is the one that was asked for.
    ...(verify ? { checkServerIdentity: (_: string, certificate) => checkServerIdentity(name, certificate) } : {}),
  };
}

/** Node says codes; what a driver makes of them has the words of OpenSSL or of Node at least. */
const CERTIFICATE: readonly (readonly [code: RegExp, words: RegExp, says: string])[] = [
  [/^CERT_HAS_EXPIRED$/, /certificate has expired/, 'has ended'],
  [/^CERT_NOT_YET_VALID$/, /certificate is not yet valid/, 'is not valid yet'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, /does not match certificate's altnames/, 'is for another name'],
  [/^DEPTH_ZERO_SELF_SIGNED_CERT$/, /^self-signed certificate$/, 'is signed by itself'],
  [
    /^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET_ISSUER_CERT(_LOCALLY)?|VERIFY_LEAF_SIGNATURE))$/,
    /self-signed certificate in certificate chain|unable to (get (local )?issuer certificate|verify the first certificate)/,
    'is signed by an authority that is not trusted here',
  ],
];

/** null: it is not about the certificate. */
export function distrustSql(error: unknown, where: string): string | null {
  const { code = '', message = '' } = error as { readonly code?: string; readonly message?: string };
  const found = CERTIFICATE.find(([codes, words]) => codes.test(code) || words.test(message));
  return found === undefined ? null : `the certificate of ${where} ${found[2]}`;
}
