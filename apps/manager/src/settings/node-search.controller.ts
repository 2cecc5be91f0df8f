import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { addressesOfRange, type FoundAgent, searchSnmp } from '@yosugara/connectors';
import { type NodeSearch, NodeSearchSchema, type Platform, SnmpAccessSchema } from '@yosugara/protocol';
import { z } from 'zod';
import { Needs } from '../access/needs.js';
import { AllowsProbeToken, NeedsActive } from '../auth/identity.js';
import { ApiRefusals } from '../http/api-docs.js';
import { ApiRefusal } from '../http/errors.js';
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

  constructor(@Inject(LiveSettings) private readonly live: LiveSettings) {}

  @Post('search')
  @Needs('repository', 'execute')
  @HttpCode(200)
  @NeedsActive()
  @AllowsProbeToken()
  @ApiOkResponse({ standardSchema: NodeSearchSchema })
  async search(@Body({ schema: SearchSchema }) { range, snmp }: z.infer<typeof SearchSchema>): Promise<NodeSearch> {
    const addresses = addressesOfRange(range);
    if (this.#isSearching)
      throw new ApiRefusal(409, 'SEARCH_UNDER_WAY', 'somebody is searching for nodes: try again in a minute');
    this.#isSearching = true;
    try {
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
