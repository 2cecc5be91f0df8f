import { randomBytes } from 'node:crypto';
import {
  isGivenRole,
  type NewUser,
  type UserChange,
  type UserGiven,
  type UserPage,
  type UserQuery,
  type UserView,
} from '@yosugara/protocol';
import type { User } from '@yosugara/store';
import type { Identity } from '../auth/identity.js';
import { hashPassword } from '../auth/passwords.js';
import type { Sessions } from '../auth/sessions.js';
import type { Authority } from '../control/authority.js';
import { ApiRefusal } from '../http/errors.js';
import type { AuditEntry, ManagerStore } from '../store/ports.js';
import { defined } from './accounts.js';
import type { KnownRoles } from './known-roles.js';
import type { People } from './people-tables.js';

export interface UsersOptions {
  readonly store: Pick<ManagerStore, 'people'>;
  readonly node: string;
  readonly authority: Authority;
  readonly sessions: Sessions;
  readonly roles: KnownRoles;
}

const PASSWORD_BYTES = 15;
const unknown = (id: number) => new ApiRefusal(404, 'NOT_FOUND', `there is no user ${id}`, 'id');
export const moreThanYouHave = (what: string, place?: string) =>
  new ApiRefusal(403, 'MORE_THAN_YOU_HAVE', `${what}: nobody gives away what they do not have themselves`, place);

/** Other people's accounts. Whoever changes one has at least the rights that it has, before and after. */
export class Users {
  readonly #o: UsersOptions;
  constructor(options: UsersOptions) {
    this.#o = options;
  }

  async list(query: UserQuery): Promise<UserPage> {
    const found = await this.#o.store.people.read(async ({ users }) => await users.list(query));
    return { rows: found.map(viewOf), next: found.length < query.limit ? null : String(found.at(-1)?.id) };
  }

  async show(id: number): Promise<UserView> {
    const user = await this.#o.store.people.read(async ({ users }) => await users.find(id));
    if (user === null) throw unknown(id);
    return viewOf(user);
  }

