import { Controller, Get, Headers, Inject, type OnApplicationShutdown, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { InvalidInputError } from '@yosugara/kernel';
import type { JobSessionRow } from '@yosugara/protocol';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Needs } from '../access/needs.js';
import { AllowsProbeToken, Asker, type Identity } from '../auth/identity.js';
import { Sessions } from '../auth/sessions.js';
import type { Authority } from '../control/authority.js';
import { word } from '../events/query.js';
import { ApiRefusals, Refuses } from '../http/api-docs.js';
import { LiveStreams, type Owed } from '../http/live-streams.js';
import { type ApiSettings, AUTHORITY, SETTINGS } from '../tokens.js';
import { JobFeed } from './job-feed.js';
import { JobsHandle } from './jobs-handle.js';
import { sessionView } from './views.js';

const MAX_STREAMS = 100;
/** Lines of history that somebody missed; who was away longer reads the list. */
const MOST_MISSED = 20_000;
const MAX_WAITING = 5_000;
const StreamQuery = z.strictObject({ unit: word('Id of the job unit'), session: word('Id of one session') });

/** Sessions as they begin, change and end. */
@ApiTags('live')
@ApiRefusals()
@Controller('api/v1/job-sessions')
export class JobStreamController implements OnApplicationShutdown {
  readonly #streams: LiveStreams;

  constructor(
    @Inject(JobsHandle) private readonly jobs: JobsHandle,
    @Inject(AUTHORITY) authority: Authority,
    @Inject(SETTINGS) settings: ApiSettings,
    private readonly feed: JobFeed,
    sessions: Sessions,
  ) {
    const refusal = `${MAX_STREAMS} streams of jobs are open already`;
    this.#streams = new LiveStreams({ sessions, authority, settings, most: MAX_STREAMS, refusal });
  }

  /**
   * Server-sent events: `hello` {node, epoch, mode}; `sessions` {rows}, each that began or of which something changed, as it is now, at most
   * once in each; `lagging` {}: some were left out, since the client reads too slowly or was away for too long; the list has them. The `id` of
   * the last one, sent back as `Last-Event-ID` to whichever node, is where the next stream goes on.
   */
  @Get('stream')
  @Refuses('TOO_MANY_STREAMS')
  @Needs('job', 'read')
  @AllowsProbeToken()
  @ApiHeader({ name: 'last-event-id', required: false })
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' } } } })
  async stream(
    @Query({ schema: StreamQuery }) { unit, session }: z.infer<typeof StreamQuery>,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Asker() asker: Identity,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    this.#streams.mustHaveRoom();
    const from = lastEventId === undefined ? null : lineOf(lastEventId);
    const isWanted = (row: JobSessionRow) =>
      asker.rights.reaches(row.ownerRole, 'read') &&
      (unit === undefined || row.unit === unit) &&
      (session === undefined || row.id === session);
    const waiting = new Waiting(isWanted);
    await this.#streams.follow(reply, asker, {
      // What comes twice is the same row.
      listen: () => this.feed.listen((rows, through) => waiting.put(rows, through)),
      catchUp: async () => {
        const newest = await this.feed.begun();
        if (from !== null) await this.#readMissed(waiting, from, newest);
        return String(from ?? newest);
      },
      next: () => waiting.take(),
    });
  }

  onApplicationShutdown(): void {
    this.#streams.endAll();
  }

  async #readMissed(waiting: Waiting, from: number, newest: number): Promise<void> {
    if (newest - from > MOST_MISSED) return waiting.leaveOut(newest);
    const { rows, through } = await this.jobs.tables.changedSince(from, MOST_MISSED);
    waiting.put(rows.map(sessionView), through);
  }
}

/** @throws InvalidInputError */
function lineOf(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new InvalidInputError('last-event-id', text.slice(0, 100), 'the `id` of an event of this stream');
  return Number(text);
}

/** What one client is owed: of each session the newest. Bounded, however slowly it reads. */
class Waiting {
  readonly #isWanted: (row: JobSessionRow) => boolean;
  readonly #rows = new Map<string, JobSessionRow>();
  #through = 0;
  #isLagging = false;

  constructor(isWanted: (row: JobSessionRow) => boolean) {
    this.#isWanted = isWanted;
  }

  put(rows: readonly JobSessionRow[], through: number): void {
    // What was missed is read while news come: the older of two looks at a session must not hide the newer.
    const isOlder = through < this.#through;
    for (const row of rows) if (this.#isWanted(row) && !(isOlder && this.#rows.has(row.id))) this.#rows.set(row.id, row);
    this.#through = Math.max(this.#through, through);
    if (this.#rows.size > MAX_WAITING) this.leaveOut(through);
  }

  leaveOut(through: number): void {
    this.#rows.clear();
    this.#isLagging = true;
    this.#through = Math.max(this.#through, through);
  }

  take(): Owed | null {
    const id = String(this.#through);
    if (this.#isLagging) {
      this.#isLagging = false;
      return { name: 'lagging', body: {}, id };
    }
    if (this.#rows.size === 0) return null;
    const rows = [...this.#rows.values()];
    this.#rows.clear();
    return { name: 'sessions', body: { rows }, id };
  }
}
