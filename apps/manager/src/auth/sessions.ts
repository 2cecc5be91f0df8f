import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@yosugara/kernel';
import { TOKEN_PREFIX } from '@yosugara/protocol';
import { KnownRoles } from '../access/known-roles.js';
import { TokenUses } from '../access/token-uses.js';
import type { Authority } from '../control/authority.js';
import type { ManagerStore, Role } from '../store/ports.js';
import { type ApiSettings, AUTHORITY, CLOCK, SETTINGS, STORE } from '../tokens.js';
import { type Identity, type KnownRequest } from './identity.js';
import { sessionCookieOf } from './session-cookie.js';
import { isSameSecret, tokenHashOf } from './session-token.js';

const CACHE_MS = 1_000;
const CACHE_MAX = 1_000;
/** A session made a moment ago on the Master may not be replayed here yet. */
const REPLAY_PATIENCE_MS = 300;

/** Which bearers a route lets in besides sessions and API tokens. */
export interface AllowedTokens {
  readonly probe: boolean;
  readonly metrics: boolean;
}

interface Known {
  readonly login: string;
  readonly userId: number;
  readonly roles: readonly string[];
  readonly mustChange: boolean;
  readonly came: 'session' | 'token';
  /** Of the API token. */
  readonly tokenId: number | null;
}

export const tokenDigest = (token: string): Buffer => createHash('sha256').update(token).digest();

@Injectable()
export class Sessions {
  readonly #store: Pick<ManagerStore, 'people'>;
  readonly #settings: ApiSettings;
  readonly #clock: Clock;
  readonly #authority: Authority;
  readonly #roles: KnownRoles;
  readonly #uses: TokenUses;
  readonly #cache = new Map<string, { readonly known: Known; readonly atMs: number }>();

  constructor(
    @Inject(STORE) store: ManagerStore,
    @Inject(SETTINGS) settings: ApiSettings,
    @Inject(CLOCK) clock: Clock,
    @Inject(AUTHORITY) authority: Authority,
    @Inject(KnownRoles) roles: KnownRoles,
    @Inject(TokenUses) uses: TokenUses,
  ) {
    this.#store = store;
    this.#settings = settings;
    this.#clock = clock;
    this.#authority = authority;
    this.#roles = roles;
    this.#uses = uses;
  }

  /** null = nobody we know. @throws DatabaseUnavailableError */
  async identify(request: KnownRequest, tokens: AllowedTokens): Promise<Identity | null> {
    const bearer = /^Bearer (\S{1,512})$/.exec(request.headers.authorization ?? '')?.[1];
    if (bearer?.startsWith(TOKEN_PREFIX) === true) return await this.#ofToken(bearer, request.ip);
    if (bearer !== undefined) return this.#ofHost(bearer, tokens);
    const cookie = sessionCookieOf(request);
    const tokenHash = cookie === undefined ? null : tokenHashOf(this.#settings.sessionKey, cookie);
    if (tokenHash === null) return null;
    const known = await this.#lookUp(tokenHash, async () => await this.#session(tokenHash));
    return known === null ? null : this.#identity(known, tokenHash);
  }

  /** Does it still let in whom it did, with the same rights? A database that does not answer ends nothing. */
  async isStillGood({ tokenHash, came, rights }: Identity): Promise<boolean> {
    if (tokenHash === null) return true;
    const now = await (came === 'token' ? this.#token(tokenHash) : this.#session(tokenHash)).catch(() => 'unknown' as const);
    if (now === 'unknown') return true;
    if (now === null) return false;
    const may = this.#roles.of(now.roles);
    return may === rights || (may.covers(rights) && rights.covers(may));
  }

  /** After whatever ends sessions or tokens, or changes what somebody may. */
  forget(): void {
    this.#cache.clear();
  }

  #identity({ login, userId, roles, mustChange, came }: Known, tokenHash: Buffer): Identity {
    return { login, userId, came, role: widest(roles), rights: this.#roles.of(roles), mustChange, tokenHash };
  }

  async #ofToken(token: string, from: string): Promise<Identity | null> {
    const digest = tokenDigest(token);
    const known = await this.#lookUp(digest, async () => await this.#token(digest));
    if (known === null || known.tokenId === null) return null;
    this.#uses.note(known.tokenId, from);
    return this.#identity(known, digest);
  }

  #ofHost(token: string, allows: AllowedTokens): Identity | null {
    const { probeToken, metricsToken } = this.#settings;
    const common = { userId: null, came: 'host', mustChange: false, tokenHash: null } as const;
    if (allows.probe && probeToken !== null && isSameSecret(token, probeToken))
      return { ...common, login: 'probe', role: 'operator', rights: this.#roles.host };
    if (allows.metrics && metricsToken !== null && isSameSecret(token, metricsToken))
      return { ...common, login: 'metrics', role: 'viewer', rights: this.#roles.metrics };
    return null;
  }

  async #session(tokenHash: Buffer): Promise<Known | null> {
    const user = await this.#store.people.read(async ({ sessions }) => await sessions.userOf(tokenHash));
    if (user === null || !user.enabled) return null;
    const { login, id, roles, mustChange } = user;
    return { login, userId: id, roles, mustChange, came: 'session', tokenId: null };
  }

  /** It may what it was given and its user still has. */
  async #token(digest: Buffer): Promise<Known | null> {
    const found = await this.#store.people.read(async ({ tokens }) => await tokens.userOf(digest));
    if (found === null || !found.user.enabled) return null;
    const { login, id, roles, mustChange } = found.user;
    const given = found.roles.filter((role) => roles.includes(role));
    return { login, userId: id, roles: given, mustChange, came: 'token', tokenId: found.id };
  }

  async #lookUp(hash: Buffer, find: () => Promise<Known | null>): Promise<Known | null> {
    const key = hash.toString('base64');
    const cached = this.#cache.get(key);
    const nowMs = this.#clock.monotonicMs();
    if (cached !== undefined && nowMs - cached.atMs < CACHE_MS) return cached.known;
    this.#cache.delete(key);
    const known = (await find()) ?? (await this.#lookAgain(find));
    if (known === null) return null;
    if (this.#cache.size >= CACHE_MAX)
      for (const oldest of this.#cache.keys()) this.#cache.size >= CACHE_MAX && this.#cache.delete(oldest);
    this.#cache.set(key, { known, atMs: nowMs });
    return known;
  }

  async #lookAgain(find: () => Promise<Known | null>): Promise<Known | null> {
    if (this.#authority.now().mode === 'active') return null;
    await sleep(REPLAY_PATIENCE_MS);
    return await find();
  }
}

export const widest = (roles: readonly string[]): Role =>
  roles.includes('admin') ? 'admin' : roles.includes('operator') ? 'operator' : 'viewer';
