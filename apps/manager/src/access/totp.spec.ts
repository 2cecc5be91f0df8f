import { describe, expect, it } from 'vitest';
import { newRecoveryCodes, newTotpSecret, recoveryDigest, stepOfCode, totpCode, totpStep, totpUri } from './totp.js';

/** `12345678901234567890` of RFC 6238, in base 32. */
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

describe('a code of a second factor', () => {
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ])('at second %d is %s (RFC 6238, appendix B, the last six digits)', (second, code) =>
    expect(totpCode(SECRET, totpStep(second * 1_000))).toBe(code),
  );
  it('is good in its step, the one before and the one after, and no longer', () => {
    const secret = newTotpSecret();
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    const nowMs = 1_700_000_000_000;
    const step = totpStep(nowMs);
    for (const [at, is] of [
      [-2, false],
      [-1, true],
      [0, true],
      [1, true],
      [2, false],
    ] as const)
      expect(stepOfCode(secret, totpCode(secret, step + at), nowMs), String(at)).toBe(is ? step + at : null);
    expect(stepOfCode(secret, '', nowMs)).toBeNull();
  });
  it('is made by an authenticator that read the address', () =>
    expect(totpUri(SECRET, 'eva@x', 'main site')).toBe(
      `otpauth://totp/Yosugara%20main%20site:eva%40x?secret=${SECRET}&issuer=Yosugara%20main%20site&algorithm=SHA1&digits=6&period=30`,
    ));
});

it('a recovery code is 128 bits, and is known however it is typed', () => {
  const codes = newRecoveryCodes();
  expect(new Set(codes).size).toBe(10);
  expect(codes[0]).toMatch(/^([a-z2-7]{4}-){6}[a-z2-7]{2}$/);
  expect(recoveryDigest(` ${codes[0]!.toUpperCase().replaceAll('-', '')}`)).toEqual(recoveryDigest(codes[0]!));
});
