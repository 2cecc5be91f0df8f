import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Clock } from '@yosugara/kernel';
import {
  AgentDoneSchema,
  type AgentList,
  AgentListSchema,
  AgentTokenAskSchema,
  type AgentTokens,
  AgentTokensSchema,
  type AgentView,
  type NewAgentToken,
  NewAgentTokenSchema,
} from '@yosugara/protocol';
import { z } from 'zod';
import { Needs } from '../access/needs.js';
import { AllowsProbeToken, Asker, type Identity, NeedsActive, personOf } from '../auth/identity.js';
import { ApiRefusals, LastWins, Refuses } from '../http/api-docs.js';
import { Command } from '../http/commands.js';
import { ApiRefusal } from '../http/errors.js';
import { LiveSettings } from '../settings/live-settings.js';
import { AGENTS, CLOCK } from '../tokens.js';
import { AgentRights, unknownAgent, unknownToken } from './agent-rights.js';
import type { Agents } from './agents.js';
import type { MadeToken } from './join-tokens.js';
import type { KnownAgent } from './register.js';

const TokensQuery = z.strictObject({
  after: z.coerce.number().int().min(0).describe('`next` of the page before').optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(1_000),
});
const ListQuery = z.strictObject({
  text: z.string().max(128).describe('in the id or the host name').optional(),
  connected: z.enum(['true', 'false']).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
  after: z.string().max(128).describe('`next` of the page before').optional(),
});
const ByQuery = z.strictObject({ by: z.string().min(1).max(80).optional() });

/** Agents of the cluster. Where they join and what they say goes over their own port (docs/agent.md). */
@ApiTags('agents')
@ApiRefusals()
@ApiBearerAuth()
@AllowsProbeToken()
@NeedsActive()
@Controller('api/v1/agents')
export class AgentsController {
  constructor(
    @Inject(AGENTS) private readonly held: { readonly agents: Agents | null },
    @Inject(LiveSettings) private readonly live: LiveSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** By id; who is connected, and as what they came. */
  @Get()
  @Refuses('NO_AGENTS')
  @Needs('agent', 'read')
  @ApiOkResponse({ standardSchema: AgentListSchema })
  list(
    @Asker() asker: Identity,
    @Query({ schema: ListQuery }) { text, connected, limit, after }: z.infer<typeof ListQuery>,
  ): AgentList {
    const agents = this.#agents();
    const rights = new AgentRights(asker, this.live);
    const inside = new Map(agents.links.agents().map((agent) => [agent.agent, agent]));
    const wanted = text?.toLowerCase();
    const all = agents.register.all().filter(({ id }) => rights.seesAgent(id));
    const found = all.filter(
      ({ id, seen }) =>
        (after === undefined || id > after) &&
        (connected === undefined || inside.has(id) === (connected === 'true')) &&
        (wanted === undefined || `${id} ${seen?.hostName ?? ''}`.toLowerCase().includes(wanted)),
    );
    const rows = found.slice(0, limit).map((agent) => this.#viewOf(agent, inside.get(agent.id)?.sinceMs ?? null));
    const next = found.length > limit ? (rows.at(-1)?.agent ?? null) : null;
    const seen = all.filter(({ id }) => inside.has(id)).length;
    return { rows, next, connected: seen, known: all.length, serving: agents.servesEpoch !== null };
  }

  /** Its certificate is good for nothing any more, and its connection ends. Its node stays. */
  @Delete(':id')
  @LastWins('revoked once is revoked')
  @Refuses('NO_AGENTS')
  @Needs('agent', 'modify')
  @ApiOkResponse({ standardSchema: AgentDoneSchema })
  async revoke(
    @Param('id') id: string,
    @Query({ schema: ByQuery }) { by }: z.infer<typeof ByQuery>,
    @Asker() asker: Identity,
  ): Promise<z.infer<typeof AgentDoneSchema>> {
    const agents = this.#agents();
    new AgentRights(asker, this.live).demandAgent(id);
    if (!(await agents.revoke(id, personOf(asker, by)))) throw unknownAgent(id);
    return { done: true };
  }

  /** With it an agent joins. It is told here and never again. */
  @Post('tokens')
  @Refuses('NO_AGENTS')
  @Command()
  @Needs('agent', 'add')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: NewAgentTokenSchema })
  async addToken(
    @Body({ schema: AgentTokenAskSchema }) ask: z.infer<typeof AgentTokenAskSchema>,
    @Asker() asker: Identity,
  ): Promise<NewAgentToken> {
    const { description, node, scopes, ownerRole, uses, lifetimeMinutes, by } = ask;
    new AgentRights(asker, this.live).demandNewToken(ask);
    const agents = this.#agents();
    const expiresAt = new Date(this.clock.wallMs() + lifetimeMinutes * 60_000);
    const wish = { description, node, scopes, ownerRole, expiresAt, uses, by: personOf(asker, by) };
    const answerOf = (made: MadeToken): NewAgentToken => ({
      ...{ ...made, expiresAt: expiresAt.toISOString(), managers: [...agents.managers] },
    });
    return answerOf(await agents.addToken(wish, answerOf));
  }

