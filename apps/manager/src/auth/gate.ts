import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiRefusal, notLoggedIn } from '../http/errors.js';
import type { Lifecycle } from '../lifecycle.js';
import type { Role } from '../store/ports.js';
import { LIFECYCLE } from '../tokens.js';
import { type KnownRequest, METRICS_TOKEN, NEED_ROLES, NEEDS_ACTIVE, PROBE_TOKEN, PUBLIC } from './identity.js';
import { Sessions } from './sessions.js';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Every request passes here: is it our page, may this node do it now, who asks, may they. */
@Injectable()
export class Gate implements CanActivate {
  readonly #reflector: Reflector;
  readonly #sessions: Sessions;
  readonly #lifecycle: Lifecycle;

  constructor(reflector: Reflector, sessions: Sessions, @Inject(LIFECYCLE) lifecycle: Lifecycle) {
    this.#reflector = reflector;
    this.#sessions = sessions;
    this.#lifecycle = lifecycle;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<KnownRequest>();
    const says = <T>(key: string) =>
      this.#reflector.getAllAndOverride<T | undefined>(key, [context.getHandler(), context.getClass()]);
    // A page of another site cannot set either header without asking first (CORS), and we never allow it.
    if (!SAFE_METHODS.has(request.method) && request.headers['x-yosugara'] !== '1' && request.headers.authorization === undefined)
      throw new ApiRefusal(
        403,
        'CSRF_HEADER_MISSING',
        'requests that change something need the header x-yosugara: 1',
        'x-yosugara',
      );
    if (says<boolean>(NEEDS_ACTIVE)) this.#lifecycle.demandWritable();
    if (says<boolean>(PUBLIC)) return true;
    const identity = await this.#sessions.identify(request, {
      probe: says<boolean>(PROBE_TOKEN) === true,
      metrics: says<boolean>(METRICS_TOKEN) === true,
    });
    if (identity === null) throw notLoggedIn();
    const roles = says<readonly Role[]>(NEED_ROLES);
    if (roles !== undefined && !roles.includes(identity.role))
      throw new ApiRefusal(403, 'FORBIDDEN', `needs the role ${roles.join(' or ')}; ${identity.login} is ${identity.role}`);
    request.identity = identity;
    return true;
  }
}
