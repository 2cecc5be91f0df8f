import type { CertificatesAnswer, MemberCertificates, Status } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { CertificateAlarms, certificateAlarms } from './alarms.js';

const DAY_MS = 86_400_000;
const NOW_MS = Date.parse('2030-06-01T12:00:00Z');
const SIGNER = 'a'.repeat(64);
const life = (daysLeft: number, days = 365) => {
  const untilMs = NOW_MS + daysLeft * DAY_MS;
  return { subject: 'CN=x', from: new Date(untilMs - days * DAY_MS).toISOString(), until: new Date(untilMs).toISOString() };
};
const certificate = (daysLeft: number, days?: number) => ({ ...life(daysLeft, days), sha256: 'c'.repeat(64), issuer: SIGNER });
const authority = (daysLeft: number) => ({ ...life(daysLeft, 7_305), sha256: SIGNER });

function member(id: string, more: Partial<MemberCertificates> = {}): CertificatesAnswer['members'][number] {
  const kind = id === 'w' ? 'witness' : 'data';
  const usual = { certificate: certificate(300), authorities: [authority(7_000)], signs: kind === 'data' ? SIGNER : null };
  const state = { ...{ member: id, next: null, revoked: [], trouble: null, agents: null }, ...usual, ...more };
  return { member: id, kind, state, why: null, isRevoked: false };
}
const silent = (id: string) => ({ ...member(id), state: null, why: 'it did not answer' });
const raised = (...members: CertificatesAnswer['members']) =>
  certificateAlarms(members, NOW_MS).map(({ level, code, text }) => [level, code, text]);

describe('the alarm of a certificate that ends', () => {
  it('is not there while it is renewed in time, nor when a short one has half of the time for its renewal left', () => {
    expect(raised(member('a'), member('b'), member('w'))).toEqual([]);
    expect(raised(member('a', { certificate: certificate(31) }), member('b'))).toEqual([]);
    expect(raised(member('a', { certificate: certificate(5.1, 30) }), member('b'))).toEqual([]);
  });

  it.each([
    [29, 365, 'yellow', 'the certificate of b ends on 2030-06-30 12:00 UTC'],
    [7, 365, 'red', 'the certificate of b ends on 2030-06-08 12:00 UTC'],
    [4.9, 30, 'yellow', 'the certificate of b ends on 2030-06-06 09:36 UTC'],
    [-1, 365, 'red', 'the certificate of b has ended on 2030-05-31 12:00 UTC'],
  ])('with %d days of %d left is %s', (left, days, level, text) =>
    expect(raised(member('a'), member('b', { certificate: certificate(left, days) }))).toEqual([
      [level, 'CERTIFICATE_ENDS', text],
    ]),
  );

  it('says what hinders its renewal as soon as it is due', () =>
    expect(raised(member('a', { certificate: certificate(100), trouble: 'no data node signs' }), member('b'))).toEqual([
      [
        'yellow',
        'CERTIFICATE_ENDS',
        'the certificate of a, good until 2030-09-09 12:00 UTC, is due; it could not be renewed: no data node signs',
      ],
    ]));

  it('is one for the authority, whoever trusts it; one that is on its way out ends unheard', () => {
    const old = { ...authority(-3), sha256: 'd'.repeat(64) };
    const ending = { authorities: [authority(20), old] };
    expect(raised(member('a', ending), member('b', ending), member('w', ending))).toEqual([
      ['yellow', 'CERTIFICATE_ENDS', 'the authority that signs certificates ends on 2030-06-21 12:00 UTC'],
    ]);
  });

  it('is red for a member without one that can be used, and none of a member that is revoked', () => {
    expect(raised(member('a', { certificate: null }), member('b'))).toEqual([
      ['red', 'CERTIFICATE_ENDS', 'a has no certificate that can be used'],
    ]);
    expect(raised(member('a'), { ...member('b', { certificate: null }), isRevoked: true })).toEqual([]);
  });

  it('comes of a member that is silent, too, by what it said last, with its page, beside the alarms that are there', () => {
    const alarms = new CertificateAlarms();
    const status = { alarms: [{ level: 'red', code: 'NO_REDUNDANCY', text: '', runbook: '' }] } as unknown as Status;
    const heard = { answeredBy: 'a', renewAt: 2 / 3 };
    alarms.heard({ ...heard, members: [member('a'), member('b', { certificate: certificate(40) })] });
    alarms.heard({ ...heard, members: [member('a'), silent('b')] });
    expect(alarms.told(status, NOW_MS).alarms).toHaveLength(1);
    expect(alarms.told(status, NOW_MS + 15 * DAY_MS).alarms).toMatchObject([
      { code: 'NO_REDUNDANCY' },
      { code: 'CERTIFICATE_ENDS', runbook: 'docs/runbooks/CERTIFICATE_ENDS.md' },
    ]);
  });
});

describe('the alarm that nothing renews certificates', () => {
  const bare = { signs: null };
  it('is there when no data node keeps the key, and names the end of the first certificate and the remedy', () =>
    expect(raised(member('a', bare), member('b', bare), member('w', { certificate: certificate(200) }))).toMatchObject([
      ['yellow', 'CERTIFICATES_UNKEPT', expect.stringMatching(/ends on 2030-12-18 12:00 UTC; `yosugara certificates keep/)],
    ]));
  it('is not there when one keeps it, nor while a data node has not been heard', () => {
    expect(raised(member('a', bare), member('b'))).toEqual([]);
    expect(raised(member('a', bare), silent('b'))).toEqual([]);
  });
});
