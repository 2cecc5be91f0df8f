import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Database } from './database.js';

export interface User {
  readonly id: number;
  readonly login: string;
  readonly passwordHash: string;
  readonly role: string;
  /** The password was given by somebody else. */
  readonly mustChange: boolean;
  readonly createdAt: Date;
}

const USER_COLUMNS = [
  'id',
  'login',
  'password_hash as passwordHash',
  'role',
  'must_change as mustChange',
  'created_at as createdAt',
] as const;

/** Who may log in to the console. */
export class UserRepository {
  readonly #db: Kysely<Database>;
  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** Logins differ by more than the case of their letters. */
  async findByLogin(login: string): Promise<User | null> {
    return (
      (await this.#db
        .selectFrom('app_user')
        .select(USER_COLUMNS)
        .where(sql<boolean>`lower(login) = lower(${login})`)
        .executeTakeFirst()) ?? null
    );
  }

  async find(id: number): Promise<User | null> {
    return (await this.#db.selectFrom('app_user').select(USER_COLUMNS).where('id', '=', id).executeTakeFirst()) ?? null;
  }

  async count(): Promise<number> {
    const { n } = await this.#db
      .selectFrom('app_user')
      .select((eb) => eb.fn.countAll<string>().as('n'))
      .executeTakeFirstOrThrow();
    return Number(n);
  }

  /** @returns null when the login is taken. */
  async create(user: Pick<User, 'login' | 'passwordHash' | 'role' | 'mustChange'>): Promise<User | null> {
    const created = await this.#db
      .insertInto('app_user')
      .values({ login: user.login, password_hash: user.passwordHash, role: user.role, must_change: user.mustChange })
      .onConflict((conflict) => conflict.expression(sql`lower(login)`).doNothing())
      .returning(USER_COLUMNS)
      .executeTakeFirst();
    return created ?? null;
  }

  /** The person's own choice: `mustChange` ends. */
  async setPassword(id: number, passwordHash: string): Promise<void> {
    await this.#db
      .updateTable('app_user')
      .set({ password_hash: passwordHash, must_change: false })
      .where('id', '=', id)
      .execute();
  }
}

/** Who is logged in. Only a digest of the token is stored: who reads the table cannot use it. */
export class SessionRepository {
  readonly #db: Kysely<Database>;
  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  async open(idHash: Buffer, userId: number, expiresAt: Date): Promise<void> {
    await this.#db.insertInto('session').values({ id_hash: idHash, user_id: userId, expires_at: expiresAt }).execute();
  }

  /** The user of a session that is still valid by the database's clock, the same one whichever node asks. */
  async userOf(idHash: Buffer): Promise<User | null> {
    const found = await this.#db
      .selectFrom('session')
      .innerJoin('app_user', 'app_user.id', 'session.user_id')
      .select([
        'app_user.id as id',
        'login',
        'password_hash as passwordHash',
        'role',
        'must_change as mustChange',
        'app_user.created_at as createdAt',
      ])
      .where('id_hash', '=', idHash)
      .where('expires_at', '>', sql<Date>`now()`)
      .executeTakeFirst();
    return found ?? null;
  }

  async close(idHash: Buffer): Promise<void> {
    await this.#db.deleteFrom('session').where('id_hash', '=', idHash).execute();
  }

  /** All of a person's, as after a change of password, except the one that did it. */
  async closeOthers(userId: number, exceptIdHash: Buffer): Promise<void> {
    await this.#db.deleteFrom('session').where('user_id', '=', userId).where('id_hash', '!=', exceptIdHash).execute();
  }

  /** @returns how many had expired. */
  async removeExpired(): Promise<number> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('session')
      .where('expires_at', '<=', sql<Date>`now()`)
      .executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  }
}

export interface AuditEntry {
  readonly actor: string;
  readonly action: string;
  readonly target?: string;
  readonly detail?: unknown;
  readonly epoch: number;
}

/** Who did what. */
export class AuditRepository {
  readonly #db: Kysely<Database>;
  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  async note(entry: AuditEntry): Promise<void> {
    const detail = entry.detail === undefined ? null : JSON.stringify(entry.detail);
    await this.#db
      .insertInto('audit')
      .values({ actor: entry.actor, action: entry.action, target: entry.target ?? null, detail, epoch: entry.epoch })
      .execute();
  }

  /** Newest first. */
  async latest(limit: number) {
    return await this.#db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit).execute();
  }
}
