import { InvalidInputError } from '@yosugara/kernel';
import type { Priority, StatusRow } from '@yosugara/protocol';
import type { StatusToStore } from '@yosugara/runtime';
import { type Kysely, sql } from 'kysely';
import type { ClientBase, Pool } from 'pg';
import type { Database } from './database.js';
import { withClient } from './deadline.js';
import { escapeLike, Where } from './message-filter.js';
import { ownedBy } from './owned.js';
import { numberOf, priorityOf } from './priorities.js';
import { lastOfEach, rowKey, storable } from './row-key.js';

const READ_DEADLINE_MS = 10_000;
const MAX_LIMIT = 10_000;

/** In the transaction of a batch. What is there and is of a later time stays. */
export async function upsertStatuses(client: ClientBase, statuses: readonly StatusToStore[]): Promise<void> {
  if (statuses.length === 0) return;
  const inOrder = [...statuses].sort((one, two) => one.told.result.atMs - two.told.result.atMs);
  const each = [...lastOfEach(inOrder, keyOf).values()];
  const results = each.map(({ one }) => one.told.result);
  await client.query(
    `insert into status (key, id, at, since, priority, facility, scope, sender, monitor, plugin, notification, item, sub, application, message, original, expires_at, expires_to)
     select key, id, to_timestamp(at_ms / 1000.0), to_timestamp(at_ms / 1000.0), priority, facility, scope, sender, monitor, plugin, notification, item, sub, application, message, original,
       to_timestamp(expires_ms / 1000.0), expires_to
     from unnest($1::bytea[], $2::text[], $3::float8[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
       $12::text[], $13::text[], $14::text[], $15::text[], $16::float8[], $17::smallint[])
       as t(key, id, at_ms, priority, facility, scope, sender, monitor, plugin, notification, item, sub, application, message, original, expires_ms, expires_to)
     on conflict (key) do update set id = excluded.id, at = excluded.at, priority = excluded.priority, scope = excluded.scope, sender = excluded.sender,
       notification = excluded.notification, application = excluded.application, message = excluded.message, original = excluded.original,
       expires_at = excluded.expires_at, expires_to = excluded.expires_to,
       since = case when status.priority = excluded.priority then status.since else excluded.since end
     where status.at <= excluded.at`,
    [
      each.map(({ key }) => key),
      each.map(({ one }) => storable(one.told.id)),
      results.map(({ atMs }) => atMs),
      results.map(({ priority }) => numberOf(priority)),
      results.map(({ facility }) => facility),
      each.map(({ one }) => storable(one.scope)),
      results.map(({ sender }) => (sender === null ? null : storable(sender))),
      results.map(({ monitor }) => monitor),
      results.map(({ plugin }) => plugin),
      each.map(({ one }) => one.told.notification),
      results.map(({ item }) => storable(item)),
      results.map(({ sub }) => storable(sub)),
      results.map(({ application }) => storable(application)),
      results.map(({ message }) => storable(message)),
      results.map(({ original }) => storable(original)),
      each.map(({ one }) => one.expiresAtMs),
      each.map(({ one }) => (one.expiresTo === null ? null : numberOf(one.expiresTo))),
    ],
  );
}

const keyOf = ({ told: { result } }: StatusToStore): Buffer => rowKey(result.monitor, result.facility, result.item, result.sub);

/** In a transaction of the owner. @returns how many went, and how many have another priority now. */
export async function expireStatuses(
  db: Kysely<Database>,
  nowMs: number,
  limit: number,
): Promise<{ readonly gone: number; readonly changed: number }> {
  const { rows } = await sql<{ gone: string; changed: string }>`
    with old as (
      select key, expires_to from status where expires_at <= to_timestamp(${nowMs}::float8 / 1000) order by expires_at limit ${limit} for update skip locked
    ), gone as (
      delete from status s using old where s.key = old.key and old.expires_to is null returning s.key
    ), changed as (
      update status s set priority = s.expires_to, since = s.expires_at, expires_at = null, expires_to = null
      from old where s.key = old.key and old.expires_to is not null returning s.key
    ) select (select count(*) from gone) as gone, (select count(*) from changed) as changed`.execute(db);
  return { gone: Number(rows[0]?.gone ?? 0), changed: Number(rows[0]?.changed ?? 0) };
}

