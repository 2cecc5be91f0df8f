import type { Told } from '@yosugara/operations';
import type {
  EscalationSeen,
  EscalationStep,
  OutboxDepth,
  OutboxEntry,
  OutboxQuestion,
  OutboxStore,
  QueuedEntry,
  Settlement,
} from '@yosugara/runtime';
import { INTERNAL_NOTIFICATION, StaleEpochError } from '@yosugara/runtime';
import type { ClientBase, Pool, PoolClient } from 'pg';
import { withClient } from './deadline.js';
import { claim } from './message-repository.js';
import { priorityOf } from './priorities.js';
import { rowKey, storable, storableJson } from './row-key.js';

const DEADLINE_MS = 5_000;
const CLIENT_MARGIN_MS = 1_000;
const FORGET_AT_ONCE = 5_000;
const CONFIRMED = 2;
const MAX_NOTE_CHARS = 2_000;

/**
 * In a transaction that holds the epoch: with what it follows from, or not at all. Whose id is there already is not put in again, nor is a
 * second escalation of a problem while one is under way.
 */
export async function insertOutbox(client: ClientBase, all: readonly OutboxEntry[]): Promise<void> {
  const entries = oneOfEachChain(all);
  if (entries.length === 0) return;
  await endReplaced(client, entries);
  await client.query(
    `insert into outbox (key, id, destination, escalates, told, payload, due_at, until_at, chain)
     select key, id, destination, escalates, told, payload, to_timestamp(due_ms / 1000.0), to_timestamp(until_ms / 1000.0), chain
     from unnest($1::bytea[], $2::text[], $3::text[], $4::boolean[], $5::jsonb[], $6::jsonb[], $7::bigint[], $8::bigint[], $9::bytea[])
       with ordinality as t(key, id, destination, escalates, told, payload, due_ms, until_ms, chain, at)
     order by at on conflict do nothing`,
    [
      entries.map(({ told }) => rowKey(told.id)),
      entries.map(({ told }) => storable(told.id)),
      entries.map(destinationOf),
      entries.map(({ told }) => told.kind === 'escalation'),
      entries.map(({ told }) => storableJson(told)),
      entries.map(({ payload }) => storableJson(payload)),
      entries.map(({ dueAtMs }) => Math.round(dueAtMs)),
      entries.map(({ untilMs }) => Math.round(untilMs)),
      entries.map(chainKeyOf),
    ],
  );
}

const chainKeyOf = ({ chain }: OutboxEntry): Buffer | null => (chain === undefined ? null : rowKey(...chain.key));

/** Of several escalations of one problem the last that replaces the others, else the first. */
function oneOfEachChain(entries: readonly OutboxEntry[]): readonly OutboxEntry[] {
  const begun = new Map<string, OutboxEntry>();
  for (const entry of entries) {
    if (entry.chain === undefined) continue;
    const key = JSON.stringify(entry.chain.key);
    if (entry.chain.replaces || !begun.has(key)) begun.set(key, entry);
  }
  return entries.filter((entry) => entry.chain === undefined || begun.get(JSON.stringify(entry.chain.key)) === entry);
}

async function endReplaced(client: ClientBase, entries: readonly OutboxEntry[]): Promise<void> {
  const replacing = entries.filter(({ chain }) => chain?.replaces === true);
  if (replacing.length === 0) return;
  await client.query(
    `update outbox o set state = 1, settled_at = clock_timestamp(), note = 'another problem began'
     from unnest($1::bytea[], $2::bytea[]) as t(chain, key)
     where o.chain = t.chain and o.state = 0 and o.escalates and not exists (select from outbox same where same.key = t.key)`,
    [replacing.map(chainKeyOf), replacing.map(({ told }) => rowKey(told.id))],
  );
}

/** Escalations wait for hours, and none for another one. */
const destinationOf = ({ told }: OutboxEntry): string => (told.kind === 'escalation' ? storable(told.id) : told.notification);

interface OutboxRow {
  destination: string;
  told: Told;
  payload: unknown;
  due_ms: string;
  until_ms: string;
  attempts: number;
  note: string | null;
}

