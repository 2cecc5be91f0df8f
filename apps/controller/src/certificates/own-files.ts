import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, writeWhole } from '@yosugara/host-control/files';
import { YosugaraError } from '@yosugara/kernel';
import {
  CERTIFICATE_FILES,
  type MemberCertificates,
  type Revocation,
  revocationsOf,
  type SeenCertificate,
  STATE_LAYOUT,
} from '@yosugara/protocol';
import type { Pair } from './maker.js';

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
const PEM_KEY = /-----BEGIN PRIVATE KEY-----[\s\S]*?-----END PRIVATE KEY-----/;

/** Of a file with several, in its order. @throws when one of them is none */
export const certificatesIn = (pem: string): readonly X509Certificate[] =>
  (pem.match(PEM) ?? []).map((each) => new X509Certificate(each));
export const sha256Of = (certificate: X509Certificate): string => createHash('sha256').update(certificate.raw).digest('hex');
export const bundleOf = (authorities: readonly X509Certificate[]): string =>
  authorities.map((each) => `${each.toString().trimEnd()}\n`).join('');
export const seen = (certificate: X509Certificate): SeenCertificate => ({
  sha256: sha256Of(certificate),
  subject: (certificate.subject ?? '').replaceAll('\n', ', '),
  from: certificate.validFromDate.toISOString(),
  until: certificate.validToDate.toISOString(),
});
export const isSignedBy = (certificate: X509Certificate, authority: X509Certificate): boolean =>
  certificate.checkIssued(authority) && certificate.verify(authority.publicKey);

/** What this member has on its disk. */
export interface Own {
  /** null: there is none, or key and certificate are not of each other. */
  readonly certificate: X509Certificate | null;
  readonly authorities: readonly X509Certificate[];
  /** The authority whose key is kept here. */
  readonly signs: Pair | null;
  readonly next: Pair | null;
  readonly revoked: readonly Revocation[];
}

/** A member's certificates as files. Each is written whole or not at all. */
export class OwnFiles {
  readonly #dir: string;

  constructor(stateDir: string) {
    this.#dir = stateDir;
  }

  async read(): Promise<Own> {
    const { tlsKey, tlsCert, clusterCa } = STATE_LAYOUT.secrets;
    const [key, cert, ca, authorityKey, next, revoked] = await Promise.all(
      [
        tlsKey,
        tlsCert,
        clusterCa,
        CERTIFICATE_FILES.authorityKey,
        CERTIFICATE_FILES.nextAuthority,
        CERTIFICATE_FILES.revoked,
      ].map((file) => readIfThere(join(this.#dir, file))),
    );
    const authorities = certificatesIn(ca ?? '');
    return {
      authorities,
      certificate: pairOf(key ?? null, cert ?? null),
      signs: authorityKey == null ? null : (signerOf(authorities, authorityKey) ?? null),
      next: next == null ? null : nextOf(next),
      revoked: revocationsOf(revoked ?? null),
    };
  }

  /** A new key and its certificate, which are two files: what was begun before a crash is ended at the next start. */
  async writePair(pair: Pair): Promise<void> {
    await this.#write(CERTIFICATE_FILES.nextPair, JSON.stringify(pair));
    await this.mendPair();
  }

  async mendPair(): Promise<void> {
    const path = join(this.#dir, CERTIFICATE_FILES.nextPair);
    const text = await readIfThere(path);
    if (text === null) return;
    const { key, certificate } = JSON.parse(text) as Pair;
    await this.#write(STATE_LAYOUT.secrets.tlsKey, key);
    await this.#write(STATE_LAYOUT.secrets.tlsCert, certificate);
    await rm(path, { force: true });
  }

  async writeAuthorities(bundle: string): Promise<void> {
    await this.#write(STATE_LAYOUT.secrets.clusterCa, bundle);
  }

  async writeRevoked(revoked: readonly Revocation[]): Promise<void> {
    await this.#write(CERTIFICATE_FILES.revoked, `${JSON.stringify(revoked, null, 1)}\n`);
  }

  async writeAuthorityKey(key: string): Promise<void> {
    await this.#write(CERTIFICATE_FILES.authorityKey, key);
  }

  async writeNext({ key, certificate }: Pair): Promise<void> {
    await this.#write(CERTIFICATE_FILES.nextAuthority, `${certificate.trimEnd()}\n${key}`);
  }

  async removeNext(): Promise<void> {
    await rm(join(this.#dir, CERTIFICATE_FILES.nextAuthority), { force: true });
  }

  async #write(file: string, content: string): Promise<void> {
    await writeWhole(join(this.#dir, file), content.endsWith('\n') ? content : `${content}\n`);
  }
}

function pairOf(key: string | null, certificate: string | null): X509Certificate | null {
  if (key === null || certificate === null) return null;
  const [first] = certificatesIn(certificate);
  return first?.checkPrivateKey(createPrivateKey(key)) === true ? first : null;
}

/** The one of these authorities whose key it is. */
export function signerOf(authorities: readonly X509Certificate[], key: string): Pair | undefined {
  const found = authorities.find((each) => each.checkPrivateKey(createPrivateKey(key)));
  return found === undefined ? undefined : { key, certificate: bundleOf([found]) };
}

function nextOf(text: string): Pair {
  const [certificate] = certificatesIn(text);
  const key = PEM_KEY.exec(text)?.[0];
  if (certificate === undefined || key === undefined || !certificate.checkPrivateKey(createPrivateKey(key)))
    throw new YosugaraError('BAD_AUTHORITY', `${CERTIFICATE_FILES.nextAuthority} is no authority with its key`);
  return { key: `${key}\n`, certificate: bundleOf([certificate]) };
}

export const idOf = (pair: Pair | null): string | null => (pair === null ? null : sha256Of(certificatesIn(pair.certificate)[0]!));

export function stateOf(
  member: string,
  own: Own,
  trouble: string | null,
  agents: MemberCertificates['agents'],
): MemberCertificates {
  const { certificate, authorities } = own;
  const issuer = certificate === null ? undefined : authorities.find((each) => isSignedBy(certificate, each));
  return {
    ...{ member, trouble, agents, revoked: [...own.revoked] },
    certificate: certificate === null ? null : { ...seen(certificate), issuer: issuer === undefined ? null : sha256Of(issuer) },
    authorities: authorities.map(seen),
    signs: idOf(own.signs),
    next: idOf(own.next),
  };
}
