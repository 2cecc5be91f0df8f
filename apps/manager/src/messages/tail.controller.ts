import { Controller, Get, Headers, Inject, type OnApplicationShutdown, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Clock } from '@yosugara/kernel';
import type { MessageRow } from '@yosugara/protocol';
import type { FastifyReply } from 'fastify';
import { Needs } from '../access/needs.js';
import { AllowsProbeToken, Asker, type Identity } from '../auth/identity.js';
import { Sessions } from '../auth/sessions.js';
import type { Authority } from '../control/authority.js';
import { ApiRefusals, Refuses } from '../http/api-docs.js';
import { LiveStreams, type Owed } from '../http/live-streams.js';
import { MibNames } from '../mibs/mib-names.js';
import type { ManagerStore, MessageQuery } from '../store/ports.js';
import { type ApiSettings, AUTHORITY, CLOCK, SETTINGS, STORE } from '../tokens.js';
import { MessageFeed } from './feed.js';
import { type LateRows, lateRowsAfter } from './late-rows.js';
import { inNumbers, type MessageFilter, StreamQuerySchema, wanted } from './query.js';
import { Tail, type TailEvent } from './tail.js';
import { TailCursor } from './tail-cursor.js';

const MAX_TAILS = 100;
/** A row may become visible later than a younger one: what a new Master finds in its journals bears the time of receipt. Older ones stand in a list. */
const LOOK_BACK_MS = 60_000;
/** Of who comes for the first time: what is stored between the question for the positions and the first look. */
const FIRST_MS = 3_000;
const PAGE = 1_000;
const MOST_PAGES = 10;

/** The tail of what is received, for programs: every event says how far the client has come, and it goes on from there on any node. */
@ApiTags('live')
@ApiRefusals()
@Controller('api/v1/messages')
export class TailController implements OnApplicationShutdown {
  readonly #streams: LiveStreams;

  constructor(
    @Inject(STORE) private readonly store: ManagerStore,
    @Inject(AUTHORITY) authority: Authority,
    @Inject(SETTINGS) settings: ApiSettings,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly feed: MessageFeed,
    sessions: Sessions,
    private readonly names: MibNames,
  ) {
    const refusal = `${MAX_TAILS} tails are open already`;
    this.#streams = new LiveStreams({ sessions, authority, settings, most: MAX_TAILS, refusal });
  }

  /**
   * Server-sent events: `hello` {node, epoch, mode}; `messages` {rows}, new rows that pass the filter, oldest first, at most 4/s;
   * A row with `storedLate` was received more than a minute before it was stored. `lagging` {skipped, atLeast}: so many rows were left out, since the client reads too slowly or was away for too long; the search has
   * them. The `id` of the last event, sent back as `Last-Event-ID` to whichever node, is where the next stream goes on.
   */
  @Get('tail')
  @Refuses('TOO_MANY_STREAMS')
  @Needs('message', 'read')
  @AllowsProbeToken()
  @ApiHeader({ name: 'last-event-id', required: false })
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' } } } })
  async tail(
    @Query({ schema: StreamQuerySchema }) filter: MessageFilter,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Asker() asker: Identity,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    this.#streams.mustHaveRoom();
    const cursor = lastEventId === undefined ? await this.#fromNow() : TailCursor.parse(lastEventId);
    const tail = new Tail(cursor, wanted(filter, this.names));
    let early: [readonly MessageRow[], number, number][] | null = [];
    await this.#streams.follow(reply, asker, {
      listen: () =>
        this.feed.listen((rows, leftOut, batch) => {
          if (early === null) tail.live(rows, leftOut, batch);
          else early.push([rows, leftOut, batch]);
        }),
      catchUp: async () => {
        await this.#readBacklog(tail, cursor, filter, lastEventId === undefined ? FIRST_MS : LOOK_BACK_MS);
        for (const [rows, leftOut, batch] of early ?? []) tail.live(rows, leftOut, batch);
        early = null;
        return cursor.toString();
      },
      next: () => this.#named(tail.next()),
    });
  }

  onApplicationShutdown(): void {
    this.#streams.endAll();
  }

  /** Who has never asked begins with what is not stored yet. */
  async #fromNow(): Promise<TailCursor> {
    const batch = await this.store.late.version();
    return new TailCursor(this.clock.wallMs() * 1_000, await this.store.counts.positions(), batch);
  }

  async #readBacklog(tail: Tail, cursor: TailCursor, filter: MessageFilter, lookBackMs: number): Promise<void> {
    const since = new Date(cursor.newestMs - lookBackMs);
    const wanted = inNumbers(filter, this.names);
    const late = await this.#lateOnes(cursor, wanted);
    const rows: MessageRow[] = [];
    let after: string | undefined;
    let isMore = false;
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const page = await this.store.searchMessages({ ...wanted, since, after, limit: PAGE });
      const news = page.rows.filter(({ id }) => cursor.isNews(id));
      rows.push(...news);
      after = page.next ?? undefined;
      isMore = after !== undefined && news.length > 0;
      if (after === undefined) break;
    }
    const isTold = new Set(late.rows.map(({ id }) => id));
    const others = rows.reverse().filter(({ id }) => !isTold.has(id));
    tail.backlog([...late.rows, ...others], isMore || late.leftOut > 0, late.through);
  }

  async #lateOnes(cursor: TailCursor, filter: Omit<MessageQuery, 'limit'>): Promise<LateRows> {
    const from = await this.feed.lateFrom();
    if (cursor.batch === null) return { rows: [], leftOut: 0, through: from };
    return await lateRowsAfter(cursor.batch, this.store, { filter, most: PAGE * MOST_PAGES });
  }

  #named(event: TailEvent | null): Owed | null {
    if (event?.name !== 'messages') return event;
    return { ...event, body: { rows: event.body.rows.map((row) => this.names.readable(row)) } };
  }
}
