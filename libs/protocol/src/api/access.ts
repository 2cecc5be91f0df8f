// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import type { z } from 'zod';
import {
  AccessOverviewSchema,
  AuditPageSchema,
  DoneSchema,
  type NewTokenSchema,
  type NewUserSchema,
  type PasswordResetSchema,
  TokenListSchema,
  TokenMadeSchema,
  type UserChangeSchema,
  UserGivenSchema,
  UserPageSchema,
  UserViewSchema,
} from '../index.js';
import { apiCall, type Matching, type Query, type Sent, segment } from './call.js';

/** Needs access: read. */
export const accessOverview = () => apiCall('GET', '/api/v1/access', AccessOverviewSchema);

export interface AccessAuditQuery {
  readonly who?: string | undefined;
  readonly what?: string | undefined;
  readonly object?: string | undefined;
  readonly done?: 'true' | 'false' | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly after?: string | undefined;
  readonly format?: 'json' | 'csv' | undefined;
  readonly limit?: number | undefined;
}
/** Newest first; on a Standby as far as it has replayed. Needs audit: read. */
export const accessAudit = (query: Query<AccessAuditQuery> = {}) => apiCall('GET', '/api/v1/audit', AuditPageSchema, { query });

export interface UsersListQuery {
  readonly text?: string | undefined;
  readonly role?: string | undefined;
  readonly enabled?: 'true' | 'false' | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}
/** Needs access: read. */
export const usersList = (query: Query<UsersListQuery> = {}) => apiCall('GET', '/api/v1/users', UserPageSchema, { query });

/** Needs access: read. */
export const usersShow = (id: string | number) => apiCall('GET', `/api/v1/users/${segment(id)}`, UserViewSchema);

/** A local one; they must give themselves another password at the first login. Needs access: add. */
export const usersCreate = (body: Sent<z.input<typeof NewUserSchema>>) =>
  apiCall('POST', '/api/v1/users', UserGivenSchema, { body, isCommand: true });

/** What is not said stays. Needs access: modify. */
export const usersChange = (id: string | number, body: Sent<z.input<typeof UserChangeSchema>>, matching: Matching) =>
  apiCall('PATCH', `/api/v1/users/${segment(id)}`, UserViewSchema, { body, matching });

/** Needs access: modify. */
export const usersRemove = (id: string | number, matching: Matching) =>
  apiCall('DELETE', `/api/v1/users/${segment(id)}`, DoneSchema, { matching });

/** Needs access: modify. */
export const usersResetPassword = (id: string | number, body: Sent<z.input<typeof PasswordResetSchema>>) =>
  apiCall('POST', `/api/v1/users/${segment(id)}/reset-password`, UserGivenSchema, { body, isCommand: true });

/** After too many wrong passwords. Needs access: modify. */
export const usersUnlock = (id: string | number) =>
  apiCall('POST', `/api/v1/users/${segment(id)}/unlock`, UserViewSchema, { isCommand: true });

/** For whoever lost the telephone and the recovery codes. Needs access: modify. */
export const usersResetTotp = (id: string | number) =>
  apiCall('POST', `/api/v1/users/${segment(id)}/reset-totp`, UserViewSchema, { isCommand: true });

export interface TokensListQuery {
  readonly user?: string | undefined;
}
/** One's own; those of others for whoever may read accounts. Needs a session. */
export const tokensList = (query: Query<TokensListQuery> = {}) => apiCall('GET', '/api/v1/tokens', TokenListSchema, { query });

/** Of whoever asks, with roles of theirs. The secret is told here, and never again. Needs a session. */
export const tokensCreate = (body: Sent<z.input<typeof NewTokenSchema>>) =>
  apiCall('POST', '/api/v1/tokens', TokenMadeSchema, { body, isCommand: true });

/** It is good for nothing from now on. Needs a session. */
export const tokensRemove = (id: string | number) => apiCall('DELETE', `/api/v1/tokens/${segment(id)}`, DoneSchema);
