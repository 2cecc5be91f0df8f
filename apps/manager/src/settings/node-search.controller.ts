import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { addressesOfRange, type FoundAgent, searchSnmp } from '@yosugara/connectors';
import { type NodeSearch, NodeSearchSchema, type Platform, SnmpAccessSchema } from '@yosugara/protocol';
import { z } from 'zod';
import { Needs } from '../access/needs.js';
import { AllowsProbeToken, Asker, type Identity, NeedsActive } from '../auth/identity.js';
import type { Authority } from '../control/authority.js';
import { ApiRefusals, Refuses } from '../http/api-docs.js';
import { Repeatable } from '../http/commands.js';
import { ApiRefusal } from '../http/errors.js';
import type { ManagerStore } from '../store/ports.js';
import { type ApiSettings, AUTHORITY, SETTINGS, STORE } from '../tokens.js';
import { LiveSettings } from './live-settings.js';

const SearchSchema = z
  .strictObject({
    range: z.string().min(1).max(64).describe('10.0.0.0/24, or 10.0.0.1-10.0.0.99; at most 256 addresses'),
    snmp: SnmpAccessSchema.prefault({}),
  })
  .meta({ id: 'NodeSearchQuery' });
const DEADLINE_MS = 50_000;

/** From the Master: whoever answers there as an SNMP agent. Nothing is registered by it. */
@ApiTags('settings')
@ApiRefusals()
@ApiBearerAuth()
@Controller('api/v1/nodes')
export class NodeSearchController {
  #isSearching = false;

  constructor(
    @Inject(LiveSettings) private readonly live: LiveSettings,
    @Inject(STORE) private readonly store: Pick<ManagerStore, 'audit'>,
    @Inject(AUTHORITY) private readonly authority: Authority,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
  ) {}

  @Post('search')
  @Refuses('SEARCH_UNDER_WAY')
  @Repeatable('it changes nothing')
  @Needs('repository', 'execute')
  @HttpCode(200)
  @NeedsActive()
  @AllowsProbeToken()
  @ApiOkResponse({ standardSchema: NodeSearchSchema })
  async search(
    @Asker() { login }: Identity,
    @Body({ schema: SearchSchema }) { range, snmp }: z.infer<typeof SearchSchema>,
  ): Promise<NodeSearch> {
    const addresses = addressesOfRange(range);
    if (this.#isSearching)
      throw new ApiRefusal(409, 'SEARCH_UNDER_WAY', 'somebody is searching for nodes: try again in a minute');
    this.#isSearching = true;
    try {
      const { epoch } = this.authority.demand('active');
      // Before it goes out to others' machines.
      const entry = { login, action: 'node.search', detail: { range }, node: this.settings.node, epoch };
      await this.store.audit(entry, () => void this.authority.demand('active', epoch));
      const { found, left, trouble } = await searchSnmp(addresses, snmp, DEADLINE_MS, new AbortController().signal);
      const { facilities } = this.live.snapshot;
      const agents = found.map((agent) => ({
        ...agent,
        platform: platformOf(agent),
        nodes: [...facilities.nodesOfAddress(agent.address)],
      }));
      return { asked: addresses.length - left, left, trouble, agents };
    } finally {
      this.#isSearching = false;
    }
  }
}

/** As well as an agent's description tells. */
function platformOf({ description }: FoundAgent): Platform {
  if (/linux/i.test(description)) return 'LINUX';
  if (/windows/i.test(description)) return 'WINDOWS';
  return /cisco|juniper|junos|arista|aruba|fortinet|palo alto|switch|router/i.test(description) ? 'NW_EQUIPMENT' : 'OTHER';
}
