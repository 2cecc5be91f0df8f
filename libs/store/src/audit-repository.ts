import { type Kysely, sql } from 'kysely';
import type { Pool, PoolClient } from 'pg';
import type { Database } from './database.js';
import { DELETE_ROWS, type Fence, inParts, type Pace, paceOf } from './delete-in-parts.js';
import { escapeLike } from './message-filter.js';

export interface AuditEntry {
  readonly actor: string;
  readonly action: string;
  readonly target?: string | null;
  readonly detail?: unknown;
  readonly epoch: number;
  /** How the actor came, and from where; null = from within. */
  readonly came?: string | null;
  readonly address?: string | null;
  readonly node?: string | null;
  /** false: it was refused. */
  readonly done?: boolean;
}

export interface AuditLine {
  readonly id: string;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly target: string | null;
  readonly detail: unknown;
  readonly epoch: number;
  readonly came: string | null;
  readonly address: string | null;
  readonly node: string | null;
  readonly done: boolean;
}

export interface AuditSearch {
  readonly who?: string | undefined;
  readonly what?: string | undefined;
  readonly object?: string | undefined;
  readonly done?: boolean | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** Only older ones: the last id of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** How far a copy elsewhere has come. */
export interface AuditPosition {
  readonly xact: string;
  readonly id: string;
}

const LINE = sql`id, at, actor, action, target, detail, epoch::float8 as epoch, came, address, node, done`;

/** Who did what. Only added to; the database refuses everything else. */
export class AuditRepository {
  readonly #db: Kysely<Database>;
  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  async note(entry: AuditEntry): Promise<void> {
    const { actor, action, epoch, target = null, came = null, address = null, node = null, done = true } = entry;
    const detail = entry.detail === undefined ? null : JSON.stringify(entry.detail);
    await this.#db.insertInto('audit').values({ actor, action, target, detail, epoch, came, address, node, done }).execute();
  }

  /**
   * Once for its target and state, whoever writes it down again: a Master that began anew, or the next one. Only one Master writes.
   * @param detail has a `state`.
   */
  async noteOnce(entry: AuditEntry & { readonly target: string; readonly detail: { readonly state: string } }): Promise<void> {
    const { actor, action, target, detail, epoch, node = null } = entry;
    await sql`
      insert into audit (actor, action, target, detail, epoch, node)
      select ${actor}, ${action}, ${target}, ${JSON.stringify(detail)}::jsonb, ${epoch}::bigint, ${node}::text
      where not exists (select from audit where target = ${target} and action = ${action} and detail->>'state' = ${detail.state})`.execute(
      this.#db,
    );
  }

  /** Newest first. */
  async latest(limit: number) {
    return await this.#db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit).execute();
  }

  /** Newest first. */
  async search({ who, what, object, done, from, to, after, limit }: AuditSearch): Promise<readonly AuditLine[]> {
    const where = [sql`true`];
    const begins = (column: string, text: string | undefined, mark: string) => {
      if (text === undefined) return;
      const name = sql.ref(column);
      where.push(text.endsWith(mark) ? sql`${name} like ${`${escapeLike(text)}%`}` : sql`${name} = ${text}`);
    };
    if (who !== undefined) where.push(sql`actor = ${who}`);
    begins('action', what, '.');
    begins('target', object, '/');
    if (done !== undefined) where.push(done ? sql`done` : sql`not done`);
    if (from !== undefined) where.push(sql`at >= ${from}`);
    if (to !== undefined) where.push(sql`at < ${to}`);
    if (after !== undefined) where.push(sql`id < ${after}::bigint`);
    const { rows } = await sql<AuditLine>`
      select ${LINE} from audit where ${sql.join(where, sql` and `)} order by id desc limit ${limit}`.execute(this.#db);
    return rows;
  }

  /** null: nothing was sent there yet. */
  async position(target: string): Promise<AuditPosition | null> {
    const { rows } = await sql<AuditPosition>`select xact::text, id::text from audit_sent where target = ${target}`.execute(
      this.#db,
    );
    return rows[0] ?? null;
  }

  async setPosition(target: string, { xact, id }: AuditPosition): Promise<void> {
    await sql`
      insert into audit_sent (target, xact, id) values (${target}, ${xact}::text::xid8, ${id}::bigint)
      on conflict (target) do update set xact = excluded.xact, id = excluded.id, at = excluded.at`.execute(this.#db);
  }

  /** Where the log ends now: whoever begins to send it begins here. */
  async end(): Promise<AuditPosition> {
    const { rows } = await sql<AuditPosition>`
      select xact::text, id::text from audit where xact < pg_snapshot_xmin(pg_current_snapshot()) order by xact desc, id desc limit 1`.execute(
      this.#db,
    );
    return rows[0] ?? { xact: '0', id: '0' };
  }

  /** Oldest first, by transactions: none is left out that is committed later, since those that are not over are waited for. */
  async since({ xact, id }: AuditPosition, limit: number): Promise<readonly (AuditLine & { readonly xact: string })[]> {
    const { rows } = await sql<AuditLine & { xact: string }>`
      select ${LINE}, xact::text from audit
      where (xact, id) > (${xact}::text::xid8, ${id}::bigint) and xact < pg_snapshot_xmin(pg_current_snapshot())
      order by xact, id limit ${limit}`.execute(this.#db);
    return rows;
  }
}

/** Some at a time. @returns rows deleted. */
export async function letGoOfAudit(pool: Pool, beforeMs: number, how: Fence | Pace): Promise<number> {
  const { fence, onPart } = paceOf(how);
  const allowed = async (client: PoolClient) => {
    await fence(client);
    await client.query("set local yosugara.audit_retention to 'on'");
  };
  const statement = `delete from audit where id in (select id from audit where at < to_timestamp($1) order by at limit ${DELETE_ROWS})`;
  const what = 'letting go of old lines of the audit log';
  return await inParts(pool, what, { fence: allowed, onPart }, statement, [beforeMs / 1_000]);
}
