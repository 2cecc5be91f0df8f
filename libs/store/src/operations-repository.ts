import type { NotifyMemory } from '@yosugara/operations';
import {
  type MonitorMemory,
  type OperationsBatch,
  type OperationsMemory,
  type OperationsStore,
  StaleProgressError,
  type TickDone,
} from '@yosugara/runtime';
import type { ClientBase, Pool } from 'pg';
import { ensureCollected, insertCollected, Series } from './collected-repository.js';
import { withClient } from './deadline.js';
import { foldEvents, insertEvents } from './events-repository.js';
import { claim } from './message-repository.js';
import { insertOutbox } from './outbox-repository.js';
import type { Partitions } from './partitions.js';
import { numberOf, priorityOf } from './priorities.js';
import { lastOfEach, rowKey, storable, storableJson } from './row-key.js';
import { upsertStatuses } from './statuses-repository.js';

const STORE_DEADLINE_MS = 5_000;
const CLIENT_MARGIN_MS = 1_000;
const READ_DEADLINE_MS = 30_000;
const ONE_DEADLINE_MS = 5_000;

/** What monitors bring about. The transaction of ingest calls `write` for what follows from its rows. */
export class OperationsRepository implements OperationsStore {
  readonly #pool: Pool;
  readonly #partitions: Partitions;
  readonly #series = new Series();

  /** @param partitions of `collected`. */
  constructor(pool: Pool, partitions: Partitions) {
    this.#pool = pool;
    this.#partitions = partitions;
  }

  async storeOperations(batch: OperationsBatch, epoch: number, version: number): Promise<void> {
    try {
      await this.prepare(batch);
      await withClient(
        this.#pool,
        'storing what monitors brought about',
        STORE_DEADLINE_MS + CLIENT_MARGIN_MS,
        async (client, commit) => {
          await client.query(`begin; set local statement_timeout = ${STORE_DEADLINE_MS}`);
          await claim(client, epoch);
          const moved = await client.query('update operations_progress set version = version + 1 where version = $1', [version]);
          if (moved.rowCount !== 1) throw new StaleProgressError(version);
          await this.write(client, batch);
          await commit();
        },
      );
    } catch (error) {
      this.forget();
      throw error;
    }
  }

