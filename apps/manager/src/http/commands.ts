import { createHash } from 'node:crypto';
import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtension, ApiHeader } from '@nestjs/swagger';
import { YosugaraError } from '@yosugara/kernel';
import type { Keep, KeptAnswer } from '@yosugara/runtime';
import type { FastifyReply } from 'fastify';
import { lastValueFrom, type Observable, of } from 'rxjs';
import { whoAsks } from '../access/asking.js';
import { isSafe } from '../auth/gate.js';
import type { KnownRequest } from '../auth/identity.js';
import { SecretBox } from '../auth/secret-box.js';
import type { ManagerStore } from '../store/ports.js';
import { type ApiSettings, SETTINGS, STORE } from '../tokens.js';
import { ApiRefusal } from './errors.js';

const COMMAND = 'yosugara:command';
const KEY = /^"?([\x21\x23-\x5b\x5d-\x7e]{1,128})"?$/;
const MOST_ANSWER_CHARS = 262_144;

/**
 * A route that does something which must not be done twice. With an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header) it is done once
 * under that key, and answered the same each time: the route keeps its answer in the transaction of what it does (`keptAs`, `keeping`).
 */
export const Command = () =>
  applyDecorators(
    SetMetadata(COMMAND, true),
    ApiHeader({
      name: 'idempotency-key',
      required: false,
      schema: { type: 'string', minLength: 1, maxLength: 128 },
      description: 'of your own making, another one for each command: sent again, it is answered again and done once',
    }),
    ApiExtension('x-repeat', 'key'),
  );
/** A route that takes no key, since it needs none. @param why as the reference says it */
export const Repeatable = (why: string) => ApiExtension('x-repeat', why);

/** The command that is asked for, if it came with a key. */
export interface AskedCommand {
  readonly key: string;
  readonly request: string;
  readonly seal: (body: unknown) => string | null;
}

/** What the command under way is answered, to be stored with what it does; null = it came without a key. */
export function keptAs(body: unknown): KeptAnswer | null {
  const command = whoAsks()?.command;
  return command === undefined ? null : { key: command.key, request: command.request, answer: command.seal(body) };
}

/** For what is done elsewhere, when nobody knows any more who asked. @param bodyOf null: of an answer that nothing was done for. */
export function keeping<T>(bodyOf: (answer: T) => object | null): Keep<T> {
  const command = whoAsks()?.command;
  return (answer) => {
    const body = command === undefined ? null : bodyOf(answer);
    return command === undefined || body === null ? null : { ...command, answer: command.seal(body) };
  };
}

/** Answers commands of a key that was there before by what they were answered then. */
@Injectable()
export class Commands implements NestInterceptor {
  readonly #reflector: Reflector;
  readonly #store: Pick<ManagerStore, 'answers'>;
  /** Answers may hold secrets. */
  readonly #box: SecretBox;
  readonly #underWay = new Set<string>();

  constructor(
    reflector: Reflector,
    @Inject(STORE) store: Pick<ManagerStore, 'answers'>,
    @Inject(SETTINGS) settings: ApiSettings,
  ) {
    this.#reflector = reflector;
    this.#store = store;
    this.#box = new SecretBox(settings.sessionKey, 'answers of commands');
  }

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<KnownRequest>();
    const given = request.headers['idempotency-key'];
    if (given === undefined || isSafe(request.method)) return next.handle();
    if (this.#reflector.get<boolean | undefined>(COMMAND, context.getHandler()) !== true)
      throw new ApiRefusal(
        400,
        'IDEMPOTENCY_KEY_NOT_TAKEN',
        'this is no command that takes an Idempotency-Key',
        'idempotency-key',
      );
    const command = this.#commandOf(request, String(given));
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return of(await this.#once(command, reply, async () => await lastValueFrom(next.handle())));
  }

  async #once(command: AskedCommand, reply: FastifyReply, work: () => Promise<unknown>): Promise<unknown> {
    if (this.#underWay.has(command.key)) {
      reply.header('retry-after', '1');
      throw new ApiRefusal(
        409,
        'COMMAND_UNDER_WAY',
        'the command of this Idempotency-Key is still being done: ask again',
        'idempotency-key',
      );
    }
    this.#underWay.add(command.key);
    try {
      const before = await this.#before(command, reply);
      if (before !== null) return before.body;
      const asking = whoAsks();
      if (asking !== undefined) asking.command = command;
      return await work().catch(async (error: unknown) => {
        // It was about to commit when we looked.
        const since = error instanceof YosugaraError && error.code === 'ANSWER_KEPT' ? await this.#before(command, reply) : null;
        if (since === null) throw error;
        return since.body;
      });
    } finally {
      this.#underWay.delete(command.key);
    }
  }

  /** null = no command of that key was done. */
  async #before({ key, request }: AskedCommand, reply: FastifyReply): Promise<{ readonly body: unknown } | null> {
    const found = await this.#store.answers.find(key);
    if (found === null) return null;
    if (found.request !== request)
      throw new ApiRefusal(
        422,
        'IDEMPOTENCY_KEY_REUSED',
        'this Idempotency-Key came with another request before',
        'idempotency-key',
      );
    const text = found.answer === null ? null : this.#box.open(Buffer.from(found.answer, 'base64'));
    if (text === null)
      throw new ApiRefusal(
        409,
        'ANSWER_NOT_KEPT',
        'this command is done; what it was answered was too long to be kept',
        'idempotency-key',
      );
    reply.header('idempotency-replayed', 'true');
    return { body: JSON.parse(text) };
  }

  /** Keys are everybody's own. */
  #commandOf({ method, url, body, identity }: KnownRequest, given: string): AskedCommand {
    const key = KEY.exec(given.trim())?.[1];
    if (key === undefined)
      throw new ApiRefusal(400, 'INVALID_INPUT', 'idempotency-key: 1 to 128 visible characters of ASCII', 'idempotency-key');
    const who = identity?.userId ?? identity?.login ?? '';
    return {
      key: digestOf([who, key]).slice(0, 32),
      request: digestOf([method, url, body]),
      seal: (answer) => {
        const text = JSON.stringify(answer);
        return text.length > MOST_ANSWER_CHARS ? null : this.#box.seal(text).toString('base64');
      },
    };
  }
}

const digestOf = (parts: readonly unknown[]): string => createHash('sha256').update(JSON.stringify(parts)).digest('hex');
