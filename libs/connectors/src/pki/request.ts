// tsyringe, below the x509 package, wants it first.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { ALGORITHM, keyPem } from './certificates.js';

/** What an agent makes before it joins, and when it renews: a new key, and a request (PKCS #10, PEM) that only its owner could have made. */
export async function newRequest(commonName: string): Promise<{ readonly key: string; readonly request: string }> {
  const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: `CN=${commonName}`,
    keys: keys as never,
    signingAlgorithm: ALGORITHM,
  });
  return { key: await keyPem(keys), request: request.toString('pem') };
}
