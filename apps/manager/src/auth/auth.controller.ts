import { Body, Controller, Get, HttpCode, Inject, Patch, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ThrottlerGuard } from '@nestjs/throttler';
import {
  DoneSchema,
  type Login,
  LoginSchema,
  type LoginWays,
  LoginWaysSchema,
  type Me,
  MeSchema,
  PasswordChangeSchema,
  type ProfileChange,
  ProfileChangeSchema,
  TotpBeginSchema,
  type TotpBegun,
  TotpBegunSchema,
  type TotpConfirmed,
  TotpConfirmedSchema,
  TotpConfirmSchema,
  TotpDisableSchema,
} from '@yosugara/protocol';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { Accounts } from '../access/accounts.js';
import { NeedsLogin, NeedsSession, WhileMustChange } from '../access/needs.js';
import { ApiRefusals, Bounded, LastWins, Refuses } from '../http/api-docs.js';
import { Repeatable } from '../http/commands.js';
import { type ApiSettings, SETTINGS } from '../tokens.js';
import { Asker, type Identity, type KnownRequest, NeedsActive, Public } from './identity.js';
import { clearSessionCookie, setSessionCookie } from './session-cookie.js';

/** One's own account: coming in, and what is one's own to change. */
@ApiTags('login')
@ApiRefusals()
@Controller('api/v1')
export class AuthController {
  constructor(
    @Inject(SETTINGS) private readonly settings: ApiSettings,
    @Inject(Accounts) private readonly accounts: Accounts,
  ) {}

  @Get('login/ways')
  @Bounded('what the configuration says')
  @Public()
  @ApiOkResponse({ standardSchema: LoginWaysSchema })
  ways(): LoginWays {
    const { ldap, oidc } = this.settings.access;
    return { password: true, ldap: ldap !== undefined, oidc: oidc.map(({ id, name }) => ({ id, name })) };
  }

  @Post('login')
  @Refuses('LOGIN_REFUSED', 'TOTP_REQUIRED', 'TOTP_WRONG', 'DIRECTORY_UNAVAILABLE')
  @Repeatable('each login is a session of its own')
  @HttpCode(200)
  @Public()
  @NeedsActive()
  @UseGuards(ThrottlerGuard)
  @ApiOkResponse({ standardSchema: MeSchema })
  async login(
    @Body({ schema: LoginSchema }) body: Login,
    @Req() request: KnownRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Me> {
    const entered = await this.accounts.login(body, request.ip);
    setSessionCookie(request, reply, entered);
    return entered.me;
  }

  @Post('logout')
  @Repeatable('a session ends once')
  @HttpCode(200)
  @NeedsActive()
  @NeedsLogin()
  @WhileMustChange()
  @ApiOkResponse({ standardSchema: DoneSchema })
  async logout(
    @Asker() asker: Identity,
    @Req() request: KnownRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ ok: true }> {
    await this.accounts.logout(asker);
    clearSessionCookie(request, reply);
    return { ok: true };
  }

  @Get('me')
  @Bounded('one person')
  @NeedsLogin()
  @WhileMustChange()
  @ApiOkResponse({ standardSchema: MeSchema })
  async me(@Asker() asker: Identity): Promise<Me> {
    return await this.accounts.me(asker);
  }

  @Patch('me')
  @LastWins('one’s own, and nobody else’s')
  @NeedsActive()
  @NeedsSession()
  @ApiOkResponse({ standardSchema: MeSchema })
  async profile(@Asker() asker: Identity, @Body({ schema: ProfileChangeSchema }) change: ProfileChange): Promise<Me> {
    return await this.accounts.changeProfile(asker, change);
  }

  @Post('password')
  @Refuses('PASSWORD_WRONG', 'NOT_LOCAL')
  @Repeatable('the second time the password is another one already')
  @HttpCode(200)
  @NeedsActive()
  @NeedsSession()
  @WhileMustChange()
  @UseGuards(ThrottlerGuard)
  @ApiOkResponse({ standardSchema: DoneSchema })
  async password(
    @Body({ schema: PasswordChangeSchema }) { current, next }: z.infer<typeof PasswordChangeSchema>,
    @Asker() asker: Identity,
  ): Promise<{ ok: true }> {
    await this.accounts.changePassword(asker, current, next);
    return { ok: true };
  }

  /** Begins a second factor: nothing is asked for before it is confirmed. */
  @Post('me/totp')
  @Refuses('PASSWORD_WRONG', 'TOTP_ON')
  @Repeatable('the last secret counts')
  @HttpCode(200)
  @NeedsActive()
  @NeedsSession()
  @UseGuards(ThrottlerGuard)
  @ApiOkResponse({ standardSchema: TotpBegunSchema })
  async beginTotp(
    @Asker() asker: Identity,
    @Body({ schema: TotpBeginSchema }) { password }: z.infer<typeof TotpBeginSchema>,
  ): Promise<TotpBegun> {
    return await this.accounts.beginTotp(asker, password);
  }

  @Post('me/totp/confirm')
  @Refuses('TOTP_WRONG', 'TOTP_NOT_BEGUN')
  @Repeatable('a code is good once')
  @HttpCode(200)
  @NeedsActive()
  @NeedsSession()
  @UseGuards(ThrottlerGuard)
  @ApiOkResponse({ standardSchema: TotpConfirmedSchema })
  async confirmTotp(
    @Asker() asker: Identity,
    @Body({ schema: TotpConfirmSchema }) { code }: z.infer<typeof TotpConfirmSchema>,
  ): Promise<TotpConfirmed> {
    return await this.accounts.confirmTotp(asker, code);
  }

  @Post('me/totp/disable')
  @Refuses('PASSWORD_WRONG', 'TOTP_WRONG', 'TOTP_OFF')
  @Repeatable('a code is good once')
  @HttpCode(200)
  @NeedsActive()
  @NeedsSession()
  @UseGuards(ThrottlerGuard)
  @ApiOkResponse({ standardSchema: DoneSchema })
  async disableTotp(
    @Asker() asker: Identity,
    @Body({ schema: TotpDisableSchema }) { password, code }: z.infer<typeof TotpDisableSchema>,
  ): Promise<{ ok: true }> {
    await this.accounts.disableTotp(asker, password, code);
    return { ok: true };
  }
}
