import { InvalidInputError } from '@yosugara/kernel';
import {
  EVENT_STATES,
  type EventCounts,
  type EventDetail,
  type EventHistory,
  type EventRow,
  type EventState,
  type Priority,
} from '@yosugara/protocol';
import type { EventFold, EventToStore } from '@yosugara/runtime';
import { type Kysely, sql } from 'kysely';
import type { ClientBase, Pool } from 'pg';
import type { Database } from './database.js';
import { withClient } from './deadline.js';
import { escapeLike, Where } from './message-filter.js';
import { ownedBy } from './owned.js';
import { numberOf, priorityOf } from './priorities.js';
import { lastOfEach, rowKey, storable } from './row-key.js';

const READ_DEADLINE_MS = 10_000;
const MAX_LIMIT = 1_000;
/** Held until the commit is over, so numbers become visible in their order, and who has seen one has seen all before it. */
const LOCK = "select pg_advisory_xact_lock(hashtext('yosugara.events'))";

export interface EventQuery {
  readonly states?: readonly EventState[];
  readonly priorities?: readonly Priority[];
  /** Any of them. */
  readonly facilities?: readonly string[];
  /** Anywhere in the path. */
  readonly scope?: string;
  readonly monitor?: string;
  readonly plugin?: string;
  readonly notification?: string;
  readonly owner?: string;
  /** Told by what belongs to one of these roles. */
  readonly ownerRoles?: readonly string[];
  /** Anywhere in the message, whatever the case of the letters. */
  readonly text?: string;
  /** ms since 1970; of the event's own time. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** Only with lower numbers: `next` of the page before. */
  readonly before?: number;
  /** 1..1000, default 100. */
  readonly limit?: number;
}

/** Changes since a reader looked last, in the order in which they became visible. */
export interface EventNews {
  readonly rows: readonly EventRow[];
  /** Through this number and this entry of the history. */
  readonly number: number;
  readonly history: number;
}

/** In the transaction of a batch. What is there already stays as it is. */
export async function insertEvents(client: ClientBase, events: readonly EventToStore[]): Promise<void> {
  if (events.length === 0) return;
  await client.query(LOCK);
  const results = events.map(({ told }) => told.result);
  await client.query(
    `insert into event (key, id, at, priority, state, facility, scope, sender, monitor, plugin, trigger, notification, item, sub, application, message, original, why, before, last_at)
     select key, id, to_timestamp(at_ms / 1000.0), priority, state, facility, scope, sender, monitor, plugin, trigger, notification, item, sub, application, message, original, why, before, to_timestamp(at_ms / 1000.0)
     from unnest($1::bytea[], $2::text[], $3::float8[], $4::smallint[], $5::smallint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
       $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::smallint[])
       with ordinality as t(key, id, at_ms, priority, state, facility, scope, sender, monitor, plugin, trigger, notification, item, sub, application, message, original, why, before, place)
     order by place on conflict (key) do nothing`,
    [
      events.map(({ told }) => rowKey(told.id)),
      events.map(({ told }) => storable(told.id)),
      results.map(({ atMs }) => atMs),
      results.map(({ priority }) => numberOf(priority)),
      events.map(({ state }) => EVENT_STATES.indexOf(state)),
      results.map(({ facility }) => facility),
      events.map(({ scope }) => storable(scope)),
      results.map(({ sender }) => (sender === null ? null : storable(sender))),
      results.map(({ monitor }) => monitor),
      results.map(({ plugin }) => plugin),
      results.map(({ trigger }) => trigger),
      events.map(({ told }) => told.notification),
      results.map(({ item }) => storable(item)),
      results.map(({ sub }) => storable(sub)),
      results.map(({ application }) => storable(application)),
      results.map(({ message }) => storable(message)),
      results.map(({ original }) => storable(original)),
      events.map(({ told }) => told.why),
      events.map(({ told }) => (told.before === null ? null : numberOf(told.before))),
    ],
  );
}

