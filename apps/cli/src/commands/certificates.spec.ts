import type { CertificatesAnswer, MemberCertificates } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { certificateHealth, renderCertificates } from './certificates.js';

const NOW_MS = Date.parse('2026-06-01T00:00:00Z');
const [LEAF, CA] = ['1'.repeat(64), '2'.repeat(64)] as const;
const seen = (sha256: string, until: string) => ({ sha256, subject: 'CN=x', from: '2026-01-01T00:00:00.000Z', until });
const state = (change: Partial<MemberCertificates> = {}): MemberCertificates => ({
  ...{ member: 'a', signs: CA, next: null, revoked: [], trouble: null, agents: null },
  certificate: { ...seen(LEAF, '2027-01-01T00:00:00.000Z'), issuer: CA },
  authorities: [seen(CA, '2046-01-01T00:00:00.000Z')],
  ...change,
});
const answer = (...members: Partial<CertificatesAnswer['members'][number]>[]): CertificatesAnswer => ({
  ...{ answeredBy: 'a', renewAt: 2 / 3 },
  members: members.map((member) => ({ member: 'a', kind: 'data', state: state(), why: null, isRevoked: false, ...member })),
});
const text = (of: CertificatesAnswer) => renderCertificates(of, (said) => said, NOW_MS);

describe('the list of certificates', () => {
  it('is well when all answer with certificates that are good', () => {
    expect(certificateHealth(answer({}), NOW_MS)).toBe(0);
    expect(text(answer({}))).toContain('2027-01-01T00:00Z (214 days)');
    expect(text(answer({}))).toContain(`signed by ${CA.slice(0, 16)}`);
    expect(text(answer({}))).not.toContain('no data node');
  });
  it.each([
    ['one has ended', { state: state({ certificate: { ...seen(LEAF, '2026-05-31T23:59:59.000Z'), issuer: CA } }) }, '(ended)'],
    [
      'one is of nobody who is trusted',
      { state: state({ certificate: { ...seen(LEAF, '2027-01-01T00:00:00.000Z'), issuer: null } }) },
      'nobody known',
    ],
    ['there is none', { state: state({ certificate: null }) }, 'a has no certificate that can be used'],
    ['one cannot be renewed', { state: state({ trouble: 'no data node keeps the key' }) }, 'a: no data node keeps the key'],
    [
      'a member says nothing',
      { state: null, why: 'there is no connection to it' },
      'a did not answer: there is no connection to it',
    ],
  ])('is not when %s, and says so', (_, member, says) => {
    expect(certificateHealth(answer(member), NOW_MS)).toBe(3);
    expect(text(answer(member))).toContain(says);
  });
  it('takes a member that is revoked for what it is, and says when nobody renews anything', () => {
    const out = { state: null, why: 'it is revoked', isRevoked: true };
    expect(certificateHealth(answer({}, out), NOW_MS)).toBe(0);
    expect(text(answer({}, out))).toContain('a is revoked');
    expect(text(answer({ state: state({ signs: null }) }))).toContain('nothing is renewed by itself');
  });
});