const MS = (column: string) => `floor(extract(epoch from ${column}) * 1000)::bigint`;
const COLUMNS = `destination, told, payload, ${MS('due_at')} as due_ms, ${MS('until_at')} as until_ms, attempts, note`;

/** From head to head of the index: what is behind them is not read, however long the queue is. */
const DUE = `
  with recursive heads as (
    (select destination, number, due_at from outbox where state = 0 and not escalates order by destination, number limit 1)
    union all
    select after.* from heads cross join lateral (
      select destination, number, due_at from outbox
      where state = 0 and not escalates and destination > heads.destination order by destination, number limit 1
    ) after
  ), due as (
    select destination from heads
    where due_at <= to_timestamp($1 / 1000.0) and not destination = any($2::text[]) order by number limit $3
  )
  select each.* from due cross join lateral (
    select number, ${COLUMNS} from outbox
    where state = 0 and not escalates and destination = due.destination order by number limit $4
  ) each order by each.number`;

const DUE_ESCALATIONS = `
  select ${COLUMNS} from outbox
  where state = 0 and escalates and due_at <= to_timestamp($1 / 1000.0) and not destination = any($2::text[])
  order by outbox.due_at limit $3`;

/**
 * Whoever confirms a later event of the problem means all of it; what was born confirmed nobody looked at. What was told and is not
 * remembered as told any more had another priority in between (libs/operations/src/notifications/rules.ts).
 */
const LOOK_AT_ESCALATION = `
  with memory as (
    select key, priority, told_priority, told_at from notify_memory where key = any($3::bytea[]) order by key = $4::bytea desc limit 1
  )
  select exists (select from event where key = any($1::bytea[]) and state = $2)
      or exists (select from event
        where facility = $6 and monitor = $5 and item = $7 and (sub = $8 or (select key <> $4::bytea from memory))
          and number > (select min(number) from event where key = any($1::bytea[])) and state = $2 and changed_by is not null) as confirmed,
    (select priority from memory) as latest, (select told_priority is null and told_at is not null from memory) as was_over`;