/** In the transaction of a batch: events that stand for more than themselves. */
export async function foldEvents(client: ClientBase, folds: readonly EventFold[]): Promise<void> {
  if (folds.length === 0) return;
  const each = [...lastOfEach(folds, ({ into }) => rowKey(into)).values()];
  await client.query(
    `update event e set folded = greatest(e.folded, t.count), last_at = greatest(e.last_at, to_timestamp(t.at_ms / 1000.0))
     from unnest($1::bytea[], $2::int[], $3::float8[]) as t(key, count, at_ms) where e.key = t.key`,
    [each.map(({ key }) => key), each.map(({ one }) => one.count), each.map(({ one }) => one.atMs)],
  );
}

export interface EventAlteration {
  readonly numbers: readonly number[];
  readonly state?: EventState;
  /** null = none any more. */
  readonly comment?: string | null;
  readonly owner?: string | null;
  /** Others than what belongs to one of these roles are not there; missing: all are. */
  readonly ownerRoles?: readonly string[];
  readonly by: string;
}

/**
 * In a transaction of the owner. What is as asked for already stays, and nothing is written of it.
 * @returns those that were changed, and those that there are not.
 */
export async function changeEvents(
  db: Kysely<Database>,
  { numbers, state, comment, owner, ownerRoles, by }: EventAlteration,
): Promise<{ readonly changed: readonly number[]; readonly unknown: readonly number[] }> {
  await sql.raw(LOCK).execute(db);
  const wanted = {
    state: state === undefined ? null : EVENT_STATES.indexOf(state),
    owner: owner === undefined ? null : storable(owner ?? ''),
    comment: comment === undefined ? null : storable(comment ?? ''),
  };
  const theirs = ownerRoles === undefined ? sql`true` : theirsOf(ownerRoles);
  const { rows } = await sql<{ number: string; changed: boolean }>`
    with old as (
      select number, state, owner, comment from event e where number = any(${[...numbers]}::bigint[]) and ${theirs} order by number for update
    ), changed as (
      update event e set
        state = coalesce(${wanted.state}::smallint, e.state),
        owner = case when ${wanted.owner}::text is null then e.owner else nullif(${wanted.owner}::text, '') end,
        comment = case when ${wanted.comment}::text is null then e.comment else nullif(${wanted.comment}::text, '') end,
        changed_at = clock_timestamp(), changed_by = ${by}, revision = e.revision + 1
      from old where e.number = old.number and (
        (${wanted.state}::smallint is not null and e.state <> ${wanted.state}::smallint)
        or (${wanted.owner}::text is not null and coalesce(e.owner, '') <> ${wanted.owner}::text)
        or (${wanted.comment}::text is not null and coalesce(e.comment, '') <> ${wanted.comment}::text)
      ) returning e.number, e.state, e.owner, e.comment
    ), noted as (
      insert into event_history (event, by, action, detail)
      select o.number, ${by}, what.action, jsonb_build_object('from', what.was, 'to', what.now)
      from old o join changed c using (number), lateral (values
        ('state', to_jsonb((${EVENT_STATES as readonly string[]}::text[])[o.state + 1]), to_jsonb((${EVENT_STATES as readonly string[]}::text[])[c.state + 1])),
        ('owner', to_jsonb(o.owner), to_jsonb(c.owner)),
        ('comment', to_jsonb(o.comment), to_jsonb(c.comment))
      ) as what(action, was, now)
      where what.was is distinct from what.now
      order by o.number
    )
    select old.number, changed.number is not null as changed from old left join changed using (number) order by old.number`.execute(
    db,
  );
  const known = new Set(rows.map(({ number }) => Number(number)));
  return {
    changed: rows.filter(({ changed }) => changed).map(({ number }) => Number(number)),
    unknown: numbers.filter((number) => !known.has(number)),
  };
}

const theirsOf = (ownerRoles: readonly string[]) => {
  const [first, ...others] = ownedBy('?', 'e.monitor', 'e.plugin').split('?');
  const roles = sql`${[...ownerRoles]}`;
  return others.reduce((before, after) => sql`${before}${roles}${sql.raw(after)}`, sql.raw(first!));
};

