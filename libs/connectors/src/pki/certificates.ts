// tsyringe, below the x509 package, wants it first.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

// The package's types name the DOM's CryptoKey; Node's is the same thing under another name, hence `as never` below.
x509.cryptoProvider.set(webcrypto as never);

export const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const YEAR_MS = 365.25 * 24 * 3_600_000;
/** Long, because a forgotten renewal must not be what stops a cluster; `init` makes new ones at any time. */
const AUTHORITY_YEARS = 20;
const MEMBER_YEARS = 10;
/** The hosts' clocks may differ a little when the certificates are used minutes after being made. */
export const BACKDATE_MS = 24 * 3_600_000;

type Keys = webcrypto.CryptoKeyPair;

export interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly keys: Keys;
}

export interface Pem {
  readonly key: string;
  readonly certificate: string;
}

const newKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<Keys>;
/** A short life begins less early: when two thirds of it are over is asked of both ends. */
const validFor = (lifeMs: number) => ({
  notBefore: new Date(Date.now() - Math.min(BACKDATE_MS, lifeMs / 10)),
  notAfter: new Date(Date.now() + lifeMs),
});

/** RFC 5280 4.1.2.2: positive, at most 20 octets. */
export function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x01;
  return bytes.toString('hex');
}

/** The cluster's own certificate authority: whoever has a certificate of it is a member. @param of what it is for, in its name. */
export async function newAuthority(clusterId: string, of = 'cluster'): Promise<Authority> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=Yosugara ${of} ${clusterId}`,
    ...validFor(AUTHORITY_YEARS * YEAR_MS),
    signingAlgorithm: ALGORITHM,
    keys: keys as never,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey as never),
    ],
  });
  return { certificate, keys };
}

/** A member's key and certificate, both made here. @param lifeMs short only where somebody renews it. */
export async function issueMember(
  authority: Authority,
  node: string,
  addresses: readonly string[],
  lifeMs?: number,
): Promise<Pem> {
  const keys = await newKeys();
  const certificate = await memberCertificate(authority, node, addresses, keys.publicKey as never, lifeMs);
  return { key: await keyPem(keys), certificate };
}

/** A member's certificate: CN = node id, SAN = node id and the addresses; for both ends of a mutual TLS connection. */
export async function memberCertificate(
  authority: Authority,
  node: string,
  addresses: readonly string[],
  publicKey: x509.PublicKey,
  lifeMs = MEMBER_YEARS * YEAR_MS,
): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${node}`,
    issuer: authority.certificate.subject,
    ...validFor(lifeMs),
    signingAlgorithm: ALGORITHM,
    publicKey,
    signingKey: authority.keys.privateKey as never,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: node },
        ...addresses.map((value) => ({ type: 'ip' as const, value })),
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

export async function keyPem(keys: Keys): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')}\n`;
}

export const certificatePem = (certificate: x509.X509Certificate) => `${certificate.toString('pem')}\n`;
