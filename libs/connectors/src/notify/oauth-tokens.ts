import type { MailServerBody } from '@yosugara/protocol';
import { type Look, ProbeFailure, quoted } from '../probes/look.js';
import { Turns } from '../probes/turns.js';
import { basic } from '../tunnel/index.js';
import { ask } from './http.js';

export type MailOAuth2 = NonNullable<MailServerBody['oauth2']>;

interface Held {
  readonly settings: string;
  readonly token: string;
  readonly untilMs: number;
  /** What the endpoint gave in place of the one that is set; null = nothing. */
  readonly refreshToken: string | null;
}

/** Not used so near to its end: the mail server has a clock of its own. */
const MARGIN_MS = 60_000;
/** Of one that does not say how long it lasts. */
const UNKNOWN_MS = 300_000;

/** Tokens of OAuth 2.0 (RFC 6749) by mail server, while they last. In memory only. */
export class OAuthTokens {
  readonly #held = new Map<string, Held>();
  readonly #turns = new Turns(1);
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** @param refused by the mail server: that one is not given again. @throws ProbeFailure why there is none, without secrets. */
  async token(look: Look, id: string, oauth2: MailOAuth2, refused: string | null): Promise<string> {
    // One at a time: some endpoints take a refresh token once only.
    return await this.#turns.take(look, id, async () => {
      const settings = JSON.stringify(oauth2);
      const held = this.#held.get(id);
      const ours = held?.settings === settings ? held : null;
      if (ours !== null && ours.token !== refused && ours.untilMs > this.#nowMs()) return ours.token;
      const fresh = await this.#asked(look, oauth2, settings, ours?.refreshToken ?? null);
      this.#held.set(id, fresh);
      return fresh.token;
    });
  }

  async #asked(look: Look, oauth2: MailOAuth2, settings: string, given: string | null): Promise<Held> {
    const url = new URL(oauth2.tokenUrl);
    const { clientId, clientSecret, ca, proxy } = oauth2;
    const refreshToken = given ?? oauth2.refreshToken ?? '';
    const isBasic = oauth2.clientAuth === 'basic';
    const form = new URLSearchParams({
      ...(oauth2.grant === 'refresh-token'
        ? { grant_type: 'refresh_token', refresh_token: refreshToken }
        : { grant_type: 'client_credentials' }),
      ...(oauth2.scope === null ? {} : { scope: oauth2.scope }),
      ...(isBasic ? {} : { client_id: clientId, ...(clientSecret === null ? {} : { client_secret: clientSecret }) }),
    });
    const headers = {
      ...{ 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      ...(isBasic ? { authorization: basic(encodeURIComponent(clientId), encodeURIComponent(clientSecret ?? '')) } : {}),
    };
    const access = { ca, proxy, connectTimeoutMs: look.leftMs };
    const { status, body } = await ask(look, access, { method: 'POST', url, headers, body: form.toString() });
    const said = answerOf(body);
    const { access_token: token, expires_in: lasts, refresh_token: next } = said;
    if (status < 200 || status >= 300) throw new ProbeFailure(refusalOf(url.host, status, said, [clientSecret, refreshToken]));
    // What it said is not repeated: it may be the token.
    if (typeof token !== 'string' || token === '')
      throw new ProbeFailure(`${url.host} gave an answer in which no token was found`);
    const untilMs = this.#nowMs() + usableMs(Number(lasts));
    return { settings, token, untilMs, refreshToken: typeof next === 'string' && next !== '' ? next : given };
  }
}

/** Of a short one at least half. */
function usableMs(lastsSeconds: number): number {
  if (!Number.isFinite(lastsSeconds) || lastsSeconds <= 0) return UNKNOWN_MS;
  const lastsMs = lastsSeconds * 1_000;
  return Math.max(lastsMs - MARGIN_MS, lastsMs / 2);
}

function answerOf(body: string): Readonly<Record<string, unknown>> {
  try {
    const said: unknown = JSON.parse(body);
    return said !== null && typeof said === 'object' ? (said as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** RFC 6749 5.2. */
function refusalOf(host: string, status: number, said: Readonly<Record<string, unknown>>, secrets: readonly (string | null)[]) {
  const words = [said['error'], said['error_description']].filter((each) => typeof each === 'string').join(': ');
  const hidden = secrets.reduce<string>(
    (text, each) => (each === null || each === '' ? text : text.replaceAll(each, '***')),
    words,
  );
  return `${host} gave no token (${status})${hidden === '' ? '' : `: ${quoted(hidden, 200)}`}`;
}