export interface StatusQuery {
  readonly priorities?: readonly Priority[];
  readonly facilities?: readonly string[];
  readonly scope?: string;
  readonly monitor?: string;
  readonly plugin?: string;
  /** Told by what belongs to one of these roles. */
  readonly ownerRoles?: readonly string[];
  readonly text?: string;
  /** 1..10000, default 1000. */
  readonly limit?: number;
  /** `next` of an earlier page: what comes behind it, as it is now. */
  readonly after?: string;
}

export interface StatusPage {
  readonly rows: readonly StatusRow[];
  readonly more: boolean;
  /** Where it goes on; null: that is all. */
  readonly next: string | null;
}

/** A place in the order: priority, time in µs since 1970, key. */
const PLACE = /^(\d{1,3})\.(\d{1,17})\.((?:[0-9a-f]{2}){1,64})$/;
const MICROS = '(extract(epoch from s.at) * 1000000)::bigint';

function behind(where: Where, after: string): void {
  const [, priority, micros, key] = PLACE.exec(after) ?? [];
  if (key === undefined) throw new InvalidInputError('after', after.slice(0, 100), 'the `next` of an earlier page');
  const [worse, at, last] = [where.place(Number(priority)), where.place(micros), where.place(Buffer.from(key, 'hex'))];
  const then = `timestamptz 'epoch' + ${at}::bigint * interval '1 microsecond'`;
  where.also(
    `(s.priority > ${worse}::smallint or (s.priority = ${worse}::smallint and (s.at < ${then} or (s.at = ${then} and s.key > ${last}::bytea))))`,
  );
}

/** How everything is now. */
export class StatusRepository {
  readonly #pool: Pool;
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** The worst first, of those the newest. @throws InvalidInputError */
  async list(query: StatusQuery): Promise<StatusPage> {
    const limit = query.limit ?? 1_000;
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
      throw new InvalidInputError('limit', String(limit), `1 to ${MAX_LIMIT}`);
    const where = new Where();
    if (query.priorities !== undefined)
      where.also(`s.priority = any(${where.place(query.priorities.map(numberOf))}::smallint[])`);
    if (query.facilities !== undefined) where.also(`s.facility = any(${where.place([...query.facilities])}::text[])`);
    for (const column of ['monitor', 'plugin'] as const) {
      const value = query[column];
      if (value !== undefined) where.also(`s.${column} = ${where.place(storable(value))}`);
    }
    if (query.ownerRoles !== undefined) where.also(ownedBy(where.place([...query.ownerRoles]), 's.monitor', 's.plugin'));
    if (query.scope !== undefined) where.also(`s.scope ilike ${where.place(`%${escapeLike(query.scope)}%`)}`);
    if (query.text !== undefined && query.text !== '')
      where.also(`s.message ilike ${where.place(`%${escapeLike(query.text)}%`)}`);
    if (query.after !== undefined) behind(where, query.after);
    const most = where.place(limit + 1);
    const text = `select s.priority || '.' || ${MICROS} || '.' || encode(s.key, 'hex') as place, id, ${MS('at')} as at, ${MS('since')} as since, priority, facility, scope, sender, monitor, plugin, notification, item, sub, application,
        message, original, ${MS('expires_at')} as "expiresAt", expires_to as "expiresTo"
      from status s ${where} order by priority, s.at desc, key limit ${most}`;
    return await withClient(this.#pool, 'reading statuses', READ_DEADLINE_MS, async (client) => {
      const { rows } = await client.query<Found>(text, [...where.values]);
      const more = rows.length > limit;
      return { rows: rows.slice(0, limit).map(rowOf), more, next: more ? rows[limit - 1]!.place : null };
    });
  }
}

/** ms since 1970, as text. */
const MS = (column: string): string => `(extract(epoch from s.${column}) * 1000)::bigint`;

type Found = Omit<StatusRow, 'at' | 'since' | 'priority' | 'expiresAt' | 'expiresTo'> & {
  readonly at: string;
  readonly since: string;
  readonly priority: number;
  readonly expiresAt: string | null;
  readonly expiresTo: number | null;
  readonly place: string;
};

function rowOf({ at, since, priority, expiresAt, expiresTo, place: _, ...row }: Found): StatusRow {
  const iso = (ms: string) => new Date(Number(ms)).toISOString();
  return {
    ...row,
    ...{ at: iso(at), since: iso(since), priority: priorityOf(priority) },
    expiresAt: expiresAt === null ? null : iso(expiresAt),
    expiresTo: expiresTo === null ? null : priorityOf(expiresTo),
  };
}
