import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { type SelfView, SelfViewSchema } from '@yosugara/protocol';
import { z } from 'zod';
import { Needs } from '../access/needs.js';
import { AllowsProbeToken, NeedsActive, Public } from '../auth/identity.js';
import { ApiRefusals, Refuses } from '../http/api-docs.js';
import { Repeatable } from '../http/commands.js';
import { ApiRefusal } from '../http/errors.js';
import { type ApiSettings, SELF, SETTINGS } from '../tokens.js';
import { readSigned, type SignedResults, SignedResultsSchema } from './deliver.js';
import type { SelfHandle } from './self-handle.js';
import { selfViewOf } from './self-view.js';

const StoredSchema = z.object({ stored: z.array(z.string()) }).meta({ id: 'InternalResultsStored' });

/** What this manager sees of itself, and what the other one says of itself. */
@ApiTags('self')
@ApiRefusals()
@ApiBearerAuth()
@Controller('api/v1')
export class SelfController {
  constructor(
    @Inject(SELF) private readonly self: SelfHandle,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
  ) {}

  /** Every value that is watched on this node, the worst first. */
  @Get('self')
  @Needs('cluster', 'read')
  @AllowsProbeToken()
  @ApiOkResponse({ standardSchema: SelfViewSchema })
  show(): SelfView {
    return selfViewOf(this.self.view(), this.settings.node);
  }

  /** Of the Standby's manager: results of itself, signed with what both nodes know. The Master makes events of them. */
  @Post('internal/results')
  @Refuses('FORBIDDEN')
  @Repeatable('results have names: each counts once')
  @HttpCode(200)
  @Public()
  @NeedsActive()
  @ApiOkResponse({ standardSchema: StoredSchema })
  async results(@Body({ schema: SignedResultsSchema }) signed: SignedResults): Promise<z.infer<typeof StoredSchema>> {
    const results = readSigned(this.settings.sessionKey, signed);
    if (results === null) throw new ApiRefusal(403, 'FORBIDDEN', 'nobody of this cluster said that', 'signature');
    return { stored: [...(await this.self.store(results))] };
  }
}
