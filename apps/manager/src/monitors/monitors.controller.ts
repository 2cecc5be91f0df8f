import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { re2Patterns } from '@yosugara/connectors';
import type { Clock } from '@yosugara/kernel';
import { compileMonitor, pastedLine, tryLine } from '@yosugara/operations';
import { type MonitorBody, parseSetting, type Tried, TriedSchema, TryLineSchema } from '@yosugara/protocol';
import type { z } from 'zod';
import { Needs } from '../access/needs.js';
import { AllowsProbeToken } from '../auth/identity.js';
import { ApiRefusals } from '../http/api-docs.js';
import { Repeatable } from '../http/commands.js';
import { mistaken } from '../settings/refusals.js';
import { CLOCK } from '../tokens.js';

/** What monitors would say. They are defined as settings: `/api/v1/settings/monitor/ID`. */
@ApiTags('monitors')
@ApiRefusals()
@ApiBearerAuth()
@AllowsProbeToken()
@Controller('api/v1/monitors')
export class MonitorsController {
  readonly #patterns = re2Patterns();

  constructor(@Inject(CLOCK) private readonly clock: Clock) {}

  /** Which rule decides about one line, why the others do not, and what would be told. Nothing is stored, nobody is told. */
  @Post('try')
  @Repeatable('it changes nothing')
  @Needs('monitor', 'read')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: TriedSchema })
  try(@Body({ schema: TryLineSchema }) { monitor, text }: z.infer<typeof TryLineSchema>): Tried {
    const parsed = parseSetting({ kind: 'monitor', id: 'tried', body: monitor });
    if (!parsed.ok) throw mistaken(parsed.mistakes);
    const compiled = compileMonitor({ id: 'tried', enabled: true, body: parsed.setting.body as MonitorBody }, this.#patterns);
    return tryLine(compiled, pastedLine(compiled.body.type, text, this.clock.wallMs() * 1_000));
  }
}
