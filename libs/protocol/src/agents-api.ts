import { z } from 'zod';
import { SettingIdSchema } from './settings/common.js';
import { OwnerRoleSchema } from './settings/schemas.js';

const instant = z.string().nullable();

/** An agent, as the Master knows it. */
export const AgentViewSchema = z
  .object({
    /** Id of its node. */
    agent: z.string(),
    connected: z.boolean(),
    /** Since when it is, or when it came last. */
    since: instant,
    address: z.string().nullable(),
    version: z.string().nullable(),
    /** Of its data folder: another one means that its disk is. */
    spool: z.string().nullable(),
    hostName: z.string().nullable(),
    platform: z.string().nullable(),
    os: z.string().nullable(),
    certificateEnds: z.string(),
    joinedAt: z.string(),
    /** Such as `token 7`. */
    joinedBy: z.string(),
    revokedAt: instant,
    revokedBy: z.string().nullable(),
    /** false: its node is in the repository no more. */
    node: z.boolean(),
  })
  .meta({ id: 'Agent' });
export type AgentView = z.infer<typeof AgentViewSchema>;

/** GET /api/v1/agents */
export const AgentListSchema = z
  .object({
    rows: z.array(AgentViewSchema),
    next: z.string().nullable(),
    connected: z.int(),
    known: z.int(),
    /** Agents are let in by this manager. */
    serving: z.boolean(),
  })
  .meta({ id: 'Agents' });
export type AgentList = z.infer<typeof AgentListSchema>;

/** POST /api/v1/agents/tokens */
export const AgentTokenAskSchema = z
  .strictObject({
    description: z.string().max(256).default(''),
    /** For this node only, also when it has or had an agent; null = for any node that never had one. */
    node: SettingIdSchema.nullable().default(null),
    /** Scopes of nodes that are added to the repository by it. */
    scopes: z.array(SettingIdSchema).max(64).default([]),
    /** Whose these nodes are. */
    ownerRole: OwnerRoleSchema.default('operator'),
    uses: z.int().min(1).max(100_000).default(1),
    lifetimeMinutes: z.int().min(1).max(525_600).default(60),
    by: z.string().min(1).max(80).describe('Who asks, of whoever comes with the token instead of a login').optional(),
  })
  .meta({ id: 'AgentTokenAsk' });
export type AgentTokenAsk = z.input<typeof AgentTokenAskSchema>;

export const AgentTokenSchema = z
  .object({
    number: z.int(),
    description: z.string(),
    node: z.string().nullable(),
    scopes: z.array(z.string()),
    ownerRole: z.string(),
    usesLeft: z.int(),
    expiresAt: z.string(),
    createdAt: z.string(),
    createdBy: z.string(),
  })
  .meta({ id: 'AgentToken' });
export type AgentTokenView = z.infer<typeof AgentTokenSchema>;

export const AgentTokensSchema = z
  .object({
    tokens: z.array(AgentTokenSchema),
    /** What the next page is `after`; null: this is the last one. */
    next: z.int().nullable().default(null),
  })
  .meta({ id: 'AgentTokens' });
export type AgentTokens = z.infer<typeof AgentTokensSchema>;
/** The only time that the token itself is told. */
export const NewAgentTokenSchema = z
  .object({
    number: z.int(),
    token: z.string(),
    expiresAt: z.string(),
    managers: z.array(z.object({ host: z.string(), port: z.int() })),
  })
  .meta({ id: 'NewAgentToken' });
export type NewAgentToken = z.infer<typeof NewAgentTokenSchema>;
