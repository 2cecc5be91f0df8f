import { InvalidInputError, YosugaraError } from '@yosugara/kernel';
import { type Login, type Me, MeSchema, type ProfileChange } from '@yosugara/protocol';
import {
  authBeginTotp,
  authConfirmTotp,
  authDisableTotp,
  authLogin,
  authLogout,
  authMe,
  authPassword,
  authProfile,
} from '@yosugara/protocol/api';
import { type ManagerApi, NotLoggedInError } from '../control/manager-api.js';
import { fields, yesNo } from '../output/fields.js';

const DEADLINE_MS = 20_000;

/** The answer's headers are needed: the session is a cookie. */
async function sendOf(api: ManagerApi, wish: Login) {
  const { method, path, body } = authLogin(wish);
  return await api.send(method, path, body, DEADLINE_MS, { 'x-yosugara': '1' });
}

export interface LoginWish {
  readonly login: string;
  readonly password: string;
  /** Asked for when the account has a second factor. */
  readonly code: () => Promise<string>;
}

/** @returns who came in, and the cookie that says so from now on */
export async function logIn(
  api: ManagerApi,
  { login, password, code }: LoginWish,
): Promise<{ readonly me: Me; readonly cookie: string }> {
  const send = async (body: Login) => await sendOf(api, body);
  const answer = await send({ login, password }).catch(async (error: unknown) => {
    if (!(error instanceof NotLoggedInError) || error.code !== 'TOTP_REQUIRED') throw error;
    return await send({ login, password, code: await code() });
  });
  const cookie = answer.headers['set-cookie']?.[0]?.split(';', 1)[0];
  if (cookie === undefined) throw new YosugaraError('HTTP', 'the manager let us in and gave no session');
  return { me: MeSchema.parse(JSON.parse(answer.text)), cookie };
}

export const logOut = async (api: ManagerApi): Promise<unknown> => await api.ask(authLogout(), DEADLINE_MS);

export const readMe = async (api: ManagerApi): Promise<Me> => await api.ask(authMe());

export const changeProfile = async (api: ManagerApi, change: ProfileChange): Promise<Me> => {
  if (Object.keys(change).length === 0) throw new InvalidInputError('options', 'none', '--name, --mail, --language, --time-zone');
  return await api.ask(authProfile(change), DEADLINE_MS);
};

export const changePassword = async (api: ManagerApi, current: string, next: string): Promise<unknown> =>
  await api.ask(authPassword({ current, next }), DEADLINE_MS);

export const beginTotp = async (api: ManagerApi, password: string) => await api.ask(authBeginTotp({ password }), DEADLINE_MS);
export const confirmTotp = async (api: ManagerApi, code: string) => await api.ask(authConfirmTotp({ code }), DEADLINE_MS);
export const disableTotp = async (api: ManagerApi, password: string, code: string): Promise<unknown> =>
  await api.ask(authDisableTotp({ password, code }), DEADLINE_MS);

export const renderMe = (me: Me): string =>
  fields([
    ['login', me.login],
    ['name', me.name],
    ['mail', me.mail],
    ['roles', me.roles.join(', ')],
    [
      'may',
      Object.entries(me.grants)
        .map(([what, modes]) => `${what}: ${(modes ?? []).join(' ')}`)
        .join('; '),
    ],
    ['reaches', me.reaches.map(({ owner, modes }) => `${owner}: ${modes.join(' ')}`).join('; ')],
    ['from', me.source],
    ['second factor', me.totp ? `yes, ${me.recoveryCodesLeft} recovery codes left` : 'no'],
    ['must change password', yesNo(me.mustChange)],
    ['language', me.language],
    ['time zone', me.timeZone],
    ['answered by', `${me.node}, epoch ${me.epoch}, ${me.mode}`],
  ]);
