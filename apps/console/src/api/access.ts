import type {
  AccessOverview,
  AuditPage,
  Me,
  NewUser,
  ProfileChange,
  TokenList,
  TokenMade,
  TotpBegun,
  TotpConfirmed,
  UserChange,
  UserGiven,
  UserPage,
  UserView,
} from '@yosugara/protocol';
import {
  accessAudit,
  accessOverview,
  authBeginTotp,
  authConfirmTotp,
  authDisableTotp,
  authProfile,
  tokensCreate,
  tokensList,
  tokensRemove,
  usersChange,
  usersCreate,
  usersList,
  usersRemove,
  usersResetPassword,
  usersResetTotp,
  usersUnlock,
} from '@yosugara/protocol/api';
import { asked, send } from './client.js';

/** People, what they may, what they did; and one's own account. */
export const accessApi = {
  rights: async (signal?: AbortSignal): Promise<AccessOverview> => await send(accessOverview(), { signal }),
  users: async (query: string, signal?: AbortSignal): Promise<UserPage> => await send(usersList(asked(query)), { signal }),
  addUser: async (body: Pick<NewUser, 'login'> & Partial<NewUser>): Promise<UserGiven> => await send(usersCreate(body)),
  changeUser: async ({ id, revision }: UserView, body: UserChange): Promise<UserView> =>
    await send(usersChange(id, body, { ifMatch: revision })),
  removeUser: async ({ id, revision }: UserView) => await send(usersRemove(id, { ifMatch: revision })),
  resetPassword: async (id: number): Promise<UserGiven> => await send(usersResetPassword(id, {})),
  unlock: async (id: number) => await send(usersUnlock(id)),
  resetTotp: async (id: number) => await send(usersResetTotp(id)),
  audit: async (query: string, signal?: AbortSignal): Promise<AuditPage> =>
    await send(accessAudit(asked(query)), { signal, deadlineMs: 15_000 }),
  tokens: async (signal?: AbortSignal): Promise<TokenList> => await send(tokensList(), { signal }),
  addToken: async (body: { name: string; roles: readonly string[]; days: number }): Promise<TokenMade> =>
    await send(tokensCreate(body)),
  removeToken: async (id: number) => await send(tokensRemove(id)),
  profile: async (body: ProfileChange): Promise<Me> => await send(authProfile(body)),
  beginTotp: async (password: string): Promise<TotpBegun> => await send(authBeginTotp({ password })),
  confirmTotp: async (code: string): Promise<TotpConfirmed> => await send(authConfirmTotp({ code })),
  disableTotp: async (password: string, code: string) => await send(authDisableTotp({ password, code })),
} as const;
