import { Body, Controller, Get, HttpCode, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ThrottlerGuard } from '@nestjs/throttler';
import type { Clock, Log } from '@yosugara/kernel';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Authority } from '../control/authority.js';
import { ApiRefusals } from '../http/api-docs.js';
import { ApiRefusal, notLoggedIn } from '../http/errors.js';
import { type AuditEntry, type ManagerStore, ROLES } from '../store/ports.js';
import { type ApiSettings, AUTHORITY, CLOCK, LOG, SETTINGS, STORE } from '../tokens.js';
import { Asker, type Identity, type KnownRequest, NeedsActive, Public } from './identity.js';
import { hashPassword, isPassword } from './passwords.js';
import { newSessionToken, SESSION_COOKIE } from './session-token.js';
import { Sessions } from './sessions.js';

const SESSION_MS = 12 * 3_600_000;
const MAX_PASSWORD = 256;

const LoginSchema = z
  .strictObject({ login: z.string().min(1).max(64), password: z.string().min(1).max(MAX_PASSWORD) })
  .meta({ id: 'Login' });
const PasswordSchema = z
  .strictObject({ current: z.string().min(1).max(MAX_PASSWORD), next: z.string().min(10).max(MAX_PASSWORD) })
  .meta({ id: 'PasswordChange' });
const MeSchema = z
  .object({
    login: z.string(),
    role: z.enum(ROLES),
    /** Still the first password: the console asks for another one. It is a random one, so nothing is refused meanwhile. */
    mustChange: z.boolean(),
    node: z.string(),
    epoch: z.int(),
    mode: z.enum(['off', 'passive', 'gated', 'active']),
  })
  .meta({ id: 'Me' });
type Me = z.infer<typeof MeSchema>;
const DoneSchema = z.object({ ok: z.literal(true) }).meta({ id: 'Done' });

@ApiTags('login')
@ApiRefusals()
@Controller('api')
export class AuthController {
  constructor(
    @Inject(STORE) private readonly store: ManagerStore,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
    @Inject(AUTHORITY) private readonly authority: Authority,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
    private readonly sessions: Sessions,
  ) {}

  @Post('login')
  @HttpCode(200)
  @Public()
  @NeedsActive()
  @UseGuards(ThrottlerGuard)
  @ApiOkResponse({ standardSchema: MeSchema })
  async login(
    @Body({ schema: LoginSchema }) body: z.infer<typeof LoginSchema>,
    @Req() request: KnownRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Me> {
    const { epoch } = this.authority.demand('active');
    const user = await this.store.findUser(body.login);
    if (!(await isPassword(user?.passwordHash ?? null, body.password)) || user === null) {
      this.log.warn('login.refused', { login: body.login, from: request.ip });
      // Lost if the database is: the refusal stands all the same.
      await this.store
        .audit(this.#entry(body.login, 'login.refused', { from: request.ip }), this.#guard(epoch))
        .catch(() => undefined);
      throw new ApiRefusal(401, 'LOGIN_REFUSED', 'login or password is wrong');
    }
    const { cookie, tokenHash } = newSessionToken(this.settings.sessionKey);
    const expiresAt = new Date(this.clock.wallMs() + SESSION_MS);
    const entry = this.#entry(user.login, 'login', { from: request.ip });
    await this.store.createSession({ tokenHash, login: user.login, expiresAt }, entry, this.#guard(epoch));
    reply.setCookie(SESSION_COOKIE, cookie, {
      path: '/',
      httpOnly: true,
      sameSite: 'strict',
      secure: request.protocol === 'https',
      maxAge: SESSION_MS / 1_000,
    });
    return this.#me({ login: user.login, role: user.role, mustChange: user.mustChange, tokenHash });
  }

  @Post('logout')
  @HttpCode(200)
  @NeedsActive()
  @ApiOkResponse({ standardSchema: DoneSchema })
  async logout(@Asker() asker: Identity, @Res({ passthrough: true }) reply: FastifyReply): Promise<{ ok: true }> {
    if (asker.tokenHash !== null)
      await this.store.endSession(
        asker.tokenHash,
        this.#entry(asker.login, 'logout', {}),
        this.#guard(this.authority.now().epoch),
      );
    this.sessions.forget();
    reply.clearCookie(SESSION_COOKIE, { path: '/' });
    return { ok: true };
  }

  @Get('me')
  @ApiOkResponse({ standardSchema: MeSchema })
  me(@Asker() asker: Identity): Me {
    return this.#me(asker);
  }

  @Post('password')
  @HttpCode(200)
  @NeedsActive()
  @UseGuards(ThrottlerGuard)
  @ApiOkResponse({ standardSchema: DoneSchema })
  async password(
    @Body({ schema: PasswordSchema }) body: z.infer<typeof PasswordSchema>,
    @Asker() asker: Identity,
  ): Promise<{ ok: true }> {
    if (asker.tokenHash === null) throw notLoggedIn();
    const { epoch } = this.authority.demand('active');
    const user = await this.store.findUser(asker.login);
    if (user === null || !(await isPassword(user.passwordHash, body.current)))
      throw new ApiRefusal(403, 'PASSWORD_WRONG', 'the current password is wrong', 'current');
    if (body.next === body.current) throw new ApiRefusal(400, 'INVALID_INPUT', 'next: the same password as before', 'next');
    const entry = this.#entry(asker.login, 'password', {});
    await this.store.changePassword(asker.login, await hashPassword(body.next), asker.tokenHash, entry, this.#guard(epoch));
    this.sessions.forget();
    return { ok: true };
  }

  #me(asker: Identity): Me {
    const { mode, epoch } = this.authority.now();
    return { login: asker.login, role: asker.role, mustChange: asker.mustChange, node: this.settings.node, epoch, mode };
  }

  #entry(login: string, action: string, detail: AuditEntry['detail']): AuditEntry {
    return { login, action, detail, node: this.settings.node, epoch: this.authority.now().epoch };
  }

  #guard(epoch: number): () => void {
    return () => void this.authority.demand('active', epoch);
  }
}
