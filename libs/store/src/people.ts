import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Database } from './database.js';
import { USER_COLUMNS, type User } from './users-repository.js';

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
      .select(USER_COLUMNS)
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

  /** All of a person's. */
  async closeAll(userId: number): Promise<void> {
    await this.#db.deleteFrom('session').where('user_id', '=', userId).execute();
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
