import type { ExternalPerson } from '@yosugara/connectors';
import type { Clock, Log } from '@yosugara/kernel';
import type { Result } from '@yosugara/operations';
import {
  type AccessConfig,
  type Login,
  LoginNameSchema,
  type Me,
  type ProfileChange,
  type TotpBegun,
  type TotpConfirmed,
} from '@yosugara/protocol';
import type { User } from '@yosugara/store';
import type { Identity } from '../auth/identity.js';
import { hashPassword, isPassword } from '../auth/passwords.js';
import { newSessionToken } from '../auth/session-token.js';
import { type Sessions, widest } from '../auth/sessions.js';
import type { Authority } from '../control/authority.js';
import { ApiRefusal, notLoggedIn } from '../http/errors.js';
import type { AuditEntry, ManagerStore } from '../store/ports.js';
import type { ApiSettings } from '../tokens.js';
import type { AccountDeeds } from './account-deeds.js';
import { type Directory, rolesOfGroups } from './directory.js';
import type { KnownRoles } from './known-roles.js';
import { LoginFailures } from './login-failures.js';
import type { People } from './people-tables.js';
import { SecondFactor } from './second-factor.js';

export interface AccountsOptions {
  readonly store: Pick<ManagerStore, 'people'>;
  readonly settings: Pick<ApiSettings, 'node' | 'sessionKey' | 'access' | 'clusterId'>;
  readonly authority: Authority;
  readonly sessions: Sessions;
  readonly roles: KnownRoles;
  /** null: passwords are those of this cluster only. */
  readonly directory: Directory | null;
  readonly clock: Clock;
  readonly log: Log;
  /** An event of ourselves. Missing: nobody is told. */
  readonly tell?: (result: Result) => Promise<unknown>;
}

export interface Entered {
  readonly cookie: string;
  readonly maxAgeSeconds: number;
  readonly me: Me;
}

const HOUR_MS = 3_600_000;

/** Logging in, and what people do with their own account. */
export class Accounts {
  readonly #o: AccountsOptions;
  readonly #access: AccessConfig;
  readonly #factor: SecondFactor;
  readonly #failures: LoginFailures;

  constructor(options: AccountsOptions) {
    this.#o = options;
    this.#access = options.settings.access;
    const shared = {
      change: async <T>(epoch: number, work: (people: People) => Promise<T>) => await this.#change(epoch, work),
      entry: (...of: Parameters<AccountDeeds['entry']>) => this.#entry(...of),
    };
    this.#factor = new SecondFactor(options, shared);
    this.#failures = new LoginFailures(options, shared);
  }

  /** @throws ApiRefusal — 401 LOGIN_REFUSED, whatever is wrong; TOTP_REQUIRED, TOTP_WRONG. */
  async login({ login, password, code }: Login, from: string): Promise<Entered> {
    const { epoch } = this.#o.authority.demand('active');
    const user = await this.#o.store.people.read(async ({ users }) => await users.findByLogin(login));
    const known = await this.#prove(user, login, password, epoch);
    if (known === null) return await this.#failures.failed({ user, login, what: 'password', from, epoch });
    if (known.totpSecret === null) return await this.enter(known, { from }, epoch);
    if (code === undefined) throw new ApiRefusal(401, 'TOTP_REQUIRED', 'the code of the second factor is needed', 'code');
    if (!(await this.#factor.useCode(known, known.totpSecret, code, epoch)))
      return await this.#failures.failed({ user: known, login, what: 'code', from, epoch });
    return await this.enter(known, { from, factor: 'totp' }, epoch);
  }

  /** Whoever they are is known. */
  async enter(user: User, detail: AuditEntry['detail'], epoch: number): Promise<Entered> {
    const sessionMs = this.#access.sessionHours * HOUR_MS;
    const { cookie, tokenHash } = newSessionToken(this.#o.settings.sessionKey);
    await this.#change(epoch, async ({ users, sessions, note }) => {
      await users.loggedIn(user.id);
      await sessions.removeExpired();
      await sessions.open(tokenHash, user.id, new Date(this.#o.clock.wallMs() + sessionMs));
      await note(this.#entry(user, 'login', detail));
    });
    return { cookie, maxAgeSeconds: sessionMs / 1_000, me: await this.#meOf(user) };
  }

  async logout(asker: Identity): Promise<void> {
    const { tokenHash, login, userId } = asker;
    if (tokenHash === null || asker.came !== 'session') return;
    await this.#change(this.#o.authority.now().epoch, async ({ sessions, note }) => {
      await sessions.close(tokenHash);
      await note(this.#entry({ login, id: userId }, 'logout', {}));
    });
    this.#o.sessions.forget();
  }

  async me(asker: Identity): Promise<Me> {
    if (asker.userId === null) return this.#view(asker, null, 0);
    return await this.#meOf(await this.#user(asker), asker);
  }

  async changeProfile(asker: Identity, change: ProfileChange): Promise<Me> {
    const user = await this.#user(asker);
    if (user.source !== 'local' && (change.name !== undefined || change.mail !== undefined)) throw notLocal(user);
    const { epoch } = this.#o.authority.demand('active');
    await this.#change(epoch, async ({ users, note }) => {
      await users.change(user.id, defined(change));
      await note(this.#entry(user, 'profile', { fields: Object.keys(change) }));
    });
    return await this.me(asker);
  }

  async changePassword(asker: Identity, current: string, next: string): Promise<void> {
    const { epoch } = this.#o.authority.demand('active');
    const user = await this.#user(asker);
    if (user.source !== 'local') throw notLocal(user);
    await this.#mustKnow(user, current, 'current');
    if (next === current) throw new ApiRefusal(400, 'INVALID_INPUT', 'next: the same password as before', 'next');
    const passwordHash = await hashPassword(next);
    await this.#change(epoch, async ({ users, sessions, note }) => {
      await users.setPassword(user.id, passwordHash);
      await sessions.closeOthers(user.id, asker.tokenHash!);
      await note(this.#entry(user, 'password', {}));
    });
    this.#o.sessions.forget();
  }

  async beginTotp(asker: Identity, password: string): Promise<TotpBegun> {
    const user = await this.#user(asker);
    return await this.#factor.begin(user, async () => await this.#mustKnow(user, password, 'password'));
  }

  async confirmTotp(asker: Identity, code: string): Promise<TotpConfirmed> {
    return await this.#factor.confirm(await this.#user(asker), code);
  }

  async disableTotp(asker: Identity, password: string, code: string): Promise<void> {
    const user = await this.#user(asker);
    await this.#factor.disable(user, code, async () => await this.#mustKnow(user, password, 'password'));
  }

  /** Whom a directory or a provider knows: made at the first login, and with the roles of now at each. null: they may not come in. */
  async adopt(source: 'ldap' | 'oidc', person: ExternalPerson, epoch: number): Promise<User | null> {
    const { externalId, login, name, mail } = person;
    const config = source === 'ldap' ? this.#access.ldap : this.#access.oidc.find(({ id }) => id === person.provider);
    const roles = rolesOfGroups(person.groups, config?.roles ?? [], config?.defaultRoles ?? []);
    if (!LoginNameSchema.safeParse(login).success) return null;
    return await this.#change(epoch, async ({ users, note }) => {
      const before = await users.findExternal(source, externalId);
      if (before !== null) {
        const same = before.name === name && before.mail === mail && before.roles.join() === roles.join();
        const now = same ? before : await users.change(before.id, { name, mail, roles });
        return now?.enabled === true ? now : null;
      }
      const created = await users.create({ login, roles, passwordHash: null, mustChange: false, name, mail, source, externalId });
      // Somebody else's login stays theirs.
      if (created === null) return null;
      await note(this.#entry(created, 'user.create', { login, roles, source }));
      return created;
    });
  }

  /** null: they are not who they say. The time of a digest is spent in any case. */
  async #prove(user: User | null, login: string, password: string, epoch: number): Promise<User | null> {
    const isLocked = user?.lockedUntil != null && user.lockedUntil.getTime() > this.#o.clock.wallMs();
    if (isLocked || user?.enabled === false || user?.source === 'oidc') {
      await isPassword(null, password);
      return null;
    }
    const { directory } = this.#o;
    if (directory !== null && (user === null || user.source === 'ldap')) {
      const person = await directory.check(user?.login ?? login, password);
      return person === null ? null : await this.adopt('ldap', person, epoch);
    }
    return (await isPassword(user?.passwordHash ?? null, password)) ? user : null;
  }

