import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@yosugara/kernel';
import type { Authority } from '../control/authority.js';
import type { ManagerStore, SessionUser } from '../store/ports.js';
import { type ApiSettings, AUTHORITY, CLOCK, SETTINGS, STORE } from '../tokens.js';
import { type Identity, type KnownRequest } from './identity.js';
import { isSameSecret, SESSION_COOKIE, tokenHashOf } from './session-token.js';

const CACHE_MS = 1_000;
const CACHE_MAX = 1_000;
/** A session made a moment ago on the Master may not be replayed here yet. */
const REPLAY_PATIENCE_MS = 300;

/** Which bearers a route lets in besides sessions. */
export interface AllowedTokens {
  readonly probe: boolean;
  readonly metrics: boolean;
}

@Injectable()
export class Sessions {
  readonly #store: ManagerStore;
  readonly #settings: ApiSettings;
  readonly #clock: Clock;
  readonly #authority: Authority;
  readonly #cache = new Map<string, { readonly user: SessionUser; readonly atMs: number }>();

  constructor(
    @Inject(STORE) store: ManagerStore,
    @Inject(SETTINGS) settings: ApiSettings,
    @Inject(CLOCK) clock: Clock,
    @Inject(AUTHORITY) authority: Authority,
  ) {
    this.#store = store;
    this.#settings = settings;
    this.#clock = clock;
    this.#authority = authority;
  }

  /** null = nobody we know. @throws DatabaseUnavailableError */
  async identify(request: KnownRequest, tokens: AllowedTokens): Promise<Identity | null> {
    const bearer = /^Bearer (\S{1,512})$/.exec(request.headers.authorization ?? '')?.[1];
    if (bearer !== undefined) return this.#ofBearer(bearer, tokens);
    const cookie = request.cookies[SESSION_COOKIE];
    const tokenHash = cookie === undefined ? null : tokenHashOf(this.#settings.sessionKey, cookie);
    if (tokenHash === null) return null;
    const user = await this.#lookUp(tokenHash);
    return user === null ? null : { login: user.login, role: user.role, mustChange: user.mustChange, tokenHash };
  }

  /** Is the session still good? A database that does not answer ends no session. */
  async isStillGood(tokenHash: Buffer): Promise<boolean> {
    return (await this.#store.findSession(tokenHash).catch(() => 'unknown')) !== null;
  }

  /** After logout and change of password. */
  forget(): void {
    this.#cache.clear();
  }

  #ofBearer(token: string, allows: AllowedTokens): Identity | null {
    const { probeToken, metricsToken } = this.#settings;
    if (allows.probe && probeToken !== null && isSameSecret(token, probeToken))
      return { login: 'probe', role: 'operator', mustChange: false, tokenHash: null };
    if (allows.metrics && metricsToken !== null && isSameSecret(token, metricsToken))
      return { login: 'metrics', role: 'viewer', mustChange: false, tokenHash: null };
    return null;
  }

  async #lookUp(tokenHash: Buffer): Promise<SessionUser | null> {
    const key = tokenHash.toString('base64');
    const known = this.#cache.get(key);
    const nowMs = this.#clock.monotonicMs();
    if (known !== undefined && nowMs - known.atMs < CACHE_MS) return known.user;
    this.#cache.delete(key);
    const user = (await this.#store.findSession(tokenHash)) ?? (await this.#lookAgain(tokenHash));
    if (user === null) return null;
    if (this.#cache.size >= CACHE_MAX)
      for (const oldest of this.#cache.keys()) this.#cache.size >= CACHE_MAX && this.#cache.delete(oldest);
    this.#cache.set(key, { user, atMs: nowMs });
    return user;
  }

  async #lookAgain(tokenHash: Buffer): Promise<SessionUser | null> {
    if (this.#authority.now().mode === 'active') return null;
    await sleep(REPLAY_PATIENCE_MS);
    return await this.#store.findSession(tokenHash);
  }
}
