import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Clock } from '@yosugara/kernel';
import { type Messages, MessagesSchema } from '@yosugara/protocol';
import type { z } from 'zod';
import { Needs } from '../access/needs.js';
import { AllowsProbeToken } from '../auth/identity.js';
import { ApiRefusals } from '../http/api-docs.js';
import { MibNames } from '../mibs/mib-names.js';
import type { ManagerStore } from '../store/ports.js';
import { CLOCK, STORE } from '../tokens.js';
import { MessagesQuerySchema, messageQuery } from './query.js';

@ApiTags('messages')
@ApiRefusals()
@Controller('api')
export class MessagesController {
  constructor(
    @Inject(STORE) private readonly store: ManagerStore,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(MibNames) private readonly names: MibNames,
  ) {}

  /**
   * Newest first; on a Standby as far as it has replayed. The probe token reads here, too: `yosugara messages` has no login, and
   * who can read `secrets/pg-app` could read the table itself.
   */
  @Get('messages')
  @Needs('message', 'read')
  @AllowsProbeToken()
  @ApiOkResponse({ standardSchema: MessagesSchema })
  async messages(@Query({ schema: MessagesQuerySchema }) query: z.infer<typeof MessagesQuerySchema>): Promise<Messages> {
    const found = await this.store.searchMessages(messageQuery(query, this.clock.wallMs(), this.names));
    return { ...found, rows: found.rows.map((row) => this.names.readable(row)) };
  }
}