  async create(asker: Identity, { password, ...wish }: NewUser): Promise<UserGiven> {
    this.#mustHave(asker, wish.roles);
    const made = password ?? newPassword();
    const passwordHash = await hashPassword(made);
    return await this.#change(async ({ users, note, keep }) => {
      const created = await users.create({ ...wish, passwordHash, mustChange: true });
      if (created === null) throw new ApiRefusal(409, 'ALREADY_THERE', `there is a user ${wish.login} already`, 'login');
      await note(this.#entry(asker, 'user.create', created, { roles: wish.roles }));
      return await givenBy(keep, created, password === undefined ? made : null);
    });
  }

  async change(asker: Identity, id: number, change: UserChange, expected: number | undefined): Promise<UserView> {
    if (change.roles !== undefined) this.#mustHave(asker, change.roles);
    const user = await this.#change(async ({ users, sessions, note }) => {
      const before = await this.#changeable(users, asker, id);
      if (before.source !== 'local' && (change.roles ?? change.name ?? change.mail) !== undefined)
        throw new ApiRefusal(
          409,
          'NOT_LOCAL',
          `${before.login} is known by ${before.source}: roles, name and mail come from there`,
        );
      const stays = (change.enabled ?? before.enabled) && (change.roles ?? before.roles).includes('admin');
      if (!stays) await mustLeaveAnAdmin(users, before);
      const after = await users.change(id, defined(change), expected);
      if (after === null) throw anotherRevision(before);
      if (!after.enabled) await sessions.closeAll(id);
      await note(this.#entry(asker, 'user.change', after, differences(before, change)));
      return after;
    });
    return viewOf(user);
  }

  async remove(asker: Identity, id: number, expected: number | undefined): Promise<void> {
    await this.#change(async ({ users, note }) => {
      const before = await this.#changeable(users, asker, id);
      if (expected !== undefined && before.revision !== expected) throw anotherRevision(before);
      await mustLeaveAnAdmin(users, before);
      await users.remove(id);
      await note(this.#entry(asker, 'user.delete', before, { roles: before.roles }));
    });
  }

  /** Must be changed at the next login; the user's sessions end. */
  async resetPassword(asker: Identity, id: number, password: string | undefined): Promise<UserGiven> {
    const made = password ?? newPassword();
    const passwordHash = await hashPassword(made);
    return await this.#change(async ({ users, sessions, note, keep }) => {
      const before = await this.#changeable(users, asker, id);
      if (before.source !== 'local') throw new ApiRefusal(409, 'NOT_LOCAL', `the password of ${before.login} is not kept here`);
      const after = await users.change(id, { passwordHash, mustChange: true });
      await users.unlock(id);
      await sessions.closeAll(id);
      await note(this.#entry(asker, 'user.reset-password', before, {}));
      return await givenBy(keep, { ...after!, lockedUntil: null }, password === undefined ? made : null);
    });
  }

  async unlock(asker: Identity, id: number): Promise<UserView> {
    return await this.#did(asker, id, 'user.unlock', async ({ users }) => await users.unlock(id));
  }

  /** For whoever lost the telephone and the recovery codes. */
  async resetTotp(asker: Identity, id: number): Promise<UserView> {
    return await this.#did(asker, id, 'user.reset-totp', async ({ users }) => {
      await users.change(id, { totpSecret: null, totpPending: null });
      await users.setRecoveryCodes(id, []);
    });
  }

  async #did(asker: Identity, id: number, action: string, work: (people: People) => Promise<void>): Promise<UserView> {
    return await this.#change(async (people) => {
      const before = await this.#changeable(people.users, asker, id);
      await work(people);
      await people.note(this.#entry(asker, action, before, {}));
      const answer = viewOf((await people.users.find(id))!);
      await people.keep(answer);
      return answer;
    });
  }

  /** Whoever could change an account of more rights than their own would have them by logging in with it. */
  async #changeable(users: People['users'], { rights }: Identity, id: number): Promise<User> {
    const user = await users.find(id);
    if (user === null) throw unknown(id);
    if (!rights.covers(this.#o.roles.of(user.roles))) throw moreThanYouHave(`${user.login} may more than you`);
    return user;
  }

  #mustHave({ rights }: Identity, roles: readonly string[]): void {
    for (const [at, role] of roles.entries()) {
      if (!isGivenRole(role) || !this.#o.roles.isThere(role))
        throw new ApiRefusal(400, 'INVALID_INPUT', `roles.${at}: there is no role ${role} to be given`, `roles.${at}`);
      // Also of one that is not in force now: it may be again.
      if (!rights.covers(this.#o.roles.whole([role]))) throw moreThanYouHave(`the role ${role}`, `roles.${at}`);
    }
  }

  #entry({ login }: Identity, action: string, user: User, detail: AuditEntry['detail']): AuditEntry {
    const { epoch } = this.#o.authority.now();
    return { login, action, detail: { login: user.login, ...detail }, node: this.#o.node, epoch, object: `user/${user.id}` };
  }

  async #change<T>(work: (people: People) => Promise<T>): Promise<T> {
    const { epoch } = this.#o.authority.demand('active');
    const done = await this.#o.store.people.change(epoch, work, () => void this.#o.authority.demand('active', epoch));
    this.#o.sessions.forget();
    return done;
  }
}

async function mustLeaveAnAdmin(users: People['users'], { id, roles, enabled, source, login }: User): Promise<void> {
  if (!roles.includes('admin') || !enabled || source !== 'local') return;
  if ((await users.othersWith('admin', id)) === 0)
    throw new ApiRefusal(409, 'LAST_ADMIN', `${login} is the last local user who has the role admin and is enabled`);
}

const anotherRevision = ({ login, revision }: User) =>
  new ApiRefusal(
    412,
    'REVISION_MISMATCH',
    `${login} is at revision ${revision}, which is not the one that the request was made from`,
  );

function differences(before: User, change: UserChange): AuditEntry['detail'] {
  const fields = Object.keys(change).filter(
    (key) => String(before[key as keyof User]) !== String(change[key as keyof UserChange]),
  );
  const roles = change.roles === undefined ? {} : { rolesBefore: before.roles, roles: change.roles };
  return { fields, ...roles, ...(change.enabled === undefined ? {} : { enabled: change.enabled }) };
}

/** @param password to be told once; null = whoever asked knows it. */
async function givenBy(keep: People['keep'], user: User, password: string | null): Promise<UserGiven> {
  const answer = { user: viewOf(user), password };
  await keep(answer);
  return answer;
}

/** 120 bits of chance, to be typed once. */
const newPassword = (): string => randomBytes(PASSWORD_BYTES).toString('base64url');

export const viewOf = (user: User): UserView => ({
  ...{ id: user.id, login: user.login, revision: user.revision, name: user.name, mail: user.mail, roles: [...user.roles] },
  ...{ enabled: user.enabled, language: user.language, timeZone: user.timeZone, source: user.source },
  ...{ mustChange: user.mustChange, totp: user.totpSecret !== null },
  lockedUntil: user.lockedUntil !== null && user.lockedUntil.getTime() > Date.now() ? user.lockedUntil.toISOString() : null,
  lastLoginAt: user.lastLoginAt?.toISOString() ?? null,
  createdAt: user.createdAt.toISOString(),
});
