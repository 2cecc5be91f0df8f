import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { type Facilities, FacilitiesSchema, ResolvedNodesSchema } from '@yosugara/protocol';
import { z } from 'zod';
import { Needs } from '../access/needs.js';
import { type IsSeen, seenParent } from '../access/seen.js';
import { AllowsProbeToken, Asker, type Identity } from '../auth/identity.js';
import { ApiRefusals, Bounded } from '../http/api-docs.js';
import { LiveSettings } from './live-settings.js';

const ResolveQuery = z.strictObject({ address: z.string().min(1).max(64), host: z.string().min(1).max(255).optional() });

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
  @Bounded('the tree of all scopes, whole')
  @Needs('repository', 'read')
  @ApiOkResponse({ standardSchema: FacilitiesSchema })
  tree(@Asker() { rights }: Identity): Facilities {
    const { facilities, version, nodes, scopes: all } = this.live.snapshot;
    const isAll = rights.owners('read') === null;
    const isSeen = (id: string) => isAll || rights.reaches(all.get(id)?.ownerRole ?? '', 'read');
    const isNodeSeen = (id: string) => isAll || rights.reaches(nodes.get(id)?.ownerRole ?? '', 'read');
    const isTheirs: IsSeen = (setting) => isAll || rights.reaches(setting?.ownerRole ?? '', 'read');
    const below = (id: string) => facilities.nodesBelow(id).filter(isNodeSeen);
    const within = isAll ? null : countsOf([...nodes.values()].filter(({ ownerRole }) => rights.reaches(ownerRole, 'read')));
    const scopes = facilities
      .tree()
      .filter(({ id, builtIn }) => builtIn || isSeen(id))
      .map(({ id, name, parent, sortOrder, builtIn, enabled }) => ({
        ...{ id, name, parent: seenParent(parent, all, isTheirs), sortOrder, builtIn, enabled, path: facilities.pathOf(id) },
        nodes: within === null ? facilities.countIn(id) : builtIn ? below(id).length : (within.get(id) ?? 0),
        nodesBelow: below(id).length,
      }));
    return { version: Math.max(0, version), nodes: isAll ? nodes.size : [...nodes.keys()].filter(isNodeSeen).length, scopes };
  }

  /** Whose messages these would be: by address, then by host name. Several may be. */
  @Get('resolve')
  @Needs('repository', 'read')
  @ApiOkResponse({ standardSchema: ResolvedNodesSchema })
  resolve(
    @Asker() { rights }: Identity,
    @Query({ schema: ResolveQuery }) { address, host }: z.infer<typeof ResolveQuery>,
  ): z.infer<typeof ResolvedNodesSchema> {
    const { facilities, nodes } = this.live.snapshot;
    const found = facilities.resolve({ address, host: host ?? null });
    return {
      nodes: found.flatMap((id) => {
        const node = nodes.get(id);
        return node === undefined || !rights.reaches(node.ownerRole, 'read')
          ? []
          : [{ id, name: node.body.name, enabled: node.enabled }];
      }),
    };
  }
}

function countsOf(nodes: readonly { readonly body: { readonly scopes: readonly string[] } }[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { body } of nodes) for (const scope of body.scopes) counts.set(scope, (counts.get(scope) ?? 0) + 1);
  return counts;
}
