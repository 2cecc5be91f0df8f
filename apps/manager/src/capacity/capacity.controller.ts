import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { type Capacity as CapacityAnswer, CapacitySchema } from '@yosugara/protocol';
import { z } from 'zod';
import { Needs } from '../access/needs.js';
import { AllowsProbeToken, NeedsActive, Public } from '../auth/identity.js';
import { ApiRefusals, Bounded, Refuses } from '../http/api-docs.js';
import { Repeatable } from '../http/commands.js';
import { ApiRefusal } from '../http/errors.js';
import { type Signed, SignedSchema } from '../self/signed.js';
import { type ApiSettings, SETTINGS } from '../tokens.js';
import { Capacity } from './capacity.js';
import { readMeasures } from './deliver.js';

const KeptSchema = z.object({ kept: z.int() }).meta({ id: 'MeasuresKept' });

/** What fills up when. */
@ApiTags('self')
@ApiRefusals()
@ApiBearerAuth()
@Controller('api/v1')
export class CapacityController {
  constructor(
    @Inject(Capacity) private readonly capacity: Capacity | null,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
  ) {}

  /** What fills up when, if all goes on as it did, and what to change; the most urgent first. */
  @Get('capacity')
  @Bounded('one document')
  @Needs('cluster', 'read')
  @AllowsProbeToken()
  @ApiOkResponse({ standardSchema: CapacitySchema })
  async show(): Promise<CapacityAnswer> {
    return await this.#here().look();
  }

  /** Of the Standby's manager: how full its node is, signed with what both nodes know. The Master keeps it. */
  @Post('internal/measures')
  @Refuses('FORBIDDEN')
  @Repeatable('of one series and one time there is one value')
  @HttpCode(200)
  @Public()
  @NeedsActive()
  @ApiOkResponse({ standardSchema: KeptSchema })
  async measures(@Body({ schema: SignedSchema }) said: Signed): Promise<z.infer<typeof KeptSchema>> {
    const measures = readMeasures(this.settings.sessionKey, said);
    if (measures === null) throw new ApiRefusal(403, 'FORBIDDEN', 'nobody of this cluster said that', 'signature');
    await this.#here().store(measures);
    return { kept: measures.length };
  }

  #here(): Capacity {
    if (this.capacity === null) throw new ApiRefusal(503, 'NOT_ACTIVE', 'nobody keeps a history here');
    return this.capacity;
  }
}
