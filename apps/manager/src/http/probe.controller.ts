import { Body, Controller, Get, Inject, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { CommitUnknownError } from '@yosugara/runtime';
import { z } from 'zod';
import { Needs } from '../access/needs.js';
import { AllowsProbeToken, NeedsActive } from '../auth/identity.js';
import type { Authority } from '../control/authority.js';
import type { Lifecycle } from '../lifecycle.js';
import type { ManagerStore } from '../store/ports.js';
import { AUTHORITY, LIFECYCLE, STORE } from '../tokens.js';
import { ApiRefusals, Refuses } from './api-docs.js';
import { Repeatable } from './commands.js';

const KEY = z.string().regex(/^[\w.:/-]{1,200}$/, '1 to 200 of letters, digits and _ . : / -');
const ProbeSchema = z.strictObject({ key: KEY }).meta({ id: 'Probe' });
const ProbeAnswerSchema = z.object({ key: z.string(), epoch: z.int() }).meta({ id: 'ProbeAnswer' });
const ProbeListQuery = z.strictObject({ prefix: KEY.optional() });
const ProbeListSchema = z.object({ count: z.int(), keys: z.array(z.string()) }).meta({ id: 'ProbeList' });

/**
 * A write whose only purpose is to be read back: the lab's second writer. Let in by a session, or by the probe token, which is
 * the content of `secrets/pg-app`, the password of the role that the first writer uses: `authorization: Bearer <it>`.
 */
@ApiTags('probe')
@ApiRefusals()
@ApiBearerAuth()
@Controller('api/writes')
export class ProbeController {
  constructor(
    @Inject(STORE) private readonly store: ManagerStore,
    @Inject(AUTHORITY) private readonly authority: Authority,
    @Inject(LIFECYCLE) private readonly lifecycle: Lifecycle,
  ) {}

  /** 201 only when the key is committed on both nodes of the sync set and this node still was the Master then. */
  @Post('probe')
  @Refuses('ALREADY_THERE')
  @Repeatable('a key is written once')
  @Needs('cluster', 'execute')
  @NeedsActive()
  @AllowsProbeToken()
  @ApiCreatedResponse({ standardSchema: ProbeAnswerSchema })
  async write(@Body({ schema: ProbeSchema }) { key }: z.infer<typeof ProbeSchema>): Promise<z.infer<typeof ProbeAnswerSchema>> {
    const { epoch } = this.lifecycle.demandWritable();
    await this.store.insertProbe(key, epoch, () => void this.authority.demand('active', epoch));
    try {
      this.authority.demand('active', epoch);
    } catch (cause) {
      // Committed, but another Master may be serving by now: an answer of ours must not count any more (S1).
      throw new CommitUnknownError('another Master may be serving by now', cause);
    }
    return { key, epoch };
  }

  @Get('probe')
  @Needs('cluster', 'read')
  @AllowsProbeToken()
  @ApiOkResponse({ standardSchema: ProbeListSchema })
  async list(
    @Query({ schema: ProbeListQuery }) { prefix }: z.infer<typeof ProbeListQuery>,
  ): Promise<z.infer<typeof ProbeListSchema>> {
    const keys = [...(await this.store.listProbes(prefix ?? ''))];
    return { count: keys.length, keys };
  }
}
