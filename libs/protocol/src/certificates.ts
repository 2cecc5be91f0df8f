import { z } from 'zod';

/** Below the state directory, beside `secrets/tls.key`, `secrets/tls.crt` and `secrets/ca.crt` (docs/certificates.md). */
export const CERTIFICATE_FILES = {
  /** On data nodes that sign: the key of the authority that stands first in `secrets/ca.crt`, PEM. */
  authorityKey: 'secrets/ca.key',
  /** On data nodes while the authority is replaced: the next one's certificate and key, PEM in one file. */
  nextAuthority: 'secrets/ca-next.pem',
  /** A new key and certificate on their way to `tls.key` and `tls.crt`, which are two files: a crash between them is made good. */
  nextPair: 'secrets/tls-next.json',
  /** Members that are none any more. */
  revoked: 'secrets/revoked.json',
} as const;

/** A member is known by its name and its identity: whoever gets the name again with another identity is another one. */
export const RevocationSchema = z.strictObject({
  node: z.string().min(1).max(64),
  peerId: z.string().min(1).max(128),
  at: z.string().max(40),
  by: z.string().max(80),
});
export type Revocation = z.infer<typeof RevocationSchema>;
export const RevocationsSchema = z.array(RevocationSchema).max(64);

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const SeenCertificateSchema = z.object({ sha256, subject: z.string(), from: z.string(), until: z.string() });
export type SeenCertificate = z.infer<typeof SeenCertificateSchema>;

/** What a member says of its certificates. */
export const MemberCertificatesSchema = z.object({
  member: z.string(),
  /** null: it has none, or it cannot be used. `issuer`: which of `authorities` signed it; null: none of them. */
  certificate: SeenCertificateSchema.extend({ issuer: sha256.nullable() }).nullable(),
  /** Whom it trusts; the first one signs. */
  authorities: z.array(SeenCertificateSchema),
  /** Whose keys it keeps. */
  signs: sha256.nullable(),
  next: sha256.nullable(),
  revoked: RevocationsSchema,
  trouble: z.string().nullable(),
  /** Of the Master's manager: whom the agents were told to trust, and how many of those that are enrolled have not said that they do. */
  agents: z.object({ authorities: z.array(sha256), behind: z.int(), some: z.array(z.string()) }).nullable(),
});
export type MemberCertificates = z.infer<typeof MemberCertificatesSchema>;

/** Answer to `certificates` of the control socket. */
export const CertificatesAnswerSchema = z.object({
  answeredBy: z.string(),
  /** When certificates and authorities are replaced by the cluster itself, as a share of their life. */
  renewAt: z.number(),
  members: z.array(
    z.object({
      member: z.string(),
      kind: z.string(),
      /** null: it did not answer, and `why` says why. */
      state: MemberCertificatesSchema.nullable(),
      why: z.string().nullable(),
      isRevoked: z.boolean(),
    }),
  ),
});
export type CertificatesAnswer = z.infer<typeof CertificatesAnswerSchema>;

/** Answer to one step of replacing the authority; it is asked again until it is done. */
export const RotationAnswerSchema = z.object({
  step: z.enum(['made', 'held', 'trusted', 'agents', 'issued', 'dropped', 'done']),
  says: z.string(),
});
export type RotationAnswer = z.infer<typeof RotationAnswerSchema>;

/** In a manager's report: see `MemberCertificates.agents`. */
export const AgentsTrustSchema = z.object({ authorities: z.array(sha256), behind: z.int(), some: z.array(z.string()).max(20) });
export type AgentsTrust = z.infer<typeof AgentsTrustSchema>;

/** Members that are revoked, as long as the configuration gives their names to the same identities. */
export const revokedMembers = (
  members: readonly { readonly id: string; readonly peerId: string }[],
  revoked: readonly Revocation[],
): ReadonlySet<string> =>
  new Set(
    members.filter(({ id, peerId }) => revoked.some((each) => each.node === id && each.peerId === peerId)).map(({ id }) => id),
  );

/** The members that run, each with the identity that the configuration gives its name by now. */
export const withIdentities = <Member extends { readonly id: string; readonly peerId: string }>(
  members: readonly Member[],
  written: readonly { readonly id: string; readonly peerId: string }[],
): readonly Member[] =>
  members.map((member) => ({ ...member, peerId: written.find(({ id }) => id === member.id)?.peerId ?? member.peerId }));

/** null: nobody ever was. @throws when the text is none of ours */
export const revocationsOf = (text: string | null): readonly Revocation[] =>
  text === null ? [] : RevocationsSchema.parse(JSON.parse(text));