const US = (column: string): string => `(extract(epoch from e.${column}) * 1000)::bigint`;
const COLUMNS = `e.number, e.id, ${US('at')} as at_ms, ${US('stored_at')} as stored_ms, e.priority, e.state, e.facility, e.scope, e.sender, e.monitor, e.plugin,
  e.trigger, e.notification, e.item, e.sub, e.application, e.message, e.why, e.before, e.folded, ${US('last_at')} as last_ms, e.owner, e.comment, ${US('changed_at')} as changed_ms, e.changed_by`;

/** What is shown, and what whoever follows is told. */
export class EventRepository {
  readonly #pool: Pool;
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** The newest first, in the order of storing. @throws InvalidInputError */
  async search(query: EventQuery): Promise<{ readonly rows: readonly EventRow[]; readonly next: string | null }> {
    const limit = query.limit ?? 100;
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
      throw new InvalidInputError('limit', String(limit), `1 to ${MAX_LIMIT}`);
    const where = whereOf(query);
    if (query.before !== undefined) where.also(`e.number < ${where.place(query.before)}`);
    const most = where.place(limit + 1);
    const { rows } = await this.#query<Found>(
      'searching events',
      `select ${COLUMNS} from event e ${where} order by e.number desc limit ${most}`,
      where.values,
    );
    const page = rows.slice(0, limit).map(rowOf);
    return { rows: page, next: rows.length > limit ? String(page.at(-1)?.number) : null };
  }

  /** null = there is none of that number. @param ownerRoles told by what belongs to one of these; missing: by anything. */
  async find(number: number, ownerRoles?: readonly string[]): Promise<EventDetail | null> {
    return await withClient(this.#pool, 'reading an event', READ_DEADLINE_MS, async (client) => {
      const { rows } = await client.query<Found & { original: string }>(
        `select ${COLUMNS}, e.original from event e where e.number = $1${ownerRoles === undefined ? '' : ` and ${ownedBy('$2', 'e.monitor', 'e.plugin')}`}`,
        ownerRoles === undefined ? [number] : [number, [...ownerRoles]],
      );
      const found = rows[0];
      if (found === undefined) return null;
      const history = await client.query<Omit<EventHistory, 'id' | 'at'> & { id: string; at_ms: string }>(
        `select id, ${US('at')} as at_ms, by, action, detail from event_history e where event = $1 order by id`,
        [number],
      );
      return {
        ...rowOf(found),
        original: found.original,
        history: history.rows.map(({ id, at_ms, by, action, detail }) => ({
          ...{ id: Number(id), at: iso(at_ms), by, action, detail },
        })),
      };
    });
  }

  /** How far it is: what comes later has higher numbers. */
  async newest(): Promise<{ readonly number: number; readonly history: number }> {
    const { rows } = await this.#query<{ number: string; history: string }>(
      'asking for the newest event',
      'select (select coalesce(max(number), 0) from event) as number, (select coalesce(max(id), 0) from event_history) as history',
      [],
    );
    return { number: Number(rows[0]!.number), history: Number(rows[0]!.history) };
  }

  /** Those of nobody's confirmation, by priority. */
  async counts(ownerRoles?: readonly string[]): Promise<EventCounts> {
    const { rows } = await this.#query<{ priority: number; count: string; newest: string }>(
      'counting open events',
      `select priority, count(*) as count, max(number) as newest from event e where state < 2${ownerRoles === undefined ? '' : ` and ${ownedBy('$1', 'e.monitor', 'e.plugin')}`} group by priority`,
      ownerRoles === undefined ? [] : [[...ownerRoles]],
    );
    const open = { critical: 0, unknown: 0, warning: 0, info: 0 };
    for (const { priority, count } of rows) open[priorityOf(priority)] = Number(count);
    return { open, newest: Math.max(0, ...rows.map(({ newest }) => Number(newest))) };
  }

  /** New events and those that somebody changed, oldest first, at most `limit` of each. */
  async news(number: number, history: number, limit: number): Promise<EventNews> {
    return await withClient(this.#pool, 'looking for new events', READ_DEADLINE_MS, async (client) => {
      const fresh = await client.query<Found>(`select ${COLUMNS} from event e where e.number > $1 order by e.number limit $2`, [
        ...[number, limit],
      ]);
      const changed = await client.query<Found & { history: string }>(
        `select ${COLUMNS}, h.history from (
           select event, max(id) as history from (select id, event from event_history where id > $1 order by id limit $2) each group by event
         ) h join event e on e.number = h.event order by h.history`,
        [history, limit],
      );
      const isFresh = new Set(fresh.rows.map((row) => row.number));
      return {
        rows: [...changed.rows.filter((row) => !isFresh.has(row.number)), ...fresh.rows].map(rowOf),
        number: Number(fresh.rows.at(-1)?.number ?? number),
        history: Number(changed.rows.at(-1)?.history ?? history),
      };
    });
  }

  async #query<Row extends object>(what: string, text: string, values: readonly unknown[]) {
    return await withClient(this.#pool, what, READ_DEADLINE_MS, async (client) => await client.query<Row>(text, [...values]));
  }
}

