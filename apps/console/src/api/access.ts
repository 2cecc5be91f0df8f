import {
  type AccessOverview,
  AccessOverviewSchema,
  type AuditPage,
  AuditPageSchema,
  type Me,
  MeSchema,
  type NewUser,
  type ProfileChange,
  type TokenList,
  TokenListSchema,
  type TokenMade,
  TokenMadeSchema,
  type TotpBegun,
  TotpBegunSchema,
  type TotpConfirmed,
  TotpConfirmedSchema,
  type UserChange,
  type UserGiven,
  UserGivenSchema,
  type UserPage,
  UserPageSchema,
  type UserView,
  UserViewSchema,
} from '@yosugara/protocol';
import { call, decode } from './client.js';

const users = '/api/v1/users';
const tag = (revision: number) => ({ 'if-match': `"${revision}"` });

/** People, what they may, what they did; and one's own account. */
export const accessApi = {
  rights: async (signal?: AbortSignal): Promise<AccessOverview> =>
    decode('access', AccessOverviewSchema, await call('/api/v1/access', { signal })),
  users: async (query: string, signal?: AbortSignal): Promise<UserPage> =>
    decode('users', UserPageSchema, await call(`${users}?${query}`, { signal })),
  addUser: async (body: Pick<NewUser, 'login'> & Partial<NewUser>): Promise<UserGiven> =>
    decode('users', UserGivenSchema, await call(users, { method: 'POST', body })),
  changeUser: async ({ id, revision }: UserView, body: UserChange): Promise<UserView> =>
    decode('users', UserViewSchema, await call(`${users}/${id}`, { method: 'PATCH', body, headers: tag(revision) })),
  removeUser: async ({ id, revision }: UserView) => await call(`${users}/${id}`, { method: 'DELETE', headers: tag(revision) }),
  resetPassword: async (id: number): Promise<UserGiven> =>
    decode('users', UserGivenSchema, await call(`${users}/${id}/reset-password`, { method: 'POST', body: {} })),
  unlock: async (id: number) => await call(`${users}/${id}/unlock`, { method: 'POST', body: {} }),
  resetTotp: async (id: number) => await call(`${users}/${id}/reset-totp`, { method: 'POST', body: {} }),
  audit: async (query: string, signal?: AbortSignal): Promise<AuditPage> =>
    decode('audit', AuditPageSchema, await call(`/api/v1/audit?${query}`, { signal, deadlineMs: 15_000 })),
  tokens: async (signal?: AbortSignal): Promise<TokenList> =>
    decode('tokens', TokenListSchema, await call('/api/v1/tokens', { signal })),
  addToken: async (body: { name: string; roles: readonly string[]; days: number }): Promise<TokenMade> =>
    decode('tokens', TokenMadeSchema, await call('/api/v1/tokens', { method: 'POST', body })),
  removeToken: async (id: number) => await call(`/api/v1/tokens/${id}`, { method: 'DELETE' }),
  profile: async (body: ProfileChange): Promise<Me> => decode('me', MeSchema, await call('/api/me', { method: 'PATCH', body })),
  beginTotp: async (password: string): Promise<TotpBegun> =>
    decode('totp', TotpBegunSchema, await call('/api/me/totp', { method: 'POST', body: { password } })),
  confirmTotp: async (code: string): Promise<TotpConfirmed> =>
    decode('totp', TotpConfirmedSchema, await call('/api/me/totp/confirm', { method: 'POST', body: { code } })),
  disableTotp: async (password: string, code: string) =>
    await call('/api/me/totp/disable', { method: 'POST', body: { password, code } }),
} as const;
