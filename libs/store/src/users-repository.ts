import type { UserQuery, UserSource } from '@yosugara/protocol';
import { type Kysely, sql } from 'kysely';
import type { Database } from './database.js';
import { escapeLike } from './message-filter.js';

export interface User {
  readonly id: number;
  readonly login: string;
  /** null: somebody else knows the password. */
  readonly passwordHash: string | null;
  readonly roles: readonly string[];
  /** The password was given by somebody else. */
  readonly mustChange: boolean;
  readonly createdAt: Date;
  readonly name: string;
  readonly mail: string;
  readonly language: string;
  readonly timeZone: string;
  readonly enabled: boolean;
  readonly source: UserSource;
  readonly externalId: string | null;
  readonly revision: number;
  /** Wrong passwords since the last right one. */
  readonly failures: number;
  readonly lockedUntil: Date | null;
  readonly lastLoginAt: Date | null;
  /** Sealed by whoever wrote it. */
  readonly totpSecret: Buffer | null;
  /** One that was begun and not confirmed. */
  readonly totpPending: Buffer | null;
}

export const USER_COLUMNS = [
  'app_user.id as id',
  'login',
  'password_hash as passwordHash',
  'roles',
  'must_change as mustChange',
  'app_user.created_at as createdAt',
  'name',
  'mail',
  'language',
  'time_zone as timeZone',
  'enabled',
  'source',
  'external_id as externalId',
  'revision',
  'failures',
  'locked_until as lockedUntil',
  'last_login_at as lastLoginAt',
  'totp_secret as totpSecret',
  'totp_pending as totpPending',
] as const;

export type NewUser = Pick<User, 'login' | 'roles' | 'passwordHash' | 'mustChange'> &
  Partial<Pick<User, 'name' | 'mail' | 'language' | 'timeZone' | 'enabled' | 'source' | 'externalId'>>;
export type UserAlteration = Partial<
  Pick<
    User,
    'name' | 'mail' | 'language' | 'timeZone' | 'enabled' | 'roles' | 'passwordHash' | 'mustChange' | 'totpSecret' | 'totpPending'
  >
>;

/** Who may log in to the console. */
export class UserRepository {
  readonly #db: Kysely<Database>;
  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** Logins differ by more than the case of their letters. */
  async findByLogin(login: string): Promise<User | null> {
    const found = this.#users().where(sql<boolean>`lower(login) = lower(${login})`);
    return (await found.executeTakeFirst()) ?? null;
  }

