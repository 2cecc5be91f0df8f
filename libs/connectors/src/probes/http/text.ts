import type { HttpAnswer } from './ask.js';

/** Where a page may say its charset by itself (HTML standard, "prescan a byte stream"). */
const LOOK_BYTES = 1_024;

/** The body in the charset that the header says, or the page, or UTF-8. What is not in it becomes U+FFFD. */
export function bodyText({ headers, body }: Pick<HttpAnswer, 'headers' | 'body'>): string {
  const type = headers['content-type'] ?? '';
  const said = /charset\s*=\s*"?([\w.:-]+)/i.exec(type)?.[1] ?? (/html|xml/i.test(type) ? charsetIn(body) : undefined);
  return decoder(said).decode(body);
}

const charsetIn = (body: Buffer): string | undefined =>
  /(?:charset|encoding)\s*=\s*["']?([\w.:-]+)/i.exec(body.toString('latin1', 0, LOOK_BYTES))?.[1];

function decoder(charset: string | undefined): { decode(bytes: Uint8Array): string } {
  try {
    return new TextDecoder(charset ?? 'utf-8');
  } catch {
    return new TextDecoder('utf-8');
  }
}

/** @param allowed such as `200` or `200-299`. */
export const isAllowed = (allowed: readonly string[], status: number): boolean =>
  allowed.some((one) => {
    const [from, to = from] = one.split('-').map(Number);
    return status >= from! && status <= to!;
  });
