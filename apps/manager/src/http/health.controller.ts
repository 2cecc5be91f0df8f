import { Controller, Get, Header, Inject, Req } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Public } from '../auth/identity.js';
import type { Lifecycle } from '../lifecycle.js';
import { type ApiSettings, LIFECYCLE, SETTINGS } from '../tokens.js';
import { ApiRefusals } from './api-docs.js';

const HealthSchema = z
  .object({
    node: z.string(),
    mode: z.enum(['off', 'passive', 'gated', 'active']),
    epoch: z.int(),
    ready: z.boolean(),
    others: z
      .array(z.string())
      .describe('where the consoles of the other nodes are; none where one address goes with the Master'),
  })
  .meta({ id: 'Health' });

/** @param other host and port. */
export const originOf = (protocol: string, other: string): string => `${protocol}://${other}`;

/** For people and scripts. A load balancer asks the controller (`/status/master`), which knows the lease at first hand. */
@ApiTags('health')
@ApiRefusals()
@Controller('health')
export class HealthController {
  constructor(
    @Inject(LIFECYCLE) private readonly lifecycle: Lifecycle,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
  ) {}

  @Get()
  @Public()
  @ApiOkResponse({ standardSchema: HealthSchema })
  // The other node's console asks, too: where it has to go is no secret, and nobody is let in by it.
  @Header('access-control-allow-origin', '*')
  health(@Req() request: FastifyRequest): z.infer<typeof HealthSchema> {
    const { mode, epoch, ready } = this.lifecycle.report(false);
    const { node, others } = this.settings;
    return { node, mode, epoch, ready, others: others.map((other) => originOf(request.protocol, other)) };
  }
}
