import { KNOWN_KINDS, type SettingKey, type SettingKind, settingSecretsOf } from '@yosugara/protocol';
import type { SecretCodec } from '@yosugara/runtime';
import { type Kysely, sql } from 'kysely';
import type { Database } from './database.js';
import { resealSecrets } from './setting-secrets.js';

/** A key that something in this database may be encrypted by. */
export interface UsedKey {
  readonly id: string;
  readonly since: Date;
  /** Everything was encrypted by it; null: not yet. */
  readonly completeAt: Date | null;
}

/** Where a pass through the rows is; null: at the beginning. */
export type SecretsPlace = (SettingKey & { readonly revision: number }) | null;

export interface SecretsPart {
  readonly looked: number;
  readonly rewritten: number;
  /** Secrets whose key is not here. */
  readonly closed: number;
  /** null: that was the end. */
  readonly next: SecretsPlace;
}

const KINDS: readonly SettingKind[] = KNOWN_KINDS.filter((kind) => Object.keys(settingSecretsOf(kind)).length > 0);
/** What `setting` and `setting_history` hold a body in. */
const TABLES = {
  setting: { body: (row: unknown) => row, withBody: (_row: unknown, body: unknown) => body },
  setting_history: {
    body: (row: unknown) => (row as { body?: unknown } | null)?.body,
    withBody: (row: unknown, body: unknown) => ({ ...(row as object), body }),
  },
} as const;
export type SecretsTable = keyof typeof TABLES;

/** Keys in use, and bodies that are encrypted anew (docs/secrets.md). */
export class SecretsRepository {
  readonly #db: Kysely<Database>;
  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** Newest last. */
  async keys(): Promise<readonly UsedKey[]> {
    const { rows } = await sql<UsedKey>`select id, since, complete_at as "completeAt" from secret_key order by since, id`.execute(
      this.#db,
    );
    return rows;
  }

  /** From now on it encrypts. */
  async use(id: string): Promise<void> {
    await sql`insert into secret_key (id) values (${id})
      on conflict (id) do update set since = clock_timestamp(), complete_at = null`.execute(this.#db);
  }

  /** Nothing is encrypted by another one any more: those are forgotten. */
  async complete(id: string): Promise<void> {
    await sql`update secret_key set complete_at = clock_timestamp() where id = ${id}`.execute(this.#db);
    await sql`delete from secret_key where id <> ${id}`.execute(this.#db);
  }

  /**
   * Encrypts by the key of now what lies in the clear or by another one: rows behind `after`, at most `limit` of them looked at. Revisions and
   * versions stay: nothing has changed for anybody. Within a transaction that writes settings wait for.
   */
  async rewrite(table: SecretsTable, codec: SecretCodec, after: SecretsPlace, limit: number): Promise<SecretsPart> {
    await sql`select version from settings_version for update`.execute(this.#db);
    const from =
      after === null ? sql`true` : sql`(kind, id, revision) > (${after.kind}, ${after.id}, ${after.revision}::integer)`;
    const { rows } = await sql<SettingKey & { revision: number; body: unknown }>`
      select kind, id, revision, body from ${sql.table(table)} where kind = any(${[...KINDS]}::text[]) and ${from}
      order by kind, id, revision limit ${limit}`.execute(this.#db);
    const { body: bodyOf, withBody } = TABLES[table];
    const fresh: { kind: string; id: string; revision: number; body: unknown }[] = [];
    let closed = 0;
    for (const { kind, id, revision, body: stored } of rows) {
      const resealed = resealSecrets(codec, { kind, id }, bodyOf(stored));
      closed += resealed.closed;
      if (resealed.body !== null) fresh.push({ kind, id, revision, body: withBody(stored, resealed.body) });
    }
    if (fresh.length > 0)
      await sql`
        update ${sql.table(table)} s set body = w.body
        from jsonb_to_recordset(${JSON.stringify(fresh)}::jsonb) as w(kind text, id text, revision integer, body jsonb)
        where s.kind = w.kind and s.id = w.id and s.revision = w.revision`.execute(this.#db);
    const last = rows.at(-1);
    const next = rows.length < limit || last === undefined ? null : { kind: last.kind, id: last.id, revision: last.revision };
    return { looked: rows.length, rewritten: fresh.length, closed, next };
  }
}
