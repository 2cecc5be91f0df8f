import { Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Clock } from '@yosugara/kernel';
import {
  type InventoryChanges,
  InventoryChangesSchema,
  type InventoryCollected,
  InventoryCollectedSchema,
  type InventoryItems,
  InventoryItemsSchema,
  InventoryKindSchema,
  isPlainText,
  type NodeInventory,
  NodeInventorySchema,
} from '@yosugara/protocol';
import { z } from 'zod';
import { Needs } from '../access/needs.js';
import type { Agents } from '../agents/agents.js';
import { forbidden } from '../auth/gate.js';
import { AllowsProbeToken, Asker, type Identity, NeedsActive } from '../auth/identity.js';
import type { Authority } from '../control/authority.js';
import { ApiRefusals, Refuses } from '../http/api-docs.js';
import { Repeatable } from '../http/commands.js';
import { ApiRefusal } from '../http/errors.js';
import { instant, parseInstant } from '../messages/query.js';
import { LiveSettings } from '../settings/live-settings.js';
import type { ManagerStore } from '../store/ports.js';
import { AGENTS, type ApiSettings, AUTHORITY, CLOCK, SETTINGS, STORE } from '../tokens.js';
import { changeCursor, itemCursor } from './pages.js';
import { InventoryError } from './unpack.js';

const after = z.string().max(4_096).describe('`next` of the page before').optional();
const limit = z.coerce.number().int().min(1).max(1_000).default(200);
const ItemsQuery = z.strictObject({
  kind: InventoryKindSchema.optional(),
  text: z
    .string()
    .min(1)
    .max(256)
    .refine(isPlainText, 'a text without control characters')
    .describe('Part of the name, upper and lower case alike')
    .optional(),
  at: instant.describe('As it was then; default: now'),
  after,
  limit,
});
const ChangesQuery = z.strictObject({
  from: instant.describe('After that; default: from the beginning'),
  to: instant.describe('Up to then; default: now'),
  after,
  limit,
});

