import type { TokenList, TokenMade } from '@yosugara/protocol';
import { tokensCreate, tokensList, tokensRemove } from '@yosugara/protocol/api';
import { known, type ManagerApi } from '../control/manager-api.js';
import { printable, table } from '../output/terminal.js';
import { findUser } from './users.js';

const DEADLINE_MS = 15_000;

/** One's own, or those of somebody. */
export async function listTokens(api: ManagerApi, login: string | undefined): Promise<TokenList> {
  const query = login === undefined ? {} : { user: String((await findUser(api, login)).id) };
  return await known(api.ask(tokensList(query)));
}

export const addToken = async (
  api: ManagerApi,
  wish: { readonly name: string; readonly roles: readonly string[]; readonly days: number },
): Promise<TokenMade> => await api.ask(tokensCreate(wish), DEADLINE_MS);

export async function removeToken(api: ManagerApi, id: number): Promise<void> {
  await known(api.ask(tokensRemove(id), DEADLINE_MS));
}

export function renderTokens({ rows }: TokenList, nowMs: number): string {
  if (rows.length === 0) return 'there is no token';
  const cells = rows.map(({ id, name, user, start, roles, expiresAt, lastUsedAt, lastUsedFrom }) => [
    String(id),
    printable(name),
    printable(user.login),
    `${start}…`,
    roles.join(' '),
    Date.parse(expiresAt) < nowMs ? 'over' : expiresAt,
    lastUsedAt === null ? 'never' : `${lastUsedAt} from ${printable(lastUsedFrom ?? '–')}`,
  ]);
  return table(['NUMBER', 'NAME', 'USER', 'BEGINS', 'ROLES', 'UNTIL', 'LAST USED'], cells);
}
