// tsyringe, below the x509 package, wants it first.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { InvalidInputError } from '@yosugara/kernel';
import { ALGORITHM, keyPem } from './certificates.js';

/** What an agent or a member makes before it joins, and an agent when it renews: a new key, and a request (PKCS #10, PEM) that only its owner could have made. */
export async function newRequest(commonName: string): Promise<{ readonly key: string; readonly request: string }> {
  const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: `CN=${commonName}`,
    keys: keys as never,
    signingAlgorithm: ALGORITHM,
  });
  return { key: await keyPem(keys), request: request.toString('pem') };
}

/**
 * Its own signature shows that whoever asks has the private key.
 * @throws InvalidInputError the request is none, or its key is one that nothing is signed for.
 */
export async function keyOfRequest(requestPem: string): Promise<x509.PublicKey> {
  const allowed = 'a certificate request (PKCS #10, PEM) of a key on the curve P-256, P-384 or P-521';
  let request: x509.Pkcs10CertificateRequest;
  let isSigned: boolean;
  try {
    request = new x509.Pkcs10CertificateRequest(requestPem);
    isSigned = await request.verify();
  } catch {
    throw new InvalidInputError('request', 'what is none', allowed);
  }
  if (!isSigned) throw new InvalidInputError('request', 'one that was not signed by its key', allowed);
  const { name } = request.publicKey.algorithm;
  if (name !== 'ECDSA') throw new InvalidInputError('request', `a key of ${name}`, allowed);
  return request.publicKey;
}