/** What leaves the cluster, until it has left. */
export class OutboxRepository implements OutboxStore {
  readonly #pool: Pool;
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async dueOutbox(question: OutboxQuestion, epoch: number): Promise<readonly QueuedEntry[]> {
    const { nowMs, except, destinations, each } = question;
    return await withClient(this.#pool, 'reading the outbox', DEADLINE_MS + CLIENT_MARGIN_MS, async (client) => {
      // Only looked at: a lock on it would be a write of every look. Who sends asks for the lease before each try.
      const { rows: owner } = await client.query<{ epoch: string }>('select epoch from ownership');
      const stored = Number(owner[0]?.epoch);
      if (stored > epoch) throw new StaleEpochError(epoch, stored);
      const { rows: waiting } = await client.query<OutboxRow>(DUE, [nowMs, except, destinations, each]);
      const { rows: escalations } = await client.query<OutboxRow>(DUE_ESCALATIONS, [nowMs, except, destinations]);
      return [...waiting, ...escalations].map(entryOf);
    });
  }

  async settleOutbox(settlement: Settlement, epoch: number): Promise<void> {
    await this.#write('marking what was sent', epoch, async (client) => void (await settle(client, settlement)));
  }

  async stepEscalation(id: string, { insert, next, why, atMs }: EscalationStep, epoch: number): Promise<void> {
    await this.#write('taking an escalation further', epoch, async (client) => {
      // What another problem ended meanwhile, or what was said twice, tells nothing any more.
      const isOpen =
        next === null ? await settle(client, { id, kind: 'done', atMs, note: why }) : await goOn(client, id, next, why);
      if (isOpen) await insertOutbox(client, insert);
    });
  }

  async lookAtEscalation({ notification, result }: Told, into: readonly string[]): Promise<EscalationSeen> {
    return await withClient(this.#pool, 'looking at an escalation', DEADLINE_MS + CLIENT_MARGIN_MS, async (client) => {
      const events = [...[...result.notifications, INTERNAL_NOTIFICATION].map((id) => `${result.id}/${id}`), ...into].map((id) =>
        rowKey(id),
      );
      const { monitor, facility, item, sub } = result;
      // By whichever of the two it counts: rules of one item together, or each by itself.
      const memories = [sub, ''].map((each) => rowKey(notification, monitor, facility, item, each));
      const { rows } = await client.query<{ confirmed: boolean; latest: number | null; was_over: boolean | null }>(
        LOOK_AT_ESCALATION,
        [events, CONFIRMED, memories, memories[0], monitor, facility, storable(item), storable(sub)],
      );
      const { confirmed = false, latest = null, was_over: wasOver } = rows[0] ?? {};
      return { confirmed, latest: latest === null ? null : priorityOf(latest), wasOver: wasOver === true };
    });
  }

  async outboxDepth(nowMs: number): Promise<OutboxDepth> {
    return await withClient(this.#pool, 'counting the outbox', DEADLINE_MS + CLIENT_MARGIN_MS, async (client) => {
      const { rows } = await client.query<{ waiting: string; oldest: string | null; escalations: string }>(
        `select count(*) filter (where not escalates) as waiting, count(*) filter (where escalates) as escalations,
           ${MS('min(created_at) filter (where not escalates and due_at <= to_timestamp($1 / 1000.0))')} as oldest
         from outbox where state = 0`,
        [nowMs],
      );
      const { waiting = '0', oldest = null, escalations = '0' } = rows[0] ?? {};
      return {
        waiting: Number(waiting),
        oldestAtMs: oldest === null ? null : Number(oldest),
        escalations: Number(escalations),
      };
    });
  }

  async forgetOutbox(beforeMs: number, epoch: number): Promise<number> {
    return await this.#write('forgetting what was sent', epoch, async (client) => {
      const { rowCount } = await client.query(
        `delete from outbox where number in (
           select number from outbox where state > 0 and settled_at < to_timestamp($1 / 1000.0) order by settled_at limit ${FORGET_AT_ONCE})`,
        [Math.round(beforeMs)],
      );
      return rowCount ?? 0;
    });
  }

  async #write<T>(what: string, epoch: number, work: (client: PoolClient) => Promise<T>): Promise<T> {
    return await withClient(this.#pool, what, DEADLINE_MS + CLIENT_MARGIN_MS, async (client, commit) => {
      await client.query(`begin; set local statement_timeout = ${DEADLINE_MS}`);
      await claim(client, epoch);
      const value = await work(client);
      await commit();
      return value;
    });
  }
}

async function goOn(client: ClientBase, id: string, next: NonNullable<EscalationStep['next']>, why: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `update outbox set payload = $2, due_at = to_timestamp($3 / 1000.0), attempts = attempts + 1, note = $4 where key = $1 and state = 0`,
    [rowKey(id), storableJson({ kind: 'escalation', memory: next.memory }), Math.round(next.dueAtMs), noteOf(why)],
  );
  return rowCount === 1;
}

/** @returns whether it waited. */
async function settle(client: ClientBase, settlement: Settlement): Promise<boolean> {
  const key = rowKey(settlement.id);
  if (settlement.kind === 'again') {
    const { rowCount } = await client.query(
      `update outbox set due_at = to_timestamp($2 / 1000.0), attempts = attempts + 1, note = $3 where key = $1 and state = 0`,
      [key, Math.round(settlement.dueAtMs), noteOf(settlement.note)],
    );
    return rowCount === 1;
  }
  const { rowCount } = await client.query(
    `update outbox set state = $2, settled_at = to_timestamp($3 / 1000.0), attempts = attempts + 1, note = $4 where key = $1 and state = 0`,
    [
      key,
      settlement.kind === 'done' ? 1 : 2,
      Math.round(settlement.atMs),
      settlement.note === null ? null : noteOf(settlement.note),
    ],
  );
  return rowCount === 1;
}

const noteOf = (note: string): string => storable(note).slice(0, MAX_NOTE_CHARS);

function entryOf({ destination, told, payload, due_ms, until_ms, attempts, note }: OutboxRow): QueuedEntry {
  return { destination, told, payload, dueAtMs: Number(due_ms), untilMs: Number(until_ms), attempts, note };
}