  async find(id: number): Promise<User | null> {
    return (await this.#users().where('id', '=', id).executeTakeFirst()) ?? null;
  }

  /** Whom somebody else knows by that name. */
  async findExternal(source: UserSource, externalId: string): Promise<User | null> {
    const found = this.#users().where('source', '=', source).where('external_id', '=', externalId);
    return (await found.executeTakeFirst()) ?? null;
  }

  /** By id. */
  async list({ text, role, enabled, after, limit }: UserQuery): Promise<readonly User[]> {
    const like = text === undefined ? null : `%${escapeLike(text)}%`;
    return await this.#users()
      .$if(like !== null, (query) =>
        query.where((eb) => eb.or([eb('login', 'ilike', like), eb('name', 'ilike', like), eb('mail', 'ilike', like)])),
      )
      .$if(role !== undefined, (query) => query.where(hasRole(role!)))
      .$if(enabled !== undefined, (query) => query.where('enabled', '=', enabled!))
      .$if(after !== undefined, (query) => query.where('id', '>', Number(after)))
      .orderBy('id')
      .limit(limit)
      .execute();
  }

  async count(): Promise<number> {
    const { n } = await this.#db
      .selectFrom('app_user')
      .select((eb) => eb.fn.countAll<string>().as('n'))
      .executeTakeFirstOrThrow();
    return Number(n);
  }

  async countByRole(): Promise<ReadonlyMap<string, number>> {
    const { rows } = await sql<{ role: string; n: string }>`
      select given.role, count(*) as n from app_user u, unnest(u.roles) as given(role) group by given.role`.execute(this.#db);
    return new Map(rows.map(({ role, n }) => [role, Number(n)]));
  }

  /** Enabled local users with that role but this one, to the end of the transaction: nobody takes it from them meanwhile. */
  async othersWith(role: string, exceptId: number): Promise<number> {
    const { rows } = await sql<{ id: number }>`
      select id from app_user where ${role} = any(roles) and enabled and source = 'local' and id <> ${exceptId} for update`.execute(
      this.#db,
    );
    return rows.length;
  }

  /** @returns null when the login is taken. */
  async create(user: NewUser): Promise<User | null> {
    const { login, passwordHash, roles, mustChange } = user;
    const { name = '', mail = '', language = '', timeZone = '', enabled = true, source = 'local', externalId = null } = user;
    const created = await this.#db
      .insertInto('app_user')
      .values({
        ...{
          login,
          password_hash: passwordHash,
          roles: [...roles],
          must_change: mustChange,
          name,
          mail,
          language,
          enabled,
          source,
        },
        ...{ time_zone: timeZone, external_id: externalId },
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning(USER_COLUMNS)
      .executeTakeFirst();
    return created ?? null;
  }

  /** @param expected its revision; undefined: whatever it is. @returns null: there is none, or another revision. */
  async change(id: number, change: UserAlteration, expected?: number): Promise<User | null> {
    const { passwordHash, mustChange, timeZone, totpSecret, totpPending, roles, ...same } = change;
    const values = {
      ...same,
      ...(roles === undefined ? {} : { roles: [...roles] }),
      ...(passwordHash === undefined ? {} : { password_hash: passwordHash }),
      ...(mustChange === undefined ? {} : { must_change: mustChange }),
      ...(timeZone === undefined ? {} : { time_zone: timeZone }),
      ...(totpSecret === undefined ? {} : { totp_secret: totpSecret }),
      ...(totpPending === undefined ? {} : { totp_pending: totpPending }),
    };
    const changed = await this.#db
      .updateTable('app_user')
      .set((eb) => ({ ...values, revision: eb('revision', '+', 1) }))
      .where('id', '=', id)
      .$if(expected !== undefined, (query) => query.where('revision', '=', expected!))
      .returning(USER_COLUMNS)
      .executeTakeFirst();
    return changed ?? null;
  }

  async remove(id: number): Promise<void> {
    await this.#db.deleteFrom('app_user').where('id', '=', id).execute();
  }

  /** The person's own choice: `mustChange` ends. */
  async setPassword(id: number, passwordHash: string): Promise<void> {
    await this.change(id, { passwordHash, mustChange: false });
  }

  /** It was the right one. */
  async loggedIn(id: number): Promise<void> {
    await this.#db
      .updateTable('app_user')
      .set({ failures: 0, locked_until: null, last_login_at: sql<Date>`clock_timestamp()` })
      .where('id', '=', id)
      .execute();
  }

  async unlock(id: number): Promise<void> {
    await this.#db.updateTable('app_user').set({ failures: 0, locked_until: null }).where('id', '=', id).execute();
  }

  /**
   * It was a wrong one: after `from` of them in a row nobody gets in for a minute, then for two, four, up to `mostMinutes`.
   * @returns how many there were, and until when nobody gets in.
   */
  async failed(
    id: number,
    from: number,
    mostMinutes: number,
  ): Promise<{ readonly failures: number; readonly lockedUntil: Date | null }> {
    const { rows } = await sql<{ failures: number; lockedUntil: Date | null }>`
      update app_user set failures = least(failures + 1, 1000000),
        locked_until = case when failures + 1 < ${from} then locked_until
          else clock_timestamp() + make_interval(secs => 60 * least(power(2, least(failures + 1 - ${from}, 20)), ${mostMinutes}::integer)) end
      where id = ${id} returning failures, locked_until as "lockedUntil"`.execute(this.#db);
    return rows[0] ?? { failures: 0, lockedUntil: null };
  }

  /** @returns false: a code of that step, or of a later one, was used already. */
  async useTotpStep(id: number, step: number): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('app_user')
      .set({ totp_step: sql`${step}::bigint` })
      .where('id', '=', id)
      .where(sql<boolean>`totp_step < ${step}::bigint`)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  async setRecoveryCodes(id: number, digests: readonly Buffer[]): Promise<void> {
    await this.#db.deleteFrom('recovery_code').where('user_id', '=', id).execute();
    if (digests.length > 0)
      await this.#db
        .insertInto('recovery_code')
        .values(digests.map((digest) => ({ user_id: id, digest })))
        .execute();
  }

  /** @returns false: there is no such code, or no more. */
  async useRecoveryCode(id: number, digest: Buffer): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('recovery_code')
      .where('user_id', '=', id)
      .where('digest', '=', digest)
      .executeTakeFirst();
    return numDeletedRows > 0n;
  }

  async recoveryCodes(id: number): Promise<number> {
    const { n } = await this.#db
      .selectFrom('recovery_code')
      .select((eb) => eb.fn.countAll<string>().as('n'))
      .where('user_id', '=', id)
      .executeTakeFirstOrThrow();
    return Number(n);
  }

  #users() {
    return this.#db.selectFrom('app_user').select(USER_COLUMNS);
  }
}

const hasRole = (role: string) => sql<boolean>`${role} = any(roles)`;
