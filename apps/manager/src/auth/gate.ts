import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Clock } from '@yosugara/kernel';
import { FUNCTION_OF_KIND, type SettingKind } from '@yosugara/protocol';
import { whoAsks } from '../access/asking.js';
import { NEED, type Need, WHILE_MUST_CHANGE } from '../access/needs.js';
import { ApiRefusal, notLoggedIn } from '../http/errors.js';
import { RequestRate } from '../http/request-rate.js';
import type { Lifecycle } from '../lifecycle.js';
import type { Role } from '../store/ports.js';
import { type ApiSettings, CLOCK, LIFECYCLE, SETTINGS } from '../tokens.js';
import { type Identity, type KnownRequest, METRICS_TOKEN, NEED_ROLES, NEEDS_ACTIVE, PROBE_TOKEN, PUBLIC } from './identity.js';
import { Sessions } from './sessions.js';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** It changes nothing. */
export const isSafe = (method: string): boolean => SAFE_METHODS.has(method);

/** Every request passes here: is it our page, may this node do it now, who asks, may they. */
@Injectable()
export class Gate implements CanActivate {
  readonly #reflector: Reflector;
  readonly #sessions: Sessions;
  readonly #lifecycle: Lifecycle;
  readonly #rate: RequestRate;

  constructor(
    reflector: Reflector,
    sessions: Sessions,
    @Inject(LIFECYCLE) lifecycle: Lifecycle,
    @Inject(SETTINGS) { access }: ApiSettings,
    @Inject(CLOCK) clock: Clock,
  ) {
    this.#reflector = reflector;
    this.#sessions = sessions;
    this.#lifecycle = lifecycle;
    this.#rate = new RequestRate(access.requestsPerSecond, clock);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<KnownRequest>();
    const says = <T>(key: string) =>
      this.#reflector.getAllAndOverride<T | undefined>(key, [context.getHandler(), context.getClass()]);
    // A page of another site cannot set either header without asking first (CORS), and we never allow it.
    if (!isSafe(request.method) && request.headers['x-yosugara'] !== '1' && request.headers.authorization === undefined)
      throw new ApiRefusal(
        403,
        'CSRF_HEADER_MISSING',
        'requests that change something need the header x-yosugara: 1',
        'x-yosugara',
      );
    if (says<boolean>(PUBLIC)) {
      if (says<boolean>(NEEDS_ACTIVE)) this.#lifecycle.demandWritable();
      return true;
    }
    const identity = await this.#sessions.identify(request, {
      probe: says<boolean>(PROBE_TOKEN) === true,
      metrics: says<boolean>(METRICS_TOKEN) === true,
    });
    this.#demandFew(identity, request.ip);
    if (identity === null) throw notLoggedIn();
    // Known from here on, also to whoever writes down that it was refused.
    request.identity = identity;
    const asking = whoAsks();
    if (asking !== undefined) asking.came = identity.came;
    if (identity.mustChange && says<boolean>(WHILE_MUST_CHANGE) !== true)
      throw new ApiRefusal(403, 'PASSWORD_CHANGE_NEEDED', 'give yourself another password first: POST /api/v1/password');
    const need = says<Need>(NEED);
    const refused = need === undefined ? lacksRole(says<readonly Role[]>(NEED_ROLES), identity) : lacks(need, request, identity);
    if (refused !== null) throw refused;
    if (says<boolean>(NEEDS_ACTIVE)) this.#lifecycle.demandWritable();
    return true;
  }

  /** Programs of the host are as many as the host lets them be. */
  #demandFew(identity: Identity | null, address: string): void {
    if (identity?.came === 'host') return;
    const whose = identity === null ? `address/${address}` : `user/${identity.userId}`;
    if (!this.#rate.take(whose)) throw new ApiRefusal(429, 'TOO_MANY_REQUESTS', 'too many requests: ask again in a second');
  }
}

/** null: nothing is missing. */
function lacks(need: Need, request: KnownRequest, { rights, came, login }: Identity): ApiRefusal | null {
  switch (need.kind) {
    case 'login':
      return null;
    case 'session':
      return came === 'session'
        ? null
        : new ApiRefusal(403, 'SESSION_NEEDED', 'only whoever is logged in with a password does this');
    case 'function': {
      const { what, modes, everything = false } = need;
      if (!modes.some((mode) => rights.may(what, mode))) return forbidden(`${what}: ${modes.join(' or ')}`, login);
      return !everything || rights.owners('read') === null ? null : forbidden('a role that reaches all objects', login);
    }
    case 'setting': {
      const kind = (request.params as { kind?: string } | undefined)?.kind;
      const whats = kind === undefined ? Object.values(FUNCTION_OF_KIND) : [FUNCTION_OF_KIND[kind as SettingKind]];
      // A kind that there is not is told by whoever knows the kinds.
      const isKnown = whats.every((what) => what !== undefined);
      const has = whats.some((what) => need.modes.some((mode) => rights.may(what, mode)));
      return !isKnown || has
        ? null
        : forbidden(`${kind === undefined ? 'settings' : whats[0]}: ${need.modes.join(' or ')}`, login);
    }
  }
}

/** As routes said it before `Needs`; one that says nothing at all is nobody's. */
function lacksRole(roles: readonly Role[] | undefined, { role, login, came }: Identity): ApiRefusal | null {
  if (roles === undefined) return came === 'host' || role === 'admin' ? null : forbidden('the role admin', login);
  return roles.includes(role) ? null : forbidden(`the role ${roles.join(' or ')}`, login);
}

export const forbidden = (what: string, login: string) =>
  new ApiRefusal(403, 'FORBIDDEN', `this needs ${what}, and ${login} does not have it`);
