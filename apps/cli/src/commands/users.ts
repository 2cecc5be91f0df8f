import { InvalidInputError, YosugaraError } from '@yosugara/kernel';
import type { UserChange, UserGiven, UserPage, UserView } from '@yosugara/protocol';
import {
  usersChange,
  usersCreate,
  usersList,
  usersRemove,
  usersResetPassword,
  usersResetTotp,
  usersUnlock,
} from '@yosugara/protocol/api';
import { known, type ManagerApi } from '../control/manager-api.js';
import { fields, yesNo } from '../output/fields.js';
import { type Paint, printable, table } from '../output/terminal.js';
import { queryOf } from './messages.js';

const DEADLINE_MS = 15_000;
const LOOK_MOST = 500;

export interface UserFilter {
  readonly text?: string | undefined;
  readonly role?: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly limit: number;
  readonly after?: string | undefined;
}

export const listUsers = async (api: ManagerApi, filter: UserFilter): Promise<UserPage> =>
  await api.ask(usersList(queryOf(filter)));

/** By login, as people know each other. @throws YosugaraError `NOT_FOUND` */
export async function findUser(api: ManagerApi, login: string): Promise<UserView> {
  if (login === '') throw new InvalidInputError('LOGIN', 'nothing', 'the login of a user');
  const { rows } = await listUsers(api, { text: login, limit: LOOK_MOST });
  const found = rows.find((user) => user.login === login);
  if (found === undefined) throw new YosugaraError('NOT_FOUND', `there is no user ${login}`);
  return found;
}

export const addUser = async (api: ManagerApi, wish: Parameters<typeof usersCreate>[0]): Promise<UserGiven> =>
  await api.ask(usersCreate(wish), DEADLINE_MS);

/** What is not said stays; refused when somebody else changed the user in between. */
export async function changeUser(api: ManagerApi, login: string, change: UserChange): Promise<UserView> {
  const user = await findUser(api, login);
  return await known(api.ask(usersChange(user.id, change, { ifMatch: user.revision }), DEADLINE_MS));
}

export async function removeUser(api: ManagerApi, login: string): Promise<void> {
  const user = await findUser(api, login);
  await known(api.ask(usersRemove(user.id, { ifMatch: user.revision }), DEADLINE_MS));
}

export async function resetPassword(api: ManagerApi, login: string, password: string | undefined): Promise<UserGiven> {
  const { id } = await findUser(api, login);
  const wish = password === undefined ? {} : { password };
  return await known(api.ask(usersResetPassword(id, wish), DEADLINE_MS));
}

export async function helpUser(api: ManagerApi, login: string, how: 'unlock' | 'reset-totp'): Promise<UserView> {
  const { id } = await findUser(api, login);
  return await known(api.ask(how === 'unlock' ? usersUnlock(id) : usersResetTotp(id), DEADLINE_MS));
}

const stateOf = ({ enabled, lockedUntil, mustChange }: UserView): string =>
  !enabled ? 'disabled' : lockedUntil !== null ? `locked until ${lockedUntil}` : mustChange ? 'must change password' : 'enabled';

export function renderUsers(rows: readonly UserView[], paint: Paint): string {
  if (rows.length === 0) return 'no user is like that';
  const cells = rows.map((user) => [
    printable(user.login),
    printable(user.name),
    user.roles.join(' '),
    user.enabled && user.lockedUntil === null ? stateOf(user) : paint(stateOf(user), 'yellow'),
    user.source,
    yesNo(user.totp),
    user.lastLoginAt ?? 'never',
  ]);
  return table(['LOGIN', 'NAME', 'ROLES', 'STATE', 'FROM', 'SECOND FACTOR', 'LAST LOGIN'], cells);
}

export const renderUser = (user: UserView): string =>
  fields([
    ['login', user.login],
    ['name', user.name],
    ['mail', user.mail],
    ['roles', user.roles.join(', ')],
    ['state', stateOf(user)],
    ['from', user.source],
    ['second factor', yesNo(user.totp)],
    ['language', user.language],
    ['time zone', user.timeZone],
    ['last login', user.lastLoginAt ?? 'never'],
    ['made', user.createdAt],
    ['number', `${user.id}, revision ${user.revision}`],
  ]);

/** The password that was made for them is shown here and nowhere else. */
export function renderGiven({ user, password }: UserGiven, done: string): string {
  const first = password === null ? '' : `; first password, shown once: ${password}`;
  return `${printable(user.login)} ${done}${first}`;
}
