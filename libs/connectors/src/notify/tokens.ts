import type { RestAccessBody } from '@yosugara/protocol';
import { RE2JS } from 're2js';
import { type Look, ProbeFailure } from '../probes/look.js';
import { ask } from './http.js';

type TokenAuth = Extract<RestAccessBody['auth'], { type: 'token-url' }>;

interface Held {
  readonly token: string;
  readonly auth: TokenAuth;
  readonly untilMs: number;
}

/** Tokens by REST access, while they are valid. In memory only. */
export class TokenStore {
  readonly #held = new Map<string, Held>();

  forget(id: string): void {
    this.#held.delete(id);
  }

  /** The one in use; null = none. */
  held(id: string): string | null {
    return this.#held.get(id)?.token ?? null;
  }

  /** @throws ProbeFailure */
  async token(look: Look, id: string, access: RestAccessBody, auth: TokenAuth): Promise<string> {
    const held = this.#held.get(id);
    if (held !== undefined && held.untilMs > performance.now() && JSON.stringify(held.auth) === JSON.stringify(auth))
      return held.token;
    const headers = { 'content-type': 'application/x-www-form-urlencoded', ...lowered(auth.headers) };
    const body = auth.method === 'GET' ? null : (auth.body ?? '');
    const { status, body: said } = await ask(look, access, { method: auth.method, url: new URL(auth.url), headers, body });
    const where = new URL(auth.url).host;
    if (status < 200 || status >= 300) throw new ProbeFailure(`${where} answered ${status} when asked for a token`);
    const found = RE2JS.compile(auth.pattern).matcher(said);
    const token = found.find() ? found.group(1) : null;
    // What it said is not repeated: it may be the token.
    if (token === null || token === '') throw new ProbeFailure(`${where} gave an answer in which no token was found`);
    this.#held.set(id, { token, auth, untilMs: performance.now() + auth.validSeconds * 1_000 });
    return token;
  }
}

const lowered = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
