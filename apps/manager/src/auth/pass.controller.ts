import { Body, Controller, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Clock } from '@yosugara/kernel';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { NeedsSession } from '../access/needs.js';
import { ApiRefusals } from '../http/api-docs.js';
import { Repeatable } from '../http/commands.js';
import { ApiRefusal } from '../http/errors.js';
import { type ApiSettings, CLOCK, SETTINGS } from '../tokens.js';
import { type KnownRequest, Public } from './identity.js';
import { SecretBox } from './secret-box.js';
import { sessionCookieOf, setSessionCookie } from './session-cookie.js';

/** It outlives a take-over; the console asks for a new one each minute. */
const GOOD_FOR_MS = 10 * 60_000;
const HOUR_S = 3_600;
const PassSchema = z.object({ pass: z.string().min(1).max(2_048) }).meta({ id: 'Pass' });
const SealedSchema = z.object({ cookie: z.string(), ip: z.string(), untilMs: z.number() });

/**
 * A session goes from one node's address to the other's: without a floating address the console moves there, and a browser gives no cookie
 * of one address to another. Sealed by the cluster's key, for the address that asked for it, for ten minutes: only its own session.
 */
@ApiTags('login')
@ApiRefusals()
@Controller('api/v1/pass')
export class PassController {
  readonly #box: SecretBox;

  constructor(
    @Inject(SETTINGS) private readonly settings: ApiSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.#box = new SecretBox(settings.sessionKey, 'yosugara pass between nodes');
  }

  @Get()
  @NeedsSession()
  @ApiOkResponse({ standardSchema: PassSchema })
  pass(@Req() request: KnownRequest): z.infer<typeof PassSchema> {
    const cookie = sessionCookieOf(request);
    if (this.settings.others.length === 0 || cookie === undefined)
      throw new ApiRefusal(404, 'NOT_FOUND', 'this cluster has one address for both nodes: nobody needs a pass');
    const sealed = { cookie, ip: request.ip, untilMs: this.clock.wallMs() + GOOD_FOR_MS };
    return { pass: this.#box.seal(JSON.stringify(sealed)).toString('base64url') };
  }

  /** The session stays what it is in the database: one that has ended there lets nobody in. */
  @Post()
  @Repeatable('it lets the same session in')
  @HttpCode(200)
  @Public()
  @ApiOkResponse({ standardSchema: z.object({ ok: z.literal(true) }).meta({ id: 'PassTaken' }) })
  take(
    @Body({ schema: PassSchema }) { pass }: z.infer<typeof PassSchema>,
    @Req() request: KnownRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): { ok: true } {
    const text = this.#box.open(Buffer.from(pass, 'base64url'));
    const sealed = text === null ? null : SealedSchema.parse(JSON.parse(text));
    if (sealed === null || sealed.ip !== request.ip || sealed.untilMs < this.clock.wallMs())
      throw new ApiRefusal(401, 'PASS_REFUSED', 'this pass is not valid here, or not any more: log in');
    const maxAgeSeconds = this.settings.access.sessionHours * HOUR_S;
    setSessionCookie(request, reply, { cookie: sealed.cookie, maxAgeSeconds });
    return { ok: true };
  }
}
