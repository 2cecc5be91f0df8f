import type { InventoryCut, InventoryItem, InventoryKind, InventoryTrouble, KnownItem } from '@yosugara/protocol';
import { type Kysely, sql } from 'kysely';
import type { Database } from './database.js';

export interface StoredInventory {
  readonly node: string;
  /** null: nothing was collected yet. */
  readonly firstAt: Date | null;
  readonly collectedAt: Date | null;
  readonly changedAt: Date | null;
  readonly triedAt: Date;
  readonly why: string | null;
  readonly cut: readonly InventoryCut[];
  readonly troubles: readonly InventoryTrouble[];
}

export interface CollectedInventory {
  readonly begun: readonly InventoryItem[];
  readonly ended: readonly Pick<InventoryItem, 'kind' | 'key'>[];
  readonly cut: readonly InventoryCut[];
  readonly troubles: readonly InventoryTrouble[];
}

/** Where a page ended. */
export type ItemPlace = Pick<KnownItem, 'kind' | 'key' | 'from'>;
export type ChangePlace = { readonly at: string } & Pick<KnownItem, 'kind' | 'key'>;
export type FoundPlace = { readonly name: string; readonly node: string } & Pick<KnownItem, 'key' | 'from'>;

export type ChangedItem = ChangePlace &
  Pick<KnownItem, 'name'> & { readonly before: KnownItem['fields'] | null; readonly after: KnownItem['fields'] | null };
export type FoundItem = KnownItem & { readonly node: string };

export interface ItemsWanted {
  readonly node: string;
  /** null: all. */
  readonly kind: InventoryKind | null;
  /** Part of the name, upper and lower case alike. */
  readonly text: string | null;
  /** null: now. */
  readonly at: Date | null;
  readonly after: ItemPlace | null;
  readonly limit: number;
}

export interface FoundWanted {
  readonly kind: InventoryKind;
  readonly name: string | null;
  readonly contains: string | null;
  readonly at: Date | null;
  readonly after: FoundPlace | null;
  readonly limit: number;
}

type ItemRow = Omit<FoundItem, 'from' | 'to'> & { readonly from: Date; readonly to: Date | null };
const ITEM = sql`node, kind, key, name, fields, from_at as "from", to_at as "to"`;
/** As it was then. @param at null: as it is */
const isThere = (at: Date | null) =>
  at === null ? sql`to_at is null` : sql`from_at <= ${at} and (to_at is null or to_at > ${at})`;
const contains = (text: string | null) => (text === null ? sql`true` : sql`strpos(lower(name), lower(${text})) > 0`);

