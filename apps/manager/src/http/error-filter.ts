import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject } from '@nestjs/common';
import { ThrottlerException } from '@nestjs/throttler';
import { DeadlineError, explain, InvalidInputError, InvariantError, type Log, YosugaraError } from '@yosugara/kernel';
import { PROBLEM_TYPE } from '@yosugara/protocol';
import type { FastifyReply } from 'fastify';
import { Refusals } from '../access/refusals.js';
import type { KnownRequest } from '../auth/identity.js';
import { ControllerRefusedError } from '../control/client.js';
import { LOG } from '../tokens.js';
import { type ApiErrorBody, ApiRefusal, problemOf } from './errors.js';

/** Codes of the outside world that a client may try again: 503. Everything else is ours: 500. */
const PASSING = new Set([
  'NOT_ACTIVE',
  'DATABASE_UNAVAILABLE',
  'COMMIT_UNKNOWN',
  'STALE_EPOCH',
  'CONTROLLER_UNREACHABLE',
  'DEADLINE',
  'NOT_SERVING',
  'JOBS_BUSY',
  'DIRECTORY_UNAVAILABLE',
  'KEY_MISSING',
  // Of another command in the same transaction.
  'ANSWER_KEPT',
]);
const CONFLICT = new Set(['ALREADY_THERE', 'REFUSED', 'MIB_IN_USE', 'MIB_STORE_FULL']);

@Catch()
export class ErrorFilter implements ExceptionFilter {
  readonly #log: Log;
  readonly #refusals: Refusals;
  constructor(@Inject(LOG) log: Log, @Inject(Refusals) refusals: Refusals) {
    this.#log = log;
    this.#refusals = refusals;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const request = host.switchToHttp().getRequest<KnownRequest>();
    const { status, body } = answerTo(error);
    if (status >= 500 && !PASSING.has(body.code))
      this.#log.error('api.failed', { method: request.method, path: request.url.split('?')[0], why: explain(error) });
    if (status === 403) this.#refusals.note(request, body.code);
    if (reply.sent || reply.raw.headersSent) return;
    if (status === 503 || status === 429) reply.header('retry-after', '1');
    void reply
      .status(status)
      .type(PROBLEM_TYPE)
      .send(JSON.stringify(problemOf(status, body)));
    // A mistake of ours is not handled: the process ends with one line, the controller starts another.
    if (error instanceof InvariantError)
      setImmediate(() => {
        throw error;
      });
  }
}

export function answerTo(error: unknown): { readonly status: number; readonly body: ApiErrorBody } {
  if (error instanceof ApiRefusal)
    return {
      status: error.status,
      body: {
        ...{ code: error.code, message: error.message },
        ...(error.place === undefined ? {} : { place: error.place }),
        ...(error.problems === undefined ? {} : { problems: error.problems }),
      },
    };
  if (error instanceof ThrottlerException)
    return { status: 429, body: { code: 'TOO_MANY_REQUESTS', message: 'too many attempts; wait a minute' } };
  if (error instanceof HttpException) return ofNest(error);
  if (error instanceof InvalidInputError)
    return { status: 400, body: { code: error.code, message: error.message, place: error.message.split(':')[0] ?? '' } };
  if (error instanceof YosugaraError) {
    const refused = CONFLICT.has(error.code) || error instanceof ControllerRefusedError;
    const status = PASSING.has(error.code) || error instanceof DeadlineError ? 503 : refused ? 409 : 500;
    return { status, body: { code: error.code, message: error.message } };
  }
  return ofFastify(error);
}

function ofNest(error: HttpException): { status: number; body: ApiErrorBody } {
  const status = error.getStatus();
  const code = status === 404 ? 'NOT_FOUND' : status === 400 ? 'INVALID_INPUT' : `HTTP_${status}`;
  return { status, body: { code, message: error.message } };
}

/** Fastify's own refusals (a body that is no JSON, too large, of another type) carry a status. */
function ofFastify(error: unknown): { status: number; body: ApiErrorBody } {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (typeof status === 'number' && status >= 400 && status < 500)
    return { status, body: { code: status === 400 ? 'INVALID_INPUT' : `HTTP_${status}`, message: (error as Error).message } };
  return { status: 500, body: { code: 'INTERNAL', message: 'the manager failed; its log says why' } };
}
