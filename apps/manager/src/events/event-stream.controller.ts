import { Controller, Get, Headers, Inject, type OnApplicationShutdown, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { EventRow } from '@yosugara/protocol';
import type { FastifyReply } from 'fastify';
import { Needs } from '../access/needs.js';
import { isTheirs } from '../access/seen.js';
import { AllowsProbeToken, Asker, type Identity } from '../auth/identity.js';
import { Sessions } from '../auth/sessions.js';
import type { Authority } from '../control/authority.js';
import { ApiRefusals, Refuses } from '../http/api-docs.js';
import { LiveStreams, type Owed } from '../http/live-streams.js';
import { LiveSettings } from '../settings/live-settings.js';
import type { ManagerStore } from '../store/ports.js';
import { type ApiSettings, AUTHORITY, SETTINGS, STORE } from '../tokens.js';
import { cursorText, type EventCursor, parseCursor } from './event-cursor.js';
import { EventFeed } from './event-feed.js';
import { facilitiesOf } from './facilities.js';
import { type EventFilter, EventStreamQuerySchema, wantedEvent } from './query.js';

const MAX_STREAMS = 100;
const PAGE = 500;
/** Of what somebody missed; who was away longer reads the list. */
const MOST_PAGES = 10;
const MAX_WAITING = 5_000;

/** Events as they come, and as people change them. */
@ApiTags('live')
@ApiRefusals()
@Controller('api/v1/events')
export class EventStreamController implements OnApplicationShutdown {
  readonly #streams: LiveStreams;

  constructor(
    @Inject(STORE) private readonly store: ManagerStore,
    @Inject(AUTHORITY) authority: Authority,
    @Inject(SETTINGS) settings: ApiSettings,
    @Inject(LiveSettings) private readonly live: LiveSettings,
    private readonly feed: EventFeed,
    sessions: Sessions,
  ) {
    const refusal = `${MAX_STREAMS} streams of events are open already`;
    this.#streams = new LiveStreams({ sessions, authority, settings, most: MAX_STREAMS, refusal });
  }

  /**
   * Server-sent events: `hello` {node, epoch, mode}; `events` {rows}, new ones and those that somebody changed, as they are now, oldest
   * first; `lagging` {}: some were left out, since the client reads too slowly or was away for too long; the list has them. The `id` of
   * the last one, sent back as `Last-Event-ID` to whichever node, is where the next stream goes on.
   */
  @Get('stream')
  @Refuses('TOO_MANY_STREAMS')
  @Needs('event', 'read')
  @AllowsProbeToken()
  @ApiHeader({ name: 'last-event-id', required: false })
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' } } } })
  async stream(
    @Query({ schema: EventStreamQuerySchema }) filter: EventFilter,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Asker() asker: Identity,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    this.#streams.mustHaveRoom();
    const from = lastEventId === undefined ? await this.store.operations.events.newest() : parseCursor(lastEventId);
    const [isWanted, isSeen] = [wantedEvent(filter, facilitiesOf(this.live)), isTheirs(asker.rights, this.live)];
    const follower = new Follower(from, (row) => isWanted(row) && isSeen(row));
    await this.#streams.follow(reply, asker, {
      // What comes twice is the same row.
      listen: () => this.feed.listen((rows, through) => follower.take(rows, through)),
      catchUp: async () => {
        await this.feed.begun();
        await this.#readBacklog(follower);
        return cursorText(from);
      },
      next: () => follower.next(),
    });
  }

  onApplicationShutdown(): void {
    this.#streams.endAll();
  }

  async #readBacklog(follower: Follower): Promise<void> {
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const { rows, number, history } = await this.store.operations.events.news(
        follower.read.number,
        follower.read.history,
        PAGE,
      );
      follower.backlog(rows, { number, history });
      if (rows.length === 0) return follower.begin();
    }
    follower.leaveOut(await this.store.operations.events.newest());
    follower.begin();
  }
}

/** What one client is owed. Bounded, however slowly it reads. */
class Follower {
  /** Through there all was taken. */
  read: EventCursor;
  readonly #isWanted: (row: EventRow) => boolean;
  #early: { readonly rows: readonly EventRow[]; readonly through: EventCursor }[] | null = [];
  #waiting: EventRow[] = [];
  #isLagging = false;

  constructor(from: EventCursor, isWanted: (row: EventRow) => boolean) {
    this.read = from;
    this.#isWanted = isWanted;
  }

  backlog(rows: readonly EventRow[], through: EventCursor): void {
    this.read = { number: Math.max(through.number, this.read.number), history: Math.max(through.history, this.read.history) };
    this.#waiting = this.#waiting.concat(rows.filter(this.#isWanted));
    if (this.#waiting.length <= MAX_WAITING) return;
    this.#waiting = [];
    this.#isLagging = true;
  }

  take(rows: readonly EventRow[], through: EventCursor): void {
    if (this.#early !== null) this.#early.push({ rows, through });
    else if (through.number > this.read.number || through.history > this.read.history) this.backlog(rows, through);
  }

  leaveOut(through: EventCursor): void {
    this.#isLagging = true;
    this.read = through;
  }

  /** What came while the backlog was read comes behind it. */
  begin(): void {
    const early = this.#early ?? [];
    this.#early = null;
    for (const { rows, through } of early) this.take(rows, through);
  }

  next(): Owed | null {
    const id = cursorText(this.read);
    if (this.#isLagging) {
      this.#isLagging = false;
      return { name: 'lagging', body: {}, id };
    }
    if (this.#waiting.length === 0) return null;
    // All at once: the cursor says that all before it was given.
    const rows = this.#waiting;
    this.#waiting = [];
    return { name: 'events', body: { rows }, id };
  }
}
