import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { explain, type Log, YosugaraError } from '@yosugara/kernel';
import { WatchedFiles } from './watched-files.js';

export class TokensError extends YosugaraError {
  override readonly name = 'TokensError';
  constructor(path: string, why: string, cause?: unknown) {
    super('CUSTOM_TRAP_TOKENS', `the tokens of custom traps in ${path}: ${why}`, { cause });
  }
}

const LOOK_EVERY_MS = 1_000;
/** 16 random characters of base64 are 96 bits. */
const MIN_LENGTH = 16;
/** RFC 6750 2.1. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

const digestOf = (token: string) => createHash('sha256').update(token).digest();

/** Bearer tokens, one a line; empty lines and those that begin with # count for nothing. Read again when the file changes. */
export class TokenFile {
  readonly #digests: WatchedFiles<readonly Buffer[]>;

  /** @throws TokensError */
  constructor(path: string, log: Log) {
    this.#digests = new WatchedFiles({
      ...{ paths: [path], read: () => read(path), lookEveryMs: LOOK_EVERY_MS },
      onRead: (digests) => log.info('custom_trap.tokens_read', { tokens: digests.length }),
      onKept: (error) => log.warn('custom_trap.tokens_kept', { why: explain(error) }),
    });
  }

  /** Takes as long for a wrong token as for a right one (RFC 6819 5.1.4.1 asks for no less). */
  accepts(token: string): boolean {
    const digest = digestOf(token);
    let isKnown = false;
    for (const known of this.#digests.current()) isKnown = timingSafeEqual(known, digest) || isKnown;
    return isKnown;
  }
}

function read(path: string): readonly Buffer[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new TokensError(path, 'cannot read the file', error);
  }
  const lines = text.split('\n').map((line) => line.trim());
  for (const [index, line] of lines.entries())
    if (isToken(line) && (line.length < MIN_LENGTH || !TOKEN.test(line)))
      throw new TokensError(path, `line ${index + 1}: a token has at least ${MIN_LENGTH} characters of A-Z a-z 0-9 . _ ~ + / -`);
  const tokens = lines.filter(isToken);
  if (tokens.length === 0) throw new TokensError(path, 'there is none; write at least one, such as of `openssl rand -hex 32`');
  return tokens.map(digestOf);
}

const isToken = (line: string) => line !== '' && !line.startsWith('#');
