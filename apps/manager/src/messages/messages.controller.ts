import { Controller, Get, Headers, Inject, Query, type StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Clock } from '@yosugara/kernel';
import { type MessageHistogram, MessageHistogramSchema, type Messages, MessagesSchema } from '@yosugara/protocol';
import type { z } from 'zod';
import { Needs } from '../access/needs.js';
import { AllowsProbeToken } from '../auth/identity.js';
import { ApiRefusals, Bounded } from '../http/api-docs.js';
import { csvAnswer, MAX_TABLE_ROWS, wantsCsv } from '../http/csv.js';
import { MibNames } from '../mibs/mib-names.js';
import type { ManagerStore, MessageQuery } from '../store/ports.js';
import { CLOCK, STORE } from '../tokens.js';
import { histogramSpan } from './histogram-span.js';
import { HistogramQuerySchema, inNumbers, MessagesQuerySchema, messageQuery } from './query.js';
import { messageLines } from './tables.js';

@ApiTags('messages')
@ApiRefusals()
@Controller('api/v1')
export class MessagesController {
  constructor(
    @Inject(STORE) private readonly store: ManagerStore,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(MibNames) private readonly names: MibNames,
  ) {}

  /**
   * Newest first; on a Standby as far as it has replayed. The probe token reads here, too: `yosugara messages` has no login, and
   * who can read `secrets/pg-app` could read the table itself. As a table (`format=csv`) at most `limit` of them, page after page.
   */
  @Get('messages')
  @Needs('message', 'read')
  @AllowsProbeToken()
  @ApiOkResponse({ standardSchema: MessagesSchema })
  async messages(
    @Query({ schema: MessagesQuerySchema }) query: z.infer<typeof MessagesQuerySchema>,
    @Headers('accept') accept?: string,
  ): Promise<Messages | StreamableFile> {
    const wanted = messageQuery(query, this.clock.wallMs(), this.names);
    if (wantsCsv(query.format, accept)) {
      const search = async (after: string | null, limit: number) =>
        await this.#found({ ...wanted, limit, after: after ?? wanted.after });
      return csvAnswer('messages', await messageLines(search, query.limit ?? MAX_TABLE_ROWS));
    }
    return await this.#found(wanted);
  }

  async #found(wanted: MessageQuery): Promise<Messages> {
    const found = await this.store.searchMessages(wanted);
    return { ...found, rows: found.rows.map((row) => this.names.readable(row)) };
  }

  /** How many of those that a search would find were received when; the last hour when no time is given. */
  @Get('messages/histogram')
  @Bounded('at most 500 `bins`')
  @Needs('message', 'read')
  @AllowsProbeToken()
  @ApiOkResponse({ standardSchema: MessageHistogramSchema })
  async histogram(
    @Query({ schema: HistogramQuerySchema }) query: z.infer<typeof HistogramQuerySchema>,
  ): Promise<MessageHistogram> {
    const { since, until, bins: most, ...filter } = query;
    const { fromMs, toMs, binMs } = histogramSpan(since, until, most, this.clock.wallMs());
    const wanted = { ...inNumbers(filter, this.names), limit: 1, since: new Date(fromMs), until: new Date(toMs) };
    const { bins, countedFromUs } = await this.store.countMessages(wanted, binMs * 1_000);
    return {
      ...{ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), binMs },
      countedFrom: countedFromUs <= fromMs * 1_000 ? null : new Date(countedFromUs / 1_000).toISOString(),
      bins: [...bins]
        .sort(([one], [other]) => one - other)
        .map(([at, tally]) => ({ at: new Date(fromMs + at * binMs).toISOString(), ...tally })),
    };
  }
}
