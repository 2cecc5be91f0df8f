import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, type StreamableFile } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Clock } from '@yosugara/kernel';
import {
  type EventChange,
  EventChangeSchema,
  type EventCounts,
  EventCountsSchema,
  type EventDetail,
  EventDetailSchema,
  type Events,
  type EventsChanged,
  EventsChangedSchema,
  EventsSchema,
} from '@yosugara/protocol';
import type { z } from 'zod';
import { Needs } from '../access/needs.js';
import { ownersOf } from '../access/seen.js';
import { AllowsProbeToken, Asker, type Identity, NeedsActive, personOf } from '../auth/identity.js';
import type { Authority } from '../control/authority.js';
import { ApiRefusals } from '../http/api-docs.js';
import { Command, keeping } from '../http/commands.js';
import { csvAnswer, wantsCsv } from '../http/csv.js';
import { ApiRefusal } from '../http/errors.js';
import type { Lifecycle } from '../lifecycle.js';
import { LiveSettings } from '../settings/live-settings.js';
import type { ManagerStore } from '../store/ports.js';
import { type ApiSettings, AUTHORITY, CLOCK, LIFECYCLE, SETTINGS, STORE } from '../tokens.js';
import { EventFeed } from './event-feed.js';
import { facilitiesOf } from './facilities.js';
import { EventsQuerySchema, eventQuery, MAX_TABLE_ROWS } from './query.js';
import { eventLines } from './tables.js';

/** Numbers in one line of the audit trail. */
const MOST_AUDITED = 50;

/** What monitors told, and what people made of it. */
@ApiTags('events')
@ApiRefusals()
@ApiBearerAuth()
@AllowsProbeToken()
@Controller('api/v1/events')
export class EventsController {
  constructor(
    @Inject(STORE) private readonly store: ManagerStore,
    @Inject(LIFECYCLE) private readonly lifecycle: Lifecycle,
    @Inject(AUTHORITY) private readonly authority: Authority,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LiveSettings) private readonly live: LiveSettings,
    private readonly feed: EventFeed,
  ) {}

  /** Newest first, in the order of storing; on a Standby as far as it has replayed. As a table (`format=csv`) at most `limit` of them, page after page. */
  @Get()
  @Needs('event', 'read')
  @ApiOkResponse({ standardSchema: EventsSchema })
  async list(
    @Asker() { rights }: Identity,
    @Query({ schema: EventsQuerySchema }) query: z.infer<typeof EventsQuerySchema>,
    @Headers('accept') accept?: string,
  ): Promise<Events | StreamableFile> {
    const { events } = this.store.operations;
    const wanted = { ...eventQuery(query, this.clock.wallMs(), facilitiesOf(this.live)), ...ownersOf(rights) };
    if (wantsCsv(query.format, accept)) {
      const lines = await eventLines(async (page) => await events.search(page), wanted, query.limit ?? MAX_TABLE_ROWS);
      return csvAnswer('events', lines);
    }
    const { rows, next } = await events.search(wanted);
    return { rows: [...rows], next };
  }

  /** How many nobody has confirmed, by priority. */
  @Get('counts')
  @Needs('event', 'read')
  @ApiOkResponse({ standardSchema: EventCountsSchema })
  async counts(@Asker() { rights }: Identity): Promise<EventCounts> {
    return await this.store.operations.events.counts(ownersOf(rights).ownerRoles);
  }

  /** With all that people did with it. */
  @Get(':number')
  @Needs('event', 'read')
  @ApiOkResponse({ standardSchema: EventDetailSchema })
  async show(@Asker() { rights }: Identity, @Param('number') number: string): Promise<EventDetail> {
    const { ownerRoles } = ownersOf(rights);
    const found = /^\d{1,15}$/.test(number) ? await this.store.operations.events.find(Number(number), ownerRoles) : null;
    if (found === null) throw new ApiRefusal(404, 'NOT_FOUND', `there is no event ${number}`, 'number');
    return found;
  }

  /** Confirms, unconfirms, comments on or gives away many at once. What is so already stays as it is. */
  @Post('changes')
  @Command()
  @Needs('event', 'modify')
  @HttpCode(200)
  @NeedsActive()
  @ApiOkResponse({ standardSchema: EventsChangedSchema })
  async change(@Asker() asker: Identity, @Body({ schema: EventChangeSchema }) body: EventChange): Promise<EventsChanged> {
    const { epoch } = this.lifecycle.demandWritable();
    const by = personOf(asker, body.by);
    const { numbers, state, comment, owner } = body;
    const alteration = {
      ...{ numbers: [...new Set(numbers)], by, ...ownersOf(asker.rights, 'modify') },
      ...(state === undefined ? {} : { state }),
      ...(comment === undefined ? {} : { comment: comment === '' ? null : comment }),
      ...(owner === undefined ? {} : { owner: owner === '' ? null : owner }),
    };
    const done = await this.store.operations.changeEvents(
      alteration,
      {
        entry: ({ changed }) => ({
          ...{ login: by, action: 'event.change', node: this.settings.node, epoch },
          detail: { state, comment, owner, count: changed.length, numbers: changed.slice(0, MOST_AUDITED) },
        }),
        keep: keeping(answerOf),
        guard: () => void this.authority.demand('active', epoch),
      },
      epoch,
    );
    this.feed.poke();
    return answerOf(done);
  }
}

const answerOf = ({
  changed,
  unknown,
}: {
  readonly changed: readonly number[];
  readonly unknown: readonly number[];
}): EventsChanged => ({ changed: [...changed], unknown: [...unknown] });
