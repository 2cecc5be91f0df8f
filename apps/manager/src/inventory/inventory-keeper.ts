import type { AgentsInside } from '@yosugara/connectors';
import { type Clock, explain, type Log } from '@yosugara/kernel';
import { inventoryDueMs } from '@yosugara/operations';
import { INVENTORY_DEADLINE_MS, type InventoryCollected } from '@yosugara/protocol';
import type { StoredInventory } from '@yosugara/store';
import type { AgentWork } from '../agents/agent-work.js';
import type { LiveSettings } from '../settings/live-settings.js';
import type { InventoryTables } from './inventory-tables.js';
import { InventoryError, unpackInventory } from './unpack.js';

const LOOK_MS = 2_000;
/** By the schedule, at one time. */
const PLACES = 2;
/** After a look that failed. */
const AGAIN_MS = 15 * 60_000;
const MOST_WHY = 1_000;

export interface InventoryKeeperOptions {
  readonly tables: InventoryTables;
  readonly links: Pick<AgentsInside, 'connected' | 'canInventory' | 'inventory'>;
  readonly live: Pick<LiveSettings, 'snapshot'>;
  /** 0: only when somebody asks. */
  readonly everyHours: number;
  readonly clock: Clock;
  readonly log: Log;
}

type Last = Pick<StoredInventory, 'collectedAt' | 'triedAt' | 'why'>;

/** Asks agents what their hosts consist of: each by the schedule, and at once when somebody wants to know. When was asked last is in the database. */
export class InventoryKeeper {
  readonly #o: InventoryKeeperOptions;
  readonly #underWay = new Map<string, Promise<InventoryCollected>>();
  readonly #last = new Map<string, Last>();

  constructor(options: InventoryKeeperOptions) {
    this.#o = options;
  }

  canCollect(node: string): boolean {
    return this.#o.links.canInventory(node);
  }

  /** null: not by the schedule. @param last null: it was never asked */
  nextMs(node: string, last: Last | null): number | null {
    const { everyHours } = this.#o;
    if (everyHours === 0) return null;
    if (last !== null && last.why !== null) return last.triedAt.getTime() + AGAIN_MS;
    return inventoryDueMs(node, last?.collectedAt?.getTime() ?? null, everyHours);
  }

  /** As long as that node serves. */
  async run(work: AgentWork): Promise<void> {
    let isRead = false;
    while (!work.isOver) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      try {
        if (!isRead && !work.isOver) await this.#read();
        isRead = true;
        if (!work.isOver) await this.#look(work);
      } catch (error) {
        this.#o.log.debug('inventory.notLooked', { why: explain(error) });
      }
    }
  }

  /** Whoever asks meanwhile is answered by the same look. @throws InventoryError, what a write throws */
  collect(node: string, work: AgentWork): Promise<InventoryCollected> {
    const before = this.#underWay.get(node);
    if (before !== undefined) return before;
    const begun = this.#collect(node, work).finally(() => this.#underWay.delete(node));
    this.#underWay.set(node, begun);
    return begun;
  }

  /** What every Master before committed. */
  async #read(): Promise<void> {
    this.#last.clear();
    for (const { node, ...last } of await this.#o.tables.nodes()) this.#last.set(node, last);
  }

  async #look(work: AgentWork): Promise<void> {
    const { links, live, clock, log } = this.#o;
    const nowMs = clock.wallMs();
    const due = links
      .connected()
      .filter((node) => links.canInventory(node) && live.snapshot.get('node', node)?.enabled === true)
      .map((node) => ({ node, atMs: this.nextMs(node, this.#last.get(node) ?? null) }))
      .filter(({ atMs }) => atMs !== null && atMs <= nowMs)
      .sort((one, other) => one.atMs! - other.atMs!)
      .map(({ node }) => node);
    const next = due.values();
    const place = async () => {
      for (const node of next) {
        if (work.isOver) return;
        await this.collect(node, work).catch((error: unknown) => log.warn('inventory.failed', { node, why: explain(error) }));
      }
    };
    await Promise.all(Array.from({ length: PLACES }, place));
  }

  async #collect(node: string, work: AgentWork): Promise<InventoryCollected> {
    const { tables, clock } = this.#o;
    try {
      const inventory = await unpackInventory(await this.#ask(node));
      const now = new Date(clock.wallMs());
      const done = await tables.collected(node, inventory, now, work);
      this.#last.set(node, { collectedAt: new Date(done.collectedAt), triedAt: now, why: null });
      return done;
    } catch (error) {
      const triedAt = new Date(clock.wallMs());
      const why = explain(error).slice(0, MOST_WHY);
      this.#last.set(node, { collectedAt: this.#last.get(node)?.collectedAt ?? null, triedAt, why });
      // What could not be written may not be written of either: it is asked again all the same.
      if (error instanceof InventoryError)
        await tables
          .failed(node, triedAt, why, work)
          .catch((cause: unknown) => this.#o.log.debug('inventory.notNoted', { why: explain(cause) }));
      throw error;
    }
  }

  async #ask(node: string): Promise<string> {
    try {
      const { packed, why } = await this.#o.links.inventory(node, INVENTORY_DEADLINE_MS, new AbortController().signal);
      if (packed === null) throw new InventoryError(`its agent could not look: ${why}`);
      return packed;
    } catch (error) {
      throw error instanceof InventoryError ? error : new InventoryError(explain(error), error);
    }
  }
}
