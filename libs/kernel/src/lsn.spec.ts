import { describe, expect, it } from 'vitest';
import { formatLsn, lsn, parseLsn } from './index.js';

describe('an LSN', () => {
  it.each([
    ['0/0', 0],
    ['0/3000060', 0x3000060],
    ['1/0', 2 ** 32],
    ['16/B374D848', 0x16 * 2 ** 32 + 0xb374d848],
  ])('reads %s as %d bytes and prints it back', (text, bytes) => {
    expect(parseLsn(text)).toBe(bytes);
    expect(formatLsn(lsn(bytes))).toBe(text);
  });
  it.each(['', '0', '0/', '/0', 'g/0', '123456789/0', 'FFFFFFFF/FFFFFFFF'])('refuses %j and names what is allowed', (text) =>
    expect(() => parseLsn(text)).toThrow(/allowed is two hexadecimal numbers/),
  );
});
