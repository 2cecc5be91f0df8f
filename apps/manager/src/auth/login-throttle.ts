import { type ExecutionContext } from '@nestjs/common';
import type { ThrottlerModuleOptions } from '@nestjs/throttler';
import type { FastifyRequest } from 'fastify';

const MINUTE_MS = 60_000;
/** The wider net: one address trying many accounts. It comes first, so that it also bounds what the narrower one remembers. */
const TIMES_ACCOUNT = 5;

export function loginThrottle(loginsPerMinute: number): ThrottlerModuleOptions {
  return {
    setHeaders: false,
    throttlers: [
      { name: 'address', ttl: MINUTE_MS, limit: loginsPerMinute * TIMES_ACCOUNT, getTracker: (request) => String(request['ip']) },
      { name: 'account', ttl: MINUTE_MS, limit: loginsPerMinute, getTracker: accountOf },
    ],
  };
}

function accountOf(request: Record<string, unknown>, _context: ExecutionContext): string {
  const { ip, body } = request as unknown as FastifyRequest;
  const login = (body as { login?: unknown } | null | undefined)?.login;
  return `${ip}|${typeof login === 'string' ? login.slice(0, 64).toLowerCase() : ''}`;
}
