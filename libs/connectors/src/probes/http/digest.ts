import { createHash, randomBytes } from 'node:crypto';

export interface DigestLogin {
  readonly user: string;
  readonly password: string;
}

/** RFC 7616 3.4, best first; `-sess` binds the key to the session. */
const HASHES = { 'SHA-256': 'sha256', MD5: 'md5' } as const;
const MAX_CHALLENGES = 8;

interface Challenge {
  readonly algorithm: string;
  readonly hash: 'sha256' | 'md5';
  readonly isSession: boolean;
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  readonly qop: 'auth' | null;
}

/**
 * Value of the header Authorization for the best challenge that we can answer (RFC 7616 section 3).
 * @param challenges values of WWW-Authenticate. @returns null when there is none for us.
 */
export function digestAnswer(
  challenges: readonly string[],
  login: DigestLogin,
  request: { readonly method: string; readonly uri: string },
  cnonce = randomBytes(16).toString('hex'),
): string | null {
  const known = challenges
    .flatMap(splitChallenges)
    .map(readChallenge)
    .filter((one) => one !== null);
  const best = known.find(({ hash }) => hash === 'sha256') ?? known[0];
  if (best === undefined) return null;
  const { algorithm, hash, isSession, realm, nonce, opaque, qop } = best;
  const h = (...parts: readonly string[]) => createHash(hash).update(parts.join(':'), 'utf8').digest('hex');
  const count = '00000001';
  const plain = h(login.user, realm, login.password);
  const key = isSession ? h(plain, nonce, cnonce) : plain;
  const asked = h(request.method, request.uri);
  const response = qop === null ? h(key, nonce, asked) : h(key, nonce, count, cnonce, qop, asked);
  const fields = [
    `username=${quote(login.user)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `uri=${quote(request.uri)}`,
    `algorithm=${algorithm}`,
    `response="${response}"`,
    ...(opaque === undefined ? [] : [`opaque=${quote(opaque)}`]),
    ...(qop === null ? [] : [`qop=${qop}`, `nc=${count}`]),
    ...(qop === null && !isSession ? [] : [`cnonce="${cnonce}"`]),
  ];
  return `Digest ${fields.join(', ')}`;
}

const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** Several may stand in one header. */
function splitChallenges(header: string): readonly string[] {
  const starts = [...header.matchAll(/(?:^|,\s*)Digest\s+/gi)].slice(0, MAX_CHALLENGES);
  return starts.map(({ index }, at) =>
    header.slice(index, starts[at + 1]?.index ?? header.length).replace(/^[,\s]*Digest\s+/i, ''),
  );
}

function readChallenge(text: string): Challenge | null {
  const fields = new Map<string, string>();
  for (const [, name, quotedValue, value] of text.matchAll(/([a-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi))
    fields.set(name!.toLowerCase(), quotedValue?.replace(/\\(.)/g, '$1') ?? value ?? '');
  const [realm, nonce] = [fields.get('realm'), fields.get('nonce')];
  const algorithm = fields.get('algorithm') ?? 'MD5';
  const base = algorithm.replace(/-sess$/i, '').toUpperCase();
  const hash = base in HASHES ? HASHES[base as keyof typeof HASHES] : undefined;
  const offered = fields
    .get('qop')
    ?.split(',')
    .map((one) => one.trim().toLowerCase());
  if (realm === undefined || nonce === undefined || hash === undefined) return null;
  // `auth-int` alone is offered by nobody that we know of.
  if (offered !== undefined && !offered.includes('auth')) return null;
  const isSession = /-sess$/i.test(algorithm);
  return { algorithm, hash, isSession, realm, nonce, opaque: fields.get('opaque'), qop: offered === undefined ? null : 'auth' };
}
