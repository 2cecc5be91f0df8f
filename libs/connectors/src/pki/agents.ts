// tsyringe, below the x509 package, wants it first.
import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { AGENT_CERTIFICATE_DAYS, agentNameOf } from '@yosugara/protocol';
import { ALGORITHM, type Authority, BACKDATE_MS, type Pem, serialNumber } from './certificates.js';
import { keyOfRequest } from './request.js';

const DAY_MS = 24 * 3_600_000;

/** An authority that was written down. @throws when it is none */
export async function authorityOf(pem: Pem): Promise<Authority> {
  const certificate = new x509.X509Certificate(pem.certificate);
  const der = x509.PemConverter.decodeFirst(pem.key);
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign']);
  const publicKey = (await certificate.publicKey.export()) as unknown as webcrypto.CryptoKey;
  return { certificate, keys: { privateKey, publicKey } };
}

export interface AgentCertificate {
  /** PEM. */
  readonly certificate: string;
  /** SHA-256 of it, in hexadecimal. */
  readonly fingerprint: string;
  readonly notAfter: Date;
}

/**
 * Signs what an agent asks for: of the request only its key counts. For clients only, so that it is nobody's server.
 * @throws InvalidInputError the request is none, or its key is one that nothing is signed for.
 */
export async function issueAgent(
  authority: Authority,
  agent: string,
  requestPem: string,
  nowMs: number,
  days = AGENT_CERTIFICATE_DAYS,
): Promise<AgentCertificate> {
  const publicKey = await keyOfRequest(requestPem);
  const notAfter = new Date(Math.min(nowMs + days * DAY_MS, authority.certificate.notAfter.getTime()));
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    // Ids have nothing in them that means anything in a name.
    subject: `CN=${agentNameOf(agent)}`,
    issuer: authority.certificate.subject,
    notBefore: new Date(nowMs - BACKDATE_MS),
    notAfter,
    signingAlgorithm: ALGORITHM,
    publicKey,
    signingKey: authority.keys.privateKey as never,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate),
    ],
  });
  const fingerprint = createHash('sha256').update(Buffer.from(certificate.rawData)).digest('hex');
  return { certificate: `${certificate.toString('pem')}\n`, fingerprint, notAfter: certificate.notAfter };
}

/** SHA-256 of an authority's certificate (DER), base64url: as join tokens name it. */
export const authoritySha256 = (pem: string): string =>
  createHash('sha256')
    .update(Buffer.from(new x509.X509Certificate(pem).rawData))
    .digest('base64url');