/** What one host consists of, now and before. */
@ApiTags('inventory')
@ApiRefusals()
@ApiBearerAuth()
@AllowsProbeToken()
@Controller('api/v1/nodes')
export class NodeInventoryController {
  constructor(
    @Inject(STORE) private readonly store: Pick<ManagerStore, 'inventory' | 'audit'>,
    @Inject(LiveSettings) private readonly live: LiveSettings,
    @Inject(AGENTS) private readonly held: { readonly agents: Agents | null },
    @Inject(AUTHORITY) private readonly authority: Authority,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** When it was collected, how much there is of each kind, and what could not be looked at. */
  @Get(':id/inventory')
  @Needs('repository', 'read')
  @ApiOkResponse({ standardSchema: NodeInventorySchema })
  async show(@Asker() asker: Identity, @Param('id') id: string): Promise<NodeInventory> {
    this.#demand(asker, id);
    const { inventory } = this.store;
    const [stored] = await inventory.nodes(id);
    // Not before: what is said to be collected is there.
    const counts = await inventory.counts(id);
    const keeper = this.held.agents?.inventory ?? null;
    const canCollect = keeper?.canCollect(id) === true;
    const nextMs = canCollect && this.live.snapshot.get('node', id)?.enabled === true ? keeper!.nextMs(id, stored ?? null) : null;
    return {
      ...{ node: id, collectedAt: isoOf(stored?.collectedAt), changedAt: isoOf(stored?.changedAt) },
      ...{ triedAt: isoOf(stored?.triedAt), why: stored?.why ?? null, canCollect, counts: [...counts] },
      nextAt: nextMs === null ? null : new Date(Math.max(nextMs, this.clock.wallMs())).toISOString(),
      ...{ cut: [...(stored?.cut ?? [])], troubles: [...(stored?.troubles ?? [])] },
    };
  }

  /** What it has, by kind and name of the thing, now or at a day. */
  @Get(':id/inventory/items')
  @Needs('repository', 'read')
  @ApiOkResponse({ standardSchema: InventoryItemsSchema })
  async items(
    @Asker() asker: Identity,
    @Param('id') id: string,
    @Query({ schema: ItemsQuery }) { kind, text, at, after, limit }: z.infer<typeof ItemsQuery>,
  ): Promise<InventoryItems> {
    this.#demand(asker, id);
    const wanted = {
      node: id,
      kind: kind ?? null,
      text: text ?? null,
      limit,
      after: after === undefined ? null : itemCursor.read(after),
    };
    const rows = await this.store.inventory.items({ ...wanted, at: this.#when(at) });
    return { rows: [...rows], next: rows.length < limit ? null : itemCursor.write(rows.at(-1)!) };
  }

  /** What came, went and is other than it was between two times, newest first. */
  @Get(':id/inventory/changes')
  @Needs('repository', 'read')
  @ApiOkResponse({ standardSchema: InventoryChangesSchema })
  async changes(
    @Asker() asker: Identity,
    @Param('id') id: string,
    @Query({ schema: ChangesQuery }) { from, to, after, limit }: z.infer<typeof ChangesQuery>,
  ): Promise<InventoryChanges> {
    this.#demand(asker, id);
    const span = { from: this.#when(from) ?? new Date(0), to: this.#when(to) ?? new Date(FOR_EVER) };
    const place = after === undefined ? null : changeCursor.read(after);
    const rows = await this.store.inventory.changes(id, { ...span, after: place, limit });
    const told = rows.map(
      (row) => ({ ...row, change: row.before === null ? 'added' : row.after === null ? 'removed' : 'changed' }) as const,
    );
    return { rows: told, next: rows.length < limit ? null : changeCursor.write(rows.at(-1)!) };
  }

  /** Its agent looks now. What is as it was is not written again. */
  @Post(':id/inventory/collect')
  @Refuses('NO_AGENTS', 'AGENT_AWAY', 'INVENTORY_REFUSED')
  @Repeatable('what is as it was is not written again')
  @Needs('repository', 'execute')
  @HttpCode(200)
  @NeedsActive()
  @ApiOkResponse({ standardSchema: InventoryCollectedSchema })
  async collect(@Asker() asker: Identity, @Param('id') id: string): Promise<InventoryCollected> {
    const owner = this.#demand(asker, id);
    if (!asker.rights.reaches(owner, 'execute')) throw forbidden(`a role that executes what ${owner} owns`, asker.login);
    const { agents } = this.held;
    if (agents === null)
      throw new ApiRefusal(503, 'NO_AGENTS', 'this node has no certificate of the cluster: it takes no agents (see its log)');
    if (!agents.inventory.canCollect(id))
      throw new ApiRefusal(409, 'AGENT_AWAY', `the agent of ${id} is not connected, or is of a version that does not collect`);
    const { epoch } = this.authority.demand('active');
    const entry = {
      login: asker.login,
      action: 'inventory.collect',
      detail: { node: id },
      object: `node/${id}`,
      node: this.settings.node,
      epoch,
    };
    await this.store.audit(entry, () => void this.authority.demand('active', epoch));
    try {
      return await agents.collectInventory(id);
    } catch (error) {
      if (error instanceof InventoryError) throw new ApiRefusal(409, 'INVENTORY_REFUSED', error.message);
      throw error;
    }
  }

  #when(text: string | undefined): Date | null {
    return text === undefined ? null : parseInstant(text, this.clock.wallMs());
  }

  /** @returns whose it is. @throws ApiRefusal */
  #demand({ rights }: Identity, id: string): string {
    const owner = this.live.snapshot.get('node', id)?.ownerRole;
    if (owner === undefined || !rights.reaches(owner, 'read'))
      throw new ApiRefusal(404, 'NOT_FOUND', `there is no node ${id}`, 'id');
    return owner;
  }
}

const FOR_EVER = Date.UTC(9999, 0);
const isoOf = (at: Date | null | undefined): string | null => at?.toISOString() ?? null;
