import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Clock } from '@yosugara/kernel';
import { conditionProblem, type InventoryCondition } from '@yosugara/operations';
import {
  INVENTORY_OPERATORS,
  type InventoryFound,
  InventoryFoundSchema,
  type InventoryKind,
  InventoryKindSchema,
  isPlainText,
  MAX_INVENTORY_NAME,
} from '@yosugara/protocol';
import { z } from 'zod';
import { Needs } from '../access/needs.js';
import { AllowsProbeToken, Asker, type Identity } from '../auth/identity.js';
import { ApiRefusals } from '../http/api-docs.js';
import { ApiRefusal } from '../http/errors.js';
import { instant, parseInstant } from '../messages/query.js';
import { LiveSettings } from '../settings/live-settings.js';
import type { ManagerStore } from '../store/ports.js';
import { CLOCK, STORE } from '../tokens.js';
import { foundCursor } from './pages.js';
import { searchInventory } from './search.js';

const word = (says: string) =>
  z.string().min(1).max(MAX_INVENTORY_NAME).refine(isPlainText, 'a text without control characters').describe(says).optional();
const FindQuery = z.strictObject({
  kind: InventoryKindSchema.default('package'),
  name: word('All of the name'),
  contains: word('Part of the name, upper and lower case alike'),
  field: z.string().min(1).max(64).describe('With `operator` and `value`: a field of that kind, such as `version`').optional(),
  operator: z.enum(INVENTORY_OPERATORS).default('eq'),
  value: word('What the field is compared with: versions as package managers do, numbers as numbers'),
  at: instant.describe('As it was then; default: now'),
  after: z.string().max(4_096).describe('`next` of the page before').optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
});

/** What hosts consist of, all of them together. */
@ApiTags('inventory')
@ApiRefusals()
@ApiBearerAuth()
@AllowsProbeToken()
@Controller('api/v1/inventory')
export class InventoryController {
  constructor(
    @Inject(STORE) private readonly store: Pick<ManagerStore, 'inventory'>,
    @Inject(LiveSettings) private readonly live: LiveSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Nodes by what they have, now or at a day: by name, then by node. */
  @Get()
  @Needs('repository', 'read')
  @ApiOkResponse({ standardSchema: InventoryFoundSchema })
  async find(
    @Asker() { rights }: Identity,
    @Query({ schema: FindQuery }) query: z.infer<typeof FindQuery>,
  ): Promise<InventoryFound> {
    const { kind, name = null, contains = null, at, after, limit } = query;
    const { snapshot } = this.live;
    const isSeen = (node: string): boolean => {
      const owner = snapshot.get('node', node)?.ownerRole;
      return owner !== undefined && rights.reaches(owner, 'read');
    };
    const { rows, last } = await searchInventory(this.store.inventory, {
      ...{ kind, name, contains, isSeen, limit, condition: conditionOf(kind, query) },
      at: at === undefined ? null : parseInstant(at, this.clock.wallMs()),
      after: after === undefined ? null : foundCursor.read(after),
    });
    return { rows: [...rows], next: last === null ? null : foundCursor.write(last) };
  }
}

function conditionOf(
  kind: InventoryKind,
  { field, operator, value }: Pick<z.infer<typeof FindQuery>, 'field' | 'operator' | 'value'>,
): InventoryCondition | null {
  if (field === undefined && value === undefined) return null;
  if (field === undefined || value === undefined)
    throw new ApiRefusal(400, 'INVALID_INPUT', 'field: it comes with `value`, and `value` with it', 'field');
  const condition = { field, operator, value };
  const problem = conditionProblem(kind, condition);
  if (problem !== null) throw new ApiRefusal(400, 'INVALID_INPUT', `field: ${problem}`, 'field');
  return condition;
}
