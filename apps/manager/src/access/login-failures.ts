import { explain } from '@yosugara/kernel';
import type { Result } from '@yosugara/operations';
import type { User } from '@yosugara/store';
import { ApiRefusal } from '../http/errors.js';
import type { AccountDeeds } from './account-deeds.js';
import type { AccountsOptions } from './accounts.js';

/** The only one left is not kept out for longer by whoever guesses: the throttle bounds what they can do. */
const LAST_ADMIN_MINUTES = 1;
const refused = () => new ApiRefusal(401, 'LOGIN_REFUSED', 'login or password is wrong');
export const wrongCode = () => new ApiRefusal(401, 'TOTP_WRONG', 'the code is wrong, or was used already', 'code');

export interface FailedLogin {
  /** null: there is nobody of that login. */
  readonly user: User | null;
  readonly login: string;
  readonly what: 'password' | 'code';
  readonly from: string;
  readonly epoch: number;
}

interface Locked {
  readonly login: string;
  readonly failures: number;
  readonly until: Date;
}

/** What is done when somebody does not get in: it is written down and counted, and after too many the login is locked for a while. */
export class LoginFailures {
  readonly #o: Pick<AccountsOptions, 'settings' | 'clock' | 'log' | 'tell'>;
  readonly #deeds: AccountDeeds;

  constructor(options: Pick<AccountsOptions, 'settings' | 'clock' | 'log' | 'tell'>, deeds: AccountDeeds) {
    this.#o = options;
    this.#deeds = deeds;
  }

  /** Counted in the database, so that the other node goes on from there. */
  async failed({ user, login, what, from, epoch }: FailedLogin): Promise<never> {
    this.#o.log.warn('login.refused', { login, from, what });
    const nowMs = this.#o.clock.wallMs();
    const isLocked = user?.lockedUntil != null && user.lockedUntil.getTime() > nowMs;
    const counting = this.#deeds.change(epoch, async ({ users, note }): Promise<Locked | null> => {
      const detail = { from, what, ...(isLocked ? { locked: true } : {}) };
      await note({ ...this.#deeds.entry({ login, id: user?.id ?? null }, 'login.refused', detail), done: false });
      // Whoever is locked is not locked for longer by trying.
      if (user === null || isLocked) return null;
      const isLast = user.roles.includes('admin') && (await users.othersWith('admin', user.id)) === 0;
      const most = isLast ? LAST_ADMIN_MINUTES : this.#o.settings.access.lockMostMinutes;
      const { failures, lockedUntil } = await users.failed(user.id, this.#o.settings.access.lockAfter, most);
      if (lockedUntil === null || lockedUntil.getTime() <= nowMs) return null;
      this.#o.log.warn('login.locked', { login: user.login, failures, until: lockedUntil.toISOString() });
      await note(this.#deeds.entry(user, 'user.locked', { failures, until: lockedUntil.toISOString(), from }));
      return { login: user.login, failures, until: lockedUntil };
    });
    // Lost if the database is: the refusal stands all the same.
    const locked = await counting.catch(() => null);
    // Nobody waits for it: how long it takes would tell that there is such a login.
    if (locked !== null)
      this.#o.tell?.(lockedResult(locked, from, nowMs)).catch((error: unknown) => {
        this.#o.log.warn('login.lockedNotTold', { login: locked.login, why: explain(error) });
      });
    throw what === 'code' ? wrongCode() : refused();
  }
}

/** An event of ourselves, once a lock. */
function lockedResult({ login, failures, until }: Locked, from: string, nowMs: number): Result {
  const ends = until.toISOString();
  return {
    id: ['INTERNAL', 'INTERNAL', login, 'login-locked', ends].map(encodeURIComponent).join('/'),
    ...{ trigger: 'internal', plugin: 'internal', monitor: 'INTERNAL', facility: 'INTERNAL', sender: null },
    ...{ item: login, sub: 'login-locked', priority: 'warning', application: 'yosugara' },
    message: `the login ${login} is locked until ${ends}: ${failures} failed attempts in a row, the last from ${from}`,
    ...{ original: `from ${from}`, atMs: nowMs, notifications: [] },
  };
}
