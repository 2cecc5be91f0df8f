import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { type Facilities, FacilitiesSchema } from '@yosugara/protocol';
import { z } from 'zod';
import { Needs } from '../access/needs.js';
import { AllowsProbeToken } from '../auth/identity.js';
import { ApiRefusals } from '../http/api-docs.js';
import { LiveSettings } from './live-settings.js';

const ResolveQuery = z.strictObject({ address: z.string().min(1).max(64), host: z.string().min(1).max(255).optional() });
const ResolvedSchema = z
  .object({ nodes: z.array(z.object({ id: z.string(), name: z.string(), enabled: z.boolean() })) })
  .meta({ id: 'ResolvedNodes' });

/** The repository as this node has it in memory. */
@ApiTags('settings')
@ApiRefusals()
@ApiBearerAuth()
@AllowsProbeToken()
@Controller('api/v1/facilities')
export class FacilitiesController {
  constructor(@Inject(LiveSettings) private readonly live: LiveSettings) {}

  /** All scopes, each before those below it. Their nodes: /api/v1/settings/node?scope=ID. */
  @Get()
  @Needs('repository', 'read')
  @ApiOkResponse({ standardSchema: FacilitiesSchema })
  tree(): Facilities {
    const { facilities, version, nodes } = this.live.snapshot;
    const scopes = facilities.tree().map(({ id, name, parent, sortOrder, builtIn, enabled }) => ({
      ...{ id, name, parent, sortOrder, builtIn, enabled, path: facilities.pathOf(id) },
      ...{ nodes: facilities.countIn(id), nodesBelow: facilities.nodesBelow(id).length },
    }));
    return { version: Math.max(0, version), nodes: nodes.size, scopes };
  }

  /** Whose messages these would be: by address, then by host name. Several may be. */
  @Get('resolve')
  @Needs('repository', 'read')
  @ApiOkResponse({ standardSchema: ResolvedSchema })
  resolve(@Query({ schema: ResolveQuery }) { address, host }: z.infer<typeof ResolveQuery>): z.infer<typeof ResolvedSchema> {
    const { facilities, nodes } = this.live.snapshot;
    const found = facilities.resolve({ address, host: host ?? null });
    return {
      nodes: found.flatMap((id) => {
        const node = nodes.get(id);
        return node === undefined ? [] : [{ id, name: node.body.name, enabled: node.enabled }];
      }),
    };
  }
}
