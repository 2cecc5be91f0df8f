import type { FastifyReply, FastifyRequest } from 'fastify';
import { SESSION_COOKIE } from './session-token.js';

export interface SessionToKeep {
  readonly cookie: string;
  readonly maxAgeSeconds: number;
}

const isTls = ({ protocol }: FastifyRequest): boolean => protocol === 'https';

/** Over TLS browsers take `__Host-` only from this very host, for all of it, and never in the clear (RFC 6265bis 4.1.3): no neighbour plants a session. */
export const cookieNameOf = (isSecure: boolean): string => (isSecure ? `__Host-${SESSION_COOKIE}` : SESSION_COOKIE);

export const sessionCookieOf = (request: FastifyRequest): string | undefined => request.cookies[cookieNameOf(isTls(request))];

export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, session: SessionToKeep): void {
  const secure = isTls(request);
  const { cookie, maxAgeSeconds } = session;
  reply.setCookie(cookieNameOf(secure), cookie, { path: '/', httpOnly: true, sameSite: 'strict', secure, maxAge: maxAgeSeconds });
}

export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  const secure = isTls(request);
  reply.clearCookie(cookieNameOf(secure), { path: '/', httpOnly: true, sameSite: 'strict', secure });
}