  async #mustKnow(user: User, password: string, place: string): Promise<void> {
    if (user.source === 'oidc') throw notLocal(user);
    const isKnown =
      user.source === 'ldap'
        ? (await this.#o.directory?.check(user.login, password)) != null
        : await isPassword(user.passwordHash, password);
    if (!isKnown) throw new ApiRefusal(403, 'PASSWORD_WRONG', 'the current password is wrong', place);
  }

  async #user({ userId, came }: Identity): Promise<User> {
    if (userId === null || (came !== 'session' && came !== 'token')) throw notLoggedIn();
    const user = await this.#o.store.people.read(async ({ users }) => await users.find(userId));
    if (user === null) throw notLoggedIn();
    return user;
  }

  async #meOf(user: User, asker?: Identity): Promise<Me> {
    const left = await this.#o.store.people.read(async ({ users }) => await users.recoveryCodes(user.id));
    const rights = asker?.rights ?? this.#o.roles.of(user.roles);
    return this.#view({ login: user.login, role: widest(rights.roles), rights, mustChange: user.mustChange }, user, left);
  }

  #view(
    { login, role, rights, mustChange }: Pick<Identity, 'login' | 'role' | 'rights' | 'mustChange'>,
    user: User | null,
    left: number,
  ): Me {
    const { mode, epoch } = this.#o.authority.now();
    return {
      ...{ login, role, mustChange, node: this.#o.settings.node, epoch, mode, id: user?.id ?? null },
      ...{ name: user?.name ?? '', mail: user?.mail ?? '', language: user?.language ?? '', timeZone: user?.timeZone ?? '' },
      ...{ source: user?.source ?? 'local', totp: user?.totpSecret != null, recoveryCodesLeft: left },
      ...{ roles: [...rights.roles], grants: rights.grants, reaches: [...rights.reached] },
    };
  }

  #entry(
    { login, id }: { readonly login: string; readonly id: number | null },
    action: string,
    detail: AuditEntry['detail'],
  ): AuditEntry {
    const { node } = this.#o.settings;
    const { epoch } = this.#o.authority.now();
    return { login, action, detail, node, epoch, ...(id === null ? {} : { object: `user/${id}` }) };
  }

  async #change<T>(epoch: number, work: (people: People) => Promise<T>): Promise<T> {
    return await this.#o.store.people.change(epoch, work, () => void this.#o.authority.demand('active', epoch));
  }
}

/** Whatever was said. */
export const defined = <Values extends object>(values: Values): { [Key in keyof Values]: Exclude<Values[Key], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;

const notLocal = ({ login, source }: User) =>
  new ApiRefusal(409, 'NOT_LOCAL', `${login} is known by ${source}: that is changed there`);
