import { MemberCertificatesSchema, RevocationsSchema } from '@yosugara/protocol';
import { z } from 'zod';

const pem = z.string().max(65_536);
const pair = z.strictObject({ key: pem, certificate: pem });
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What controllers say to each other about certificates, over the identities of members (libs/transport, calls.ts). */
export const CertificateQuestionSchema = z.discriminatedUnion('ask', [
  z.strictObject({ ask: z.literal('state') }),
  /** Sign this for whoever asks, by that authority. Answered by `signed`. */
  z.strictObject({ ask: z.literal('sign'), request: pem, authority: sha256 }),
  /** Trust these and no others; the first one signs. */
  z.strictObject({ ask: z.literal('trust'), authorities: pem }),
  /** Keep an authority's key: the one that signs now, or the next one. To data nodes only. */
  z.strictObject({ ask: z.literal('keep'), as: z.enum(['now', 'next']), pair }),
  /** The next authority signs from now on: trust these, and have a certificate of the first of them. */
  z.strictObject({ ask: z.literal('issue'), authorities: pem }),
  z.strictObject({ ask: z.literal('renew') }),
  z.strictObject({ ask: z.literal('revoke'), revoked: RevocationsSchema }),
]);
export type CertificateQuestion = z.infer<typeof CertificateQuestionSchema>;

export const CertificateAnswerSchema = z.union([
  z.strictObject({ kind: z.literal('state'), state: MemberCertificatesSchema }),
  z.strictObject({ kind: z.literal('signed'), certificate: pem }),
  z.strictObject({ kind: z.literal('refused'), why: z.string() }),
]);
export type CertificateAnswer = z.infer<typeof CertificateAnswerSchema>;
