import { createHash, createHmac, randomBytes } from 'node:crypto';

/** RFC 6238 with what every authenticator knows: SHA-1, six digits, thirty seconds. */
const STEP_MS = 30_000;
const DIGITS = 6;
const SECRET_BYTES = 20;
/** A code is good a step earlier and later: clocks of telephones differ, and people type. */
const STEPS_AROUND = 1;
const RECOVERY_CODES = 10;
const RECOVERY_BYTES = 16;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export const newTotpSecret = (): string => base32(randomBytes(SECRET_BYTES));

/** RFC 4226 5.3. */
export function totpCode(secret: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', fromBase32(secret)).update(counter).digest();
  const offset = mac.readUInt8(mac.length - 1) & 0xf;
  return String((mac.readUInt32BE(offset) & 0x7f_ff_ff_ff) % 10 ** DIGITS).padStart(DIGITS, '0');
}

export const totpStep = (nowMs: number): number => Math.floor(nowMs / STEP_MS);

/** Which step the code is of; null = of none near. Whoever asks makes sure that a step is used once. */
export function stepOfCode(secret: string, code: string, nowMs: number): number | null {
  let found: number | null = null;
  // All of them are looked at: how long it takes tells nothing.
  for (let step = totpStep(nowMs) - STEPS_AROUND; step <= totpStep(nowMs) + STEPS_AROUND; step++)
    if (totpCode(secret, step) === code) found = step;
  return found;
}

/** For a QR code (Key Uri Format of Google Authenticator). */
export function totpUri(secret: string, login: string, cluster: string): string {
  const issuer = `Yosugara ${cluster}`;
  const query = new URLSearchParams({
    secret,
    issuer,
    algorithm: 'SHA1',
    digits: String(DIGITS),
    period: String(STEP_MS / 1_000),
  });
  return `otpauth://totp/${encodeURIComponent(issuer)}:${encodeURIComponent(login)}?${query.toString().replaceAll('+', '%20')}`;
}

/** In groups of four, as people copy them. */
export function newRecoveryCodes(): readonly string[] {
  return Array.from({ length: RECOVERY_CODES }, () =>
    base32(randomBytes(RECOVERY_BYTES))
      .toLowerCase()
      .match(/.{1,4}/g)!
      .join('-'),
  );
}

/** Whatever case and hyphens it is typed with. 128 bits of chance need no slow digest. */
export const recoveryDigest = (code: string): Buffer =>
  createHash('sha256').update(code.replaceAll(/[\s-]/g, '').toUpperCase()).digest();

function base32(bytes: Buffer): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32[(value >>> (bits - 5)) & 31];
    value &= 0xff;
  }
  return bits === 0 ? text : text + BASE32[(value << (5 - bits)) & 31];
}

function fromBase32(text: string): Buffer {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const letter of text) {
    value = ((value << 5) | BASE32.indexOf(letter)) & 0xff_ff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >>> bits) & 0xff);
  }
  return Buffer.from(bytes);
}