  /** Before the transaction: what it needs to be there and cannot make itself without locking others out. */
  async prepare(batch: OperationsBatch): Promise<void> {
    await ensureCollected(this.#partitions, batch.collected);
  }

  /** In a transaction that holds the epoch. Few statements, however much there is. */
  async write(client: ClientBase, batch: OperationsBatch): Promise<void> {
    await writeMonitorMemory(client, batch.monitorMemory);
    await writeNotifyMemory(client, batch.notifyMemory);
    await writeTicks(client, batch.ticks);
    await upsertStatuses(client, batch.statuses);
    await insertCollected(client, batch.collected, this.#series);
    await insertOutbox(client, batch.outbox);
    // Last: it takes a lock that is held until the commit is over.
    await insertEvents(client, batch.events);
    await foldEvents(client, batch.folds ?? []);
  }

  /** After any failure: what was remembered may never have been committed. */
  forget(): void {
    this.#partitions.forget();
    this.#series.clear();
  }

  async loadMemory(): Promise<OperationsMemory> {
    return await withClient(this.#pool, 'loading the memories of monitors', READ_DEADLINE_MS, async (client) => {
      // One snapshot: memories and version of the same instant.
      await client.query(`begin isolation level repeatable read read only; set local statement_timeout = ${READ_DEADLINE_MS}`);
      const { rows: progress } = await client.query<{ version: string }>('select version from operations_progress');
      const { rows: monitors } = await client.query<MonitorMemory>('select monitor, facility, item, state from monitor_memory');
      const { rows: notifications } = await client.query<NotifyRow>(
        `select notification, monitor, facility, item, sub, priority, count, told_priority, ${MS('told_at')} as told_at_ms from notify_memory`,
      );
      const { rows: ticks } = await client.query<{ monitor: string; facility: string; due_at_ms: string; skipped: string }>(
        `select monitor, facility, ${MS('due_at')} as due_at_ms, skipped from tick`,
      );
      await client.query('commit');
      return {
        version: Number(progress[0]?.version ?? 0),
        monitors,
        notifications: notifications.map(notifyMemoryOf),
        ticks: ticks.map(
          (row): TickDone => ({
            ...{ monitor: row.monitor, facility: row.facility },
            ...{ dueAtMs: Number(row.due_at_ms), skipped: Number(row.skipped) },
          }),
        ),
      };
    });
  }
}

/** What is remembered of one item, as it is committed; null = nothing. */
export async function memoryOf(pool: Pool, { monitor, facility, item }: Omit<MonitorMemory, 'state'>): Promise<unknown> {
  return await withClient(pool, 'reading the memory of a monitor', ONE_DEADLINE_MS, async (client) => {
    const { rows } = await client.query<{ state: unknown }>('select state from monitor_memory where key = $1', [
      rowKey(monitor, facility, item),
    ]);
    return rows[0]?.state ?? null;
  });
}

const MS = (column: string): string => `(extract(epoch from ${column}) * 1000)::bigint`;

interface NotifyRow {
  notification: string;
  monitor: string;
  facility: string;
  item: string;
  sub: string;
  priority: number;
  count: number;
  told_priority: number | null;
  told_at_ms: string | null;
}

function notifyMemoryOf({ priority, told_priority, told_at_ms, ...row }: NotifyRow): NotifyMemory {
  return {
    ...row,
    priority: priorityOf(priority),
    toldPriority: told_priority === null ? null : priorityOf(told_priority),
    toldAtMs: told_at_ms === null ? null : Number(told_at_ms),
  };
}

async function writeMonitorMemory(client: ClientBase, memories: readonly MonitorMemory[]): Promise<void> {
  if (memories.length === 0) return;
  const each = [...lastOfEach(memories, ({ monitor, facility, item }) => rowKey(monitor, facility, item)).values()];
  const kept = each.filter(({ one }) => one.state !== null && one.state !== undefined);
  const gone = each.filter(({ one }) => one.state === null || one.state === undefined);
  if (gone.length > 0) await client.query('delete from monitor_memory where key = any($1)', [gone.map(({ key }) => key)]);
  if (kept.length === 0) return;
  await client.query(
    `insert into monitor_memory (key, monitor, facility, item, state) select * from unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::jsonb[])
     on conflict (key) do update set state = excluded.state`,
    [
      kept.map(({ key }) => key),
      kept.map(({ one }) => one.monitor),
      kept.map(({ one }) => one.facility),
      kept.map(({ one }) => storable(one.item)),
      kept.map(({ one }) => storableJson(one.state)),
    ],
  );
}

async function writeNotifyMemory(client: ClientBase, memories: readonly NotifyMemory[]): Promise<void> {
  if (memories.length === 0) return;
  const keyed = lastOfEach(memories, (one) => rowKey(one.notification, one.monitor, one.facility, one.item, one.sub));
  const each = [...keyed.values()];
  const all = each.map(({ one }) => one);
  await client.query(
    `insert into notify_memory (key, notification, monitor, facility, item, sub, priority, count, told_priority, told_at)
     select key, notification, monitor, facility, item, sub, priority, count, told_priority, to_timestamp(told_ms / 1000.0)
     from unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::smallint[], $8::int[], $9::smallint[], $10::bigint[])
       as t(key, notification, monitor, facility, item, sub, priority, count, told_priority, told_ms)
     on conflict (key) do update set priority = excluded.priority, count = excluded.count, told_priority = excluded.told_priority, told_at = excluded.told_at`,
    [
      each.map(({ key }) => key),
      all.map((one) => one.notification),
      all.map((one) => one.monitor),
      all.map((one) => one.facility),
      all.map((one) => storable(one.item)),
      all.map((one) => storable(one.sub)),
      all.map((one) => numberOf(one.priority)),
      all.map((one) => one.count),
      all.map((one) => (one.toldPriority === null ? null : numberOf(one.toldPriority))),
      all.map((one) => (one.toldAtMs === null ? null : Math.round(one.toldAtMs))),
    ],
  );
}

async function writeTicks(client: ClientBase, ticks: readonly TickDone[]): Promise<void> {
  if (ticks.length === 0) return;
  const sums = new Map<string, TickDone>();
  for (const tick of ticks) {
    const key = JSON.stringify([tick.monitor, tick.facility]);
    const before = sums.get(key);
    const newest = Math.max(tick.dueAtMs, before?.dueAtMs ?? 0);
    sums.set(key, { ...tick, dueAtMs: newest, skipped: tick.skipped + (before?.skipped ?? 0) });
  }
  const all = [...sums.values()];
  await client.query(
    `insert into tick (monitor, facility, due_at, skipped)
     select monitor, facility, to_timestamp(due_ms / 1000.0), skipped
     from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) as t(monitor, facility, due_ms, skipped)
     on conflict (monitor, facility) do update set due_at = excluded.due_at, skipped = tick.skipped + excluded.skipped`,
    [
      all.map(({ monitor }) => monitor),
      all.map(({ facility }) => facility),
      all.map(({ dueAtMs }) => dueAtMs),
      all.map(({ skipped }) => skipped),
    ],
  );
}
