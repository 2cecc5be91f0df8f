// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import type { z } from 'zod';
import { AgentDoneSchema, AgentListSchema, type AgentTokenAskSchema, AgentTokensSchema, NewAgentTokenSchema } from '../index.js';
import { apiCall, type Query, type Sent, segment } from './call.js';

export interface AgentsListQuery {
  readonly text?: string | undefined;
  readonly connected?: 'true' | 'false' | undefined;
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
}
/** By id; who is connected, and as what they came. Needs agent: read. */
export const agentsList = (query: Query<AgentsListQuery> = {}) => apiCall('GET', '/api/v1/agents', AgentListSchema, { query });

export interface AgentsRevokeQuery {
  readonly by?: string | undefined;
}
/** Its certificate is good for nothing any more, and its connection ends. Its node stays. Needs agent: modify. */
export const agentsRevoke = (id: string | number, query: Query<AgentsRevokeQuery> = {}) =>
  apiCall('DELETE', `/api/v1/agents/${segment(id)}`, AgentDoneSchema, { query });

/** With it an agent joins. It is told here and never again. Needs agent: add. */
export const agentsAddToken = (body: Sent<z.input<typeof AgentTokenAskSchema>>) =>
  apiCall('POST', '/api/v1/agents/tokens', NewAgentTokenSchema, { body, isCommand: true });

export interface AgentsTokensQuery {
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
}
/** Newest first, without what they are. Needs agent: read. */
export const agentsTokens = (query: Query<AgentsTokensQuery> = {}) =>
  apiCall('GET', '/api/v1/agents/tokens', AgentTokensSchema, { query });

export interface AgentsRemoveTokenQuery {
  readonly by?: string | undefined;
}
/** Needs agent: modify. */
export const agentsRemoveToken = (number: string | number, query: Query<AgentsRemoveTokenQuery> = {}) =>
  apiCall('DELETE', `/api/v1/agents/tokens/${segment(number)}`, AgentDoneSchema, { query });