  /** Newest first, without what they are. */
  @Get('tokens')
  @Refuses('NO_AGENTS')
  @Needs('agent', 'read')
  @ApiOkResponse({ standardSchema: AgentTokensSchema })
  async tokens(
    @Asker() asker: Identity,
    @Query({ schema: TokensQuery }) { after, limit }: z.infer<typeof TokensQuery>,
  ): Promise<AgentTokens> {
    const rights = new AgentRights(asker, this.live);
    const found = await this.#agents().tokens(limit, after);
    // What one may not see makes a page shorter, not the list.
    const tokens = found.filter((token) => rights.seesToken(token));
    return {
      tokens: tokens.map(({ scopes, expiresAt, createdAt, ...token }) => ({
        ...{ ...token, scopes: [...scopes], expiresAt: expiresAt.toISOString(), createdAt: createdAt.toISOString() },
      })),
      next: found.length < limit ? null : found.at(-1)!.number,
    };
  }

  @Delete('tokens/:number')
  @LastWins('a token is not changed, only deleted')
  @Refuses('NO_AGENTS')
  @Needs('agent', 'modify')
  @ApiOkResponse({ standardSchema: AgentDoneSchema })
  async removeToken(
    @Param('number') number: string,
    @Query({ schema: ByQuery }) { by }: z.infer<typeof ByQuery>,
    @Asker() asker: Identity,
  ): Promise<z.infer<typeof AgentDoneSchema>> {
    const agents = this.#agents();
    const token = /^\d{1,15}$/.test(number) ? (await agents.tokens(1, Number(number) + 1))[0] : undefined;
    new AgentRights(asker, this.live).demandToken(number, String(token?.number) === number ? token : undefined);
    if (!(await agents.removeToken(Number(number), personOf(asker, by)))) throw unknownToken(number);
    return { done: true };
  }

  #agents(): Agents {
    const { agents } = this.held;
    if (agents === null)
      throw new ApiRefusal(503, 'NO_AGENTS', 'this node has no certificate of the cluster: it takes no agents (see its log)');
    return agents;
  }

  #viewOf(agent: KnownAgent, sinceMs: number | null): AgentView {
    const { id, address, seen, seenAt, endsAt, joinedAt, joinedBy, revokedAt, revokedBy } = agent;
    const last = seenAt?.toISOString() ?? null;
    return {
      ...{ agent: id, connected: sinceMs !== null, since: sinceMs === null ? last : new Date(sinceMs).toISOString(), address },
      ...{ version: seen?.version ?? null, spool: seen?.spool ?? null, hostName: seen?.hostName ?? null },
      ...{ platform: seen?.platform ?? null, os: seen?.os ?? null, certificateEnds: endsAt.toISOString() },
      ...{ joinedAt: joinedAt.toISOString(), joinedBy, revokedAt: revokedAt?.toISOString() ?? null, revokedBy },
      node: this.live.snapshot.nodes.has(id),
    };
  }
}