/** What hosts consist of, and consisted of. */
export class InventoryRepository {
  readonly #db: Kysely<Database>;
  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** Of all, or of one. */
  async nodes(node: string | null = null): Promise<readonly StoredInventory[]> {
    const { rows } = await sql<StoredInventory>`
      select node, first_at as "firstAt", collected_at as "collectedAt", changed_at as "changedAt", tried_at as "triedAt", why, cut, troubles
      from inventory_node where ${node}::text is null or node = ${node}`.execute(this.#db);
    return rows;
  }

  /** As it is now, for whoever writes next: nobody else writes of that node until the transaction ends. */
  async current(node: string, at: Date): Promise<readonly InventoryItem[]> {
    await sql`insert into inventory_node (node, tried_at) values (${node}, ${at})
      on conflict (node) do update set tried_at = inventory_node.tried_at`.execute(this.#db);
    const { rows } = await sql<InventoryItem>`
      select kind, key, name, fields from inventory_item where node = ${node} and to_at is null`.execute(this.#db);
    return rows;
  }

  /**
   * After `current`, in its transaction. Times go forward, whatever the clock does: what begins does so after all that is known of that node.
   * @returns when it is said to be so.
   */
  async collected(node: string, at: Date, { begun, ended, cut, troubles }: CollectedInventory): Promise<Date> {
    const isChanged = begun.length + ended.length > 0;
    const { rows } = await sql<{ at: Date }>`
      update inventory_node set collected_at = x.at, tried_at = x.at, first_at = coalesce(first_at, x.at),
        changed_at = case when ${isChanged} then x.at else changed_at end, why = null,
        cut = ${JSON.stringify(cut)}::jsonb, troubles = ${JSON.stringify(troubles)}::jsonb
      from (select greatest(${at}::timestamptz, collected_at + interval '1 millisecond') as at from inventory_node where node = ${node}) x
      where node = ${node} returning x.at`.execute(this.#db);
    const from = rows[0]!.at;
    if (ended.length > 0)
      await sql`update inventory_item i set to_at = ${from}
        from jsonb_to_recordset(${JSON.stringify(ended)}::jsonb) as e(kind text, key text)
        where i.node = ${node} and i.kind = e.kind and i.key = e.key and i.to_at is null`.execute(this.#db);
    if (begun.length > 0)
      await sql`insert into inventory_item (node, kind, key, name, fields, from_at)
        select ${node}, kind, key, name, fields, ${from}
        from jsonb_to_recordset(${JSON.stringify(begun)}::jsonb) as b(kind text, key text, name text, fields jsonb)`.execute(
        this.#db,
      );
    return from;
  }

  /** What was known stays. */
  async failed(node: string, at: Date, why: string): Promise<void> {
    await sql`insert into inventory_node (node, tried_at, why) values (${node}, ${at}, ${why})
      on conflict (node) do update set tried_at = excluded.tried_at, why = excluded.why`.execute(this.#db);
  }

  async counts(node: string): Promise<readonly { readonly kind: InventoryKind; readonly count: number }[]> {
    const { rows } = await sql<{ kind: InventoryKind; count: number }>`
      select kind, count(*)::int as count from inventory_item where node = ${node} and to_at is null group by kind order by kind`.execute(
      this.#db,
    );
    return rows;
  }

  /** By kind and key. */
  async items({ node, kind, text, at, after, limit }: ItemsWanted): Promise<readonly KnownItem[]> {
    const { rows } = await sql<ItemRow>`
      select ${ITEM} from inventory_item where node = ${node} and (${kind}::text is null or kind = ${kind}) and ${isThere(at)} and ${contains(text)}
        and ${after === null ? sql`true` : sql`(kind, key, from_at) > (${after.kind}, ${after.key}, ${after.from}::timestamptz)`}
      order by kind, key, from_at limit ${limit}`.execute(this.#db);
    return rows.map(({ node: _, ...row }) => itemOf(row));
  }

  /** Newest first, from after `from` up to `to`. What was found when a node was looked at first is no change. */
  async changes(
    node: string,
    {
      from,
      to,
      after,
      limit,
    }: { readonly from: Date; readonly to: Date; readonly after: ChangePlace | null; readonly limit: number },
  ): Promise<readonly ChangedItem[]> {
    const { rows } = await sql<Omit<ChangedItem, 'at'> & { readonly at: Date }>`
      with begun as (
        select i.* from inventory_item i join inventory_node n using (node)
        where i.node = ${node} and i.from_at > greatest(${from}::timestamptz, n.first_at) and i.from_at <= ${to}
      ), ended as (
        select * from inventory_item where node = ${node} and to_at > ${from} and to_at <= ${to}
      ), changed as (
        select coalesce(b.from_at, e.to_at) as at, coalesce(b.kind, e.kind) as kind, coalesce(b.key, e.key) as key,
          coalesce(b.name, e.name) as name, e.fields as before, b.fields as after
        from begun b full join ended e on e.kind = b.kind and e.key = b.key and e.to_at = b.from_at
      )
      select * from changed
      where ${after === null ? sql`true` : sql`(at < ${after.at}::timestamptz or (at = ${after.at}::timestamptz and (kind, key) > (${after.kind}, ${after.key})))`}
      order by at desc, kind, key limit ${limit}`.execute(this.#db);
    return rows.map(({ at, ...row }) => ({ ...row, at: at.toISOString() }));
  }

  /** Of all nodes, by name, node and key. */
  async find({ kind, name, contains: part, at, after, limit }: FoundWanted): Promise<readonly FoundItem[]> {
    const { rows } = await sql<ItemRow>`
      select ${ITEM} from inventory_item where kind = ${kind} and ${name === null ? sql`true` : sql`name = ${name}`}
        and ${isThere(at)} and ${contains(part)}
        and ${after === null ? sql`true` : sql`(name, node, key, from_at) > (${after.name}, ${after.node}, ${after.key}, ${after.from}::timestamptz)`}
      order by name, node, key, from_at limit ${limit}`.execute(this.#db);
    return rows.map(itemOf);
  }
}

const itemOf = <Row extends Pick<ItemRow, 'from' | 'to'>>(row: Row) => ({
  ...row,
  from: row.from.toISOString(),
  to: row.to?.toISOString() ?? null,
});
