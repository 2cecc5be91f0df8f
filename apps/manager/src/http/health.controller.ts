import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Public } from '../auth/identity.js';
import type { Lifecycle } from '../lifecycle.js';
import { type ApiSettings, LIFECYCLE, SETTINGS } from '../tokens.js';
import { ApiRefusals } from './api-docs.js';

const HealthSchema = z
  .object({ node: z.string(), mode: z.enum(['off', 'passive', 'gated', 'active']), epoch: z.int(), ready: z.boolean() })
  .meta({ id: 'Health' });

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
  health(): z.infer<typeof HealthSchema> {
    const { mode, epoch, ready } = this.lifecycle.report(false);
    return { node: this.settings.node, mode, epoch, ready };
  }
}
