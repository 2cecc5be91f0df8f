import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  DoneSchema,
  type NewUser,
  NewUserSchema,
  PasswordResetSchema,
  type UserChange,
  UserChangeSchema,
  type UserGiven,
  UserGivenSchema,
  type UserPage,
  UserPageSchema,
  type UserQuery,
  UserQuerySchema,
  type UserView,
  UserViewSchema,
} from '@yosugara/protocol';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { Asker, type Identity, NeedsActive } from '../auth/identity.js';
import { ApiRefusals, Refuses } from '../http/api-docs.js';
import { Command } from '../http/commands.js';
import { ApiRefusal } from '../http/errors.js';
import { demandedRevision } from '../http/if-match.js';
import { Needs } from './needs.js';
import { Users } from './users.js';

@ApiTags('access')
@ApiRefusals()
@ApiBearerAuth()
@Controller('api/v1/users')
export class UsersController {
  constructor(@Inject(Users) private readonly users: Users) {}

  @Get()
  @Needs('access', 'read')
  @ApiOkResponse({ standardSchema: UserPageSchema })
  async list(@Query({ schema: UserQuerySchema }) query: UserQuery): Promise<UserPage> {
    return await this.users.list(query);
  }

  @Get(':id')
  @Needs('access', 'read')
  @ApiOkResponse({ standardSchema: UserViewSchema, headers: { ETag: { description: 'its revision' } } })
  async show(@Param('id') id: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<UserView> {
    return tagged(reply, await this.users.show(numberOf(id)));
  }

  /** A local one; they must give themselves another password at the first login. */
  @Post()
  @Refuses('ALREADY_THERE', 'MORE_THAN_YOU_HAVE')
  @Command()
  @HttpCode(200)
  @NeedsActive()
  @Needs('access', 'add')
  @ApiOkResponse({ standardSchema: UserGivenSchema })
  async create(
    @Asker() asker: Identity,
    @Body({ schema: NewUserSchema }) wish: NewUser,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserGiven> {
    const given = await this.users.create(asker, wish);
    tagged(reply, given.user);
    return given;
  }

  /** What is not said stays. */
  @Patch(':id')
  @Refuses('NOT_LOCAL', 'LAST_ADMIN', 'MORE_THAN_YOU_HAVE')
  @NeedsActive()
  @Needs('access', 'modify')
  @ApiHeader({ name: 'if-match', required: true, description: 'the revision that it was made from' })
  @ApiOkResponse({ standardSchema: UserViewSchema })
  async change(
    @Asker() asker: Identity,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body({ schema: UserChangeSchema }) change: UserChange,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserView> {
    return tagged(reply, await this.users.change(asker, numberOf(id), change, revisionOf(ifMatch)));
  }

  @Delete(':id')
  @Refuses('LAST_ADMIN', 'MORE_THAN_YOU_HAVE')
  @NeedsActive()
  @Needs('access', 'modify')
  @ApiHeader({ name: 'if-match', required: true })
  @ApiOkResponse({ standardSchema: DoneSchema })
  async remove(
    @Asker() asker: Identity,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<{ ok: true }> {
    await this.users.remove(asker, numberOf(id), revisionOf(ifMatch));
    return { ok: true };
  }

  @Post(':id/reset-password')
  @Refuses('NOT_LOCAL', 'MORE_THAN_YOU_HAVE')
  @Command()
  @HttpCode(200)
  @NeedsActive()
  @Needs('access', 'modify')
  @ApiOkResponse({ standardSchema: UserGivenSchema })
  async resetPassword(
    @Asker() asker: Identity,
    @Param('id') id: string,
    @Body({ schema: PasswordResetSchema }) { password }: z.infer<typeof PasswordResetSchema>,
  ): Promise<UserGiven> {
    return await this.users.resetPassword(asker, numberOf(id), password);
  }

  /** After too many wrong passwords. */
  @Post(':id/unlock')
  @Refuses('MORE_THAN_YOU_HAVE')
  @Command()
  @HttpCode(200)
  @NeedsActive()
  @Needs('access', 'modify')
  @ApiOkResponse({ standardSchema: UserViewSchema })
  async unlock(@Asker() asker: Identity, @Param('id') id: string): Promise<UserView> {
    return await this.users.unlock(asker, numberOf(id));
  }

  /** For whoever lost the telephone and the recovery codes. */
  @Post(':id/reset-totp')
  @Refuses('MORE_THAN_YOU_HAVE')
  @Command()
  @HttpCode(200)
  @NeedsActive()
  @Needs('access', 'modify')
  @ApiOkResponse({ standardSchema: UserViewSchema })
  async resetTotp(@Asker() asker: Identity, @Param('id') id: string): Promise<UserView> {
    return await this.users.resetTotp(asker, numberOf(id));
  }
}

function tagged(reply: FastifyReply, user: UserView): UserView {
  reply.header('etag', `"${user.revision}"`);
  return user;
}

export function numberOf(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new ApiRefusal(404, 'NOT_FOUND', 'there is nothing of that number', 'id');
  return Number(text);
}

/** Whoever they are at now, or at that revision. */
function revisionOf(ifMatch: string | undefined): number | undefined {
  const expected = demandedRevision(ifMatch);
  return typeof expected === 'number' ? expected : undefined;
}
