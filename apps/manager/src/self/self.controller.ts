import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { runbookOf, WATCHES } from '@yosugara/operations';
import { SELF_LEVELS, type SelfView, SelfViewSchema } from '@yosugara/protocol';
import { Needs } from '../access/needs.js';
import { z } from 'zod';
import { AllowsProbeToken, NeedsActive, Public } from '../auth/identity.js';
import { ApiRefusals } from '../http/api-docs.js';
import { ApiRefusal } from '../http/errors.js';
import { type ApiSettings, SELF, SETTINGS } from '../tokens.js';
import { readSigned, type SignedResults, SignedResultsSchema } from './deliver.js';
import type { SelfHandle } from './self-handle.js';

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
    const { last, pending } = this.self.view();
    const watches = (last?.levels ?? []).flatMap(({ watch, item, level, sinceMs, limits }) => {
      const is = WATCHES.find(({ id }) => id === watch);
      if (last === null || is === undefined) return [];
      const seen = last.seen.get(watch)?.find((each) => each.item === item);
      const { what, unit, worse, of, todo } = is;
      const { notice = null, warning = null, critical = null } = limits;
      return [
        {
          ...{ watch, what, unit, worse, of, todo, item, level, limits: { notice, warning, critical } },
          ...{ value: seen?.value ?? null, note: seen?.note ?? '', runbook: runbookOf(watch) },
          since: sinceMs === null ? null : new Date(last.wallMs - (last.monotonicMs - sinceMs)).toISOString(),
          says: level === 'ok' || seen === undefined ? null : is.say(seen.value, item, seen.note ?? ''),
        },
      ];
    });
    const rank = (level: (typeof SELF_LEVELS)[number]) => SELF_LEVELS.indexOf(level);
    const sorted = watches.sort((one, other) => rank(other.level) - rank(one.level));
    return { node: this.settings.node, at: last === null ? null : new Date(last.wallMs).toISOString(), watches: sorted, pending };
  }

  /** Of the Standby's manager: results of itself, signed with what both nodes know. The Master makes events of them. */
  @Post('internal/results')
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
