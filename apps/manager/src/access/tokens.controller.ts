import { randomBytes } from 'node:crypto';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  DoneSchema,
  type NewToken,
  NewTokenSchema,
  TOKEN_PREFIX,
  type TokenList,
  TokenListSchema,
  type TokenMade,
  TokenMadeSchema,
  type TokenView,
} from '@yosugara/protocol';
import type { ApiToken } from '@yosugara/store';
import { z } from 'zod';
import { forbidden } from '../auth/gate.js';
import { Asker, type Identity, NeedsActive } from '../auth/identity.js';
import { Sessions, tokenDigest } from '../auth/sessions.js';
import type { Authority } from '../control/authority.js';
import { ApiRefusals, Bounded, LastWins, Refuses } from '../http/api-docs.js';
import { Command } from '../http/commands.js';
import { ApiRefusal } from '../http/errors.js';
import type { AuditEntry, ManagerStore } from '../store/ports.js';
import { type ApiSettings, AUTHORITY, SETTINGS, STORE } from '../tokens.js';
import { NeedsSession } from './needs.js';
import type { People } from './people-tables.js';
import { numberOf } from './users.controller.js';
import { moreThanYouHave } from './users.js';

const SECRET_BYTES = 32;
const SHOWN_CHARS = 10;
const MOST_OF_USER = 100;
const ListQuery = z.strictObject({
  user: z
    .string()
    .regex(/^[1-9]\d{0,8}$/, 'the id of a user')
    .optional(),
});

/** Bearers for programs. They are made by people, and make none themselves. */
@ApiTags('access')
@ApiRefusals()
@ApiBearerAuth()
@Controller('api/v1/tokens')
export class TokensController {
  constructor(
    @Inject(STORE) private readonly store: ManagerStore,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
    @Inject(AUTHORITY) private readonly authority: Authority,
    private readonly sessions: Sessions,
  ) {}

  /** One's own; those of others for whoever may read accounts. */
  @Get()
  @Bounded('a user has at most 100')
  @NeedsSession()
  @ApiOkResponse({ standardSchema: TokenListSchema })
  async list(@Asker() asker: Identity, @Query({ schema: ListQuery }) { user }: z.infer<typeof ListQuery>): Promise<TokenList> {
    const whose = user === undefined ? asker.userId! : Number(user);
    if (whose !== asker.userId && !asker.rights.may('access', 'read')) throw forbidden('access: read', asker.login);
    const found = await this.store.people.read(async ({ tokens }) => await tokens.list(whose));
    return { rows: found.map(viewOf) };
  }

  /** Of whoever asks, with roles of theirs. The secret is told here, and never again. */
  @Post()
  @Refuses('TOO_MANY_TOKENS', 'MORE_THAN_YOU_HAVE')
  @Command()
  @HttpCode(200)
  @NeedsActive()
  @NeedsSession()
  @ApiOkResponse({ standardSchema: TokenMadeSchema })
  async create(@Asker() asker: Identity, @Body({ schema: NewTokenSchema }) wish: NewToken): Promise<TokenMade> {
    const userId = asker.userId!;
    for (const [at, role] of wish.roles.entries())
      if (!asker.rights.roles.includes(role)) throw moreThanYouHave(`the role ${role}`, `roles.${at}`);
    const secret = `${TOKEN_PREFIX}${randomBytes(SECRET_BYTES).toString('base64url')}`;
    return await this.#change(async ({ tokens, note, keep }) => {
      if ((await tokens.list(userId)).length >= MOST_OF_USER)
        throw new ApiRefusal(409, 'TOO_MANY_TOKENS', `${MOST_OF_USER} tokens are the most: delete one first`);
      const id = await tokens.add({ ...wish, userId, digest: tokenDigest(secret), start: secret.slice(0, SHOWN_CHARS) });
      await note(this.#entry(asker, 'token.create', { id, name: wish.name, roles: wish.roles, days: wish.days }));
      const answer = { token: viewOf((await tokens.find(id))!), secret };
      await keep(answer);
      return answer;
    });
  }

  /** It is good for nothing from now on. */
  @Delete(':id')
  @LastWins('a token is not changed, only deleted')
  @NeedsActive()
  @NeedsSession()
  @ApiOkResponse({ standardSchema: DoneSchema })
  async remove(@Asker() asker: Identity, @Param('id') text: string): Promise<{ ok: true }> {
    const id = numberOf(text);
    await this.#change(async ({ tokens, note }) => {
      const found = await tokens.find(id);
      // That others have one of that number is nobody's business.
      if (found === null || (found.userId !== asker.userId && !asker.rights.may('access', 'modify')))
        throw new ApiRefusal(404, 'NOT_FOUND', `there is no token ${id}`, 'id');
      await tokens.remove(id);
      await note(this.#entry(asker, 'token.delete', { id, name: found.name, of: found.login }));
    });
    return { ok: true };
  }

  #entry({ login }: Identity, action: string, { id, ...detail }: { readonly id: number } & AuditEntry['detail']): AuditEntry {
    const { epoch } = this.authority.now();
    return { login, action, detail, node: this.settings.node, epoch, object: `token/${id}` };
  }

  async #change<T>(work: (people: People) => Promise<T>): Promise<T> {
    const { epoch } = this.authority.demand('active');
    const done = await this.store.people.change(epoch, work, () => void this.authority.demand('active', epoch));
    this.sessions.forget();
    return done;
  }
}

const viewOf = ({ userId, login, createdAt, expiresAt, lastUsedAt, roles, ...rest }: ApiToken): TokenView => ({
  ...rest,
  ...{ user: { id: userId, login }, roles: [...roles], createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() },
  lastUsedAt: lastUsedAt?.toISOString() ?? null,
});