function whereOf(query: EventQuery): Where {
  const where = new Where();
  const equal = (column: string, value: string | undefined) => {
    if (value !== undefined) where.also(`e.${column} = ${where.place(storable(value))}`);
  };
  const { states, priorities, facilities } = query;
  // Said so that the index of open ones is used.
  if (states !== undefined && !states.includes('confirmed')) where.also('e.state < 2');
  if (states !== undefined && states.length < EVENT_STATES.length)
    where.also(`e.state = any(${where.place(states.map((state) => EVENT_STATES.indexOf(state)))}::smallint[])`);
  if (priorities?.length === 1) where.also(`e.priority = ${where.place(numberOf(priorities[0]!))}`);
  else if (priorities !== undefined) where.also(`e.priority = any(${where.place(priorities.map(numberOf))}::smallint[])`);
  if (facilities?.length === 1) equal('facility', facilities[0]);
  else if (facilities !== undefined) where.also(`e.facility = any(${where.place([...facilities])}::text[])`);
  for (const column of ['monitor', 'plugin', 'notification', 'owner'] as const) equal(column, query[column]);
  if (query.ownerRoles !== undefined) where.also(ownedBy(where.place([...query.ownerRoles]), 'e.monitor', 'e.plugin'));
  if (query.scope !== undefined) where.also(`e.scope ilike ${where.place(`%${escapeLike(query.scope)}%`)}`);
  if (query.text !== undefined && query.text !== '') where.also(`e.message ilike ${where.place(`%${escapeLike(query.text)}%`)}`);
  if (query.sinceMs !== undefined) where.also(`e.at >= to_timestamp(${where.place(query.sinceMs)}::float8 / 1000)`);
  if (query.untilMs !== undefined) where.also(`e.at < to_timestamp(${where.place(query.untilMs)}::float8 / 1000)`);
  return where;
}

interface Found {
  number: string;
  id: string;
  at_ms: string;
  stored_ms: string;
  priority: number;
  state: number;
  facility: string;
  scope: string;
  sender: string | null;
  monitor: string;
  plugin: string;
  trigger: string;
  notification: string;
  item: string;
  sub: string;
  application: string;
  message: string;
  why: string;
  before: number | null;
  folded: number;
  last_ms: string;
  owner: string | null;
  comment: string | null;
  changed_ms: string | null;
  changed_by: string | null;
}

const iso = (ms: string): string => new Date(Number(ms)).toISOString();

function rowOf(found: Found): EventRow {
  const { id, facility, scope, sender, monitor, plugin, trigger, notification, item, sub, application, message, why } = found;
  return {
    ...{ id, facility, scope, sender, monitor, plugin, trigger, notification, item, sub, application, message, why },
    ...{ number: Number(found.number), at: iso(found.at_ms), storedAt: iso(found.stored_ms) },
    priority: priorityOf(found.priority),
    state: EVENT_STATES[found.state] ?? 'unconfirmed',
    before: found.before === null ? null : priorityOf(found.before),
    ...{ folded: found.folded, lastAt: iso(found.last_ms) },
    ...{ owner: found.owner, comment: found.comment, changedBy: found.changed_by },
    changedAt: found.changed_ms === null ? null : iso(found.changed_ms),
  };
}
