import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Rights } from '../access/rights.js';
import type { Role } from '../store/ports.js';

/** Who asks. */
export interface Identity {
  readonly login: string;
  /** Of `app_user`; null: a token of the host. */
  readonly userId: number | null;
  /** `host`: with a secret that lies on the nodes, and speaks for whom it says. */
  readonly came: 'session' | 'token' | 'host';
  /** The widest built-in role that fits. */
  readonly role: Role;
  readonly rights: Rights;
  readonly mustChange: boolean;
  /** SHA-256 of the session's id, or of the API token; null: a token of the host. */
  readonly tokenHash: Buffer | null;
}

/** Whoever has a login is known by it, whatever the request says. */
export const personOf = (asker: Identity, says: string | undefined): string =>
  asker.came === 'host' && says !== undefined ? says.replaceAll('\0', '') : asker.login;

export type KnownRequest = FastifyRequest & { identity?: Identity };

export const PUBLIC = 'yosugara:public';
export const NEED_ROLES = 'yosugara:roles';
export const NEEDS_ACTIVE = 'yosugara:active';
export const PROBE_TOKEN = 'yosugara:probeToken';
export const METRICS_TOKEN = 'yosugara:metricsToken';

/** No login. */
export const Public = () => applyDecorators(SetMetadata(PUBLIC, true), ApiExtension('x-needs', 'nobody'));
/** What routes said before `Needs`; a route that says only this is none of a finished program (access.spec.ts). */
export const Roles = (...roles: readonly Role[]) => SetMetadata(NEED_ROLES, roles);
/** Writes to the database: 503 NOT_ACTIVE anywhere but on the serving Master. */
export const NeedsActive = () => SetMetadata(NEEDS_ACTIVE, true);
/** Also lets in the bearer of the probe token (`secrets/pg-app`). */
export const AllowsProbeToken = () => SetMetadata(PROBE_TOKEN, true);

/** Also lets in the bearer of the metrics' token (`secrets/metrics-token`). */
export const AllowsMetricsToken = () => SetMetadata(METRICS_TOKEN, true);

/** Parameter: who asks. Only on routes that are not public. */
export const Asker = createParamDecorator((_: unknown, context: ExecutionContext): Identity | undefined => {
  return context.switchToHttp().getRequest<KnownRequest>().identity;
});
