import { Controller, Get, Inject, Param, Req, Res, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ThrottlerGuard } from '@nestjs/throttler';
import type { OidcAttempt, OidcProvider } from '@yosugara/connectors';
import { explain, type Log } from '@yosugara/kernel';
import type { FastifyReply } from 'fastify';
import { Accounts } from '../access/accounts.js';
import type { External } from '../access/external.js';
import type { Authority } from '../control/authority.js';
import { ApiRefusals } from '../http/api-docs.js';
import { ApiRefusal } from '../http/errors.js';
import { type ApiSettings, AUTHORITY, EXTERNAL, LOG, SETTINGS } from '../tokens.js';
import { type KnownRequest, NeedsActive, Public } from './identity.js';
import { SecretBox } from './secret-box.js';
import { setSessionCookie } from './session-cookie.js';

const COOKIE = 'yosugara_oidc';
/** Over TLS a browser takes it from nobody who speaks in the clear; `__Host-` would not stay below one path. */
const cookieOf = ({ protocol }: KnownRequest) => (protocol === 'https' ? `__Secure-${COOKIE}` : COOKIE);
const MINUTES = 10;
const WEB = { content: { 'text/html': { schema: { type: 'string' } } } } as const;

/** Through a provider of OpenID Connect, and back. */
@ApiTags('login')
@ApiRefusals()
@Controller('api/v1/login/oidc')
export class OidcController {
  readonly #box: SecretBox;

  constructor(
    @Inject(EXTERNAL) private readonly external: External,
    @Inject(AUTHORITY) private readonly authority: Authority,
    @Inject(SETTINGS) settings: ApiSettings,
    @Inject(LOG) private readonly log: Log,
    @Inject(Accounts) private readonly accounts: Accounts,
  ) {
    this.#box = new SecretBox(settings.sessionKey, 'yosugara attempt of a login');
  }

  /** To the provider. What must come back is in a cookie that only this cluster reads, so that either node goes on. */
  @Get(':id')
  @Public()
  @NeedsActive()
  @UseGuards(ThrottlerGuard)
  @ApiOkResponse(WEB)
  async begin(@Param('id') id: string, @Req() request: KnownRequest, @Res() reply: FastifyReply): Promise<void> {
    const { url, attempt } = await this.#provider(id).begin();
    const sealed = this.#box.seal(JSON.stringify({ ...attempt, id, endsMs: Date.now() + MINUTES * 60_000 }));
    // Lax: the provider's page sends the browser back, and a strict cookie would not come with it.
    reply.setCookie(cookieOf(request), sealed.toString('base64url'), {
      ...{ path: '/api/login/oidc', httpOnly: true, sameSite: 'lax', maxAge: MINUTES * 60, secure: request.protocol === 'https' },
    });
    await reply.redirect(url, 302);
  }

  /** From the provider, with a code. */
  @Get(':id/callback')
  @Public()
  @NeedsActive()
  @UseGuards(ThrottlerGuard)
  @ApiOkResponse(WEB)
  async finish(@Param('id') id: string, @Req() request: KnownRequest, @Res() reply: FastifyReply): Promise<void> {
    const provider = this.#provider(id);
    const { epoch } = this.authority.demand('active');
    const attempt = this.#attempt(request.cookies[cookieOf(request)], id);
    reply.clearCookie(cookieOf(request), { path: '/api/login/oidc', secure: request.protocol === 'https' });
    const query = request.url.split('?')[1] ?? '';
    const person = await provider.finish(query, attempt).catch((error: unknown) => {
      this.log.warn('login.refused', { by: id, from: request.ip, why: explain(error) });
      throw refused();
    });
    const user = await this.accounts.adopt('oidc', person, epoch);
    if (user === null) {
      this.log.warn('login.refused', { by: id, from: request.ip, login: person.login });
      throw refused();
    }
    const entered = await this.accounts.enter(user, { from: request.ip, by: id }, epoch);
    setSessionCookie(request, reply, entered);
    // By a page of ours: the browser sends no strict cookie on the way of a redirect that began at another site.
    await reply
      .type('text/html; charset=utf-8')
      .send('<!doctype html><meta http-equiv="refresh" content="0;url=/"><title>Yosugara</title>');
  }

  #provider(id: string): OidcProvider {
    const provider = this.external.providers.get(id);
    if (provider === undefined) throw new ApiRefusal(404, 'NOT_FOUND', `there is no provider ${id}`, 'id');
    return provider;
  }

  #attempt(cookie: string | undefined, id: string): OidcAttempt {
    const text = cookie === undefined ? null : this.#box.open(Buffer.from(cookie, 'base64url'));
    const attempt = text === null ? null : (JSON.parse(text) as OidcAttempt & { readonly id: string; readonly endsMs: number });
    if (attempt === null || attempt.id !== id || attempt.endsMs < Date.now()) throw refused();
    return attempt;
  }
}

const refused = () => new ApiRefusal(401, 'LOGIN_REFUSED', 'the provider did not let you in, or it took too long: try again');
