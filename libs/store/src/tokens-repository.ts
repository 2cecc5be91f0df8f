import { type Kysely, sql } from 'kysely';
import type { Database } from './database.js';
import { type User, UserRepository } from './users-repository.js';

export interface ApiToken {
  readonly id: number;
  readonly userId: number;
  readonly login: string;
  readonly name: string;
  readonly start: string;
  readonly roles: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
  readonly lastUsedFrom: string | null;
}

/** Bearers of the API. Only a digest of each is stored. */
export class TokenRepository {
  readonly #db: Kysely<Database>;
  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  async add(
    token: Pick<ApiToken, 'userId' | 'name' | 'start' | 'roles'> & { readonly digest: Buffer; readonly days: number },
  ): Promise<number> {
    const { userId, name, start, roles, digest, days } = token;
    const { id } = await this.#db
      .insertInto('api_token')
      .values({
        ...{ user_id: userId, name, start, digest, roles: [...roles] },
        expires_at: sql<Date>`clock_timestamp() + make_interval(days => ${days}::integer)`,
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    return id;
  }

  async list(userId: number): Promise<readonly ApiToken[]> {
    return await this.#tokens().where('user_id', '=', userId).orderBy('api_token.id').execute();
  }

  async find(id: number): Promise<ApiToken | null> {
    return (await this.#tokens().where('api_token.id', '=', id).executeTakeFirst()) ?? null;
  }

  async remove(id: number): Promise<void> {
    await this.#db.deleteFrom('api_token').where('id', '=', id).execute();
  }

  async removeOf(userId: number): Promise<void> {
    await this.#db.deleteFrom('api_token').where('user_id', '=', userId).execute();
  }

  /** Whose it is, and what it may; null = there is none such, or its time is over. */
  async userOf(digest: Buffer): Promise<{ readonly id: number; readonly roles: readonly string[]; readonly user: User } | null> {
    const found = await this.#db
      .selectFrom('api_token')
      .select(['id', 'roles', 'user_id as userId'])
      .where('digest', '=', digest)
      .where('expires_at', '>', sql<Date>`clock_timestamp()`)
      .executeTakeFirst();
    const user = found === undefined ? null : await new UserRepository(this.#db).find(found.userId);
    return found === undefined || user === null ? null : { id: found.id, roles: found.roles, user };
  }

  /** Said now and then: not of each use. */
  async used(uses: readonly { readonly id: number; readonly at: Date; readonly from: string }[]): Promise<void> {
    await sql`
      update api_token t set last_used_at = greatest(t.last_used_at, u.at::timestamptz), last_used_from = u.address
      from jsonb_to_recordset(${JSON.stringify(uses.map(({ id, at, from }) => ({ id, at, address: from })))}::jsonb)
        as u(id integer, at text, address text) where t.id = u.id`.execute(this.#db);
  }

  #tokens() {
    return this.#db
      .selectFrom('api_token')
      .innerJoin('app_user', 'app_user.id', 'api_token.user_id')
      .select([
        ...([
          'api_token.id as id',
          'user_id as userId',
          'login',
          'api_token.name as name',
          'start',
          'api_token.roles as roles',
        ] as const),
        ...([
          'api_token.created_at as createdAt',
          'expires_at as expiresAt',
          'last_used_at as lastUsedAt',
          'last_used_from as lastUsedFrom',
        ] as const),
      ]);
  }
}
