import { Controller, Get, Inject, type OnApplicationShutdown, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { MessageRow } from '@yosugara/protocol';
import type { FastifyReply } from 'fastify';
import { NeedsLogin } from '../access/needs.js';
import { Asker, type Identity } from '../auth/identity.js';
import { Sessions } from '../auth/sessions.js';
import { ClusterView } from '../cluster/cluster-view.js';
import type { Authority } from '../control/authority.js';
import { MessageFeed } from '../messages/feed.js';
import { type MessageFilter, StreamQuerySchema, wanted } from '../messages/query.js';
import { MibNames } from '../mibs/mib-names.js';
import { type ApiSettings, AUTHORITY, SETTINGS } from '../tokens.js';
import { ApiRefusals, Refuses } from './api-docs.js';
import type { EventStream } from './event-stream.js';
import { LiveStreams } from './live-streams.js';

const MAX_STREAMS = 200;
const MESSAGES_EVERY_MS = 250;
/** Rows of one event; older ones of a burst are left out and counted, the search has them all. */
const MAX_ROWS = 500;

@ApiTags('live')
@ApiRefusals()
@Controller('api/v1')
export class StreamController implements OnApplicationShutdown {
  readonly #streams: LiveStreams;

  constructor(
    @Inject(AUTHORITY) private readonly authority: Authority,
    @Inject(SETTINGS) settings: ApiSettings,
    private readonly view: ClusterView,
    private readonly feed: MessageFeed,
    sessions: Sessions,
    private readonly names: MibNames,
  ) {
    const refusal = `${MAX_STREAMS} pages are live already`;
    this.#streams = new LiveStreams({ sessions, authority, settings, most: MAX_STREAMS, refusal });
  }

  /**
   * Server-sent events: `hello` {node, epoch, mode} at the start and when one of them changes; `cluster`, the status, when it
   * changes, at most 2/s; `messages` {rows, dropped}, new rows that pass the filter, oldest first, at most 4/s.
   */
  @Get('stream')
  @Refuses('TOO_MANY_STREAMS')
  @NeedsLogin()
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' } } } })
  stream(
    @Query({ schema: StreamQuerySchema }) filter: MessageFilter,
    @Asker() asker: Identity,
    @Res() reply: FastifyReply,
  ): void {
    this.#streams.mustHaveRoom();
    const isWanted = wanted(filter, this.names);
    const stream = this.#streams.open(reply, asker);
    this.#hello(stream);
    stream.onEnd(this.view.listen((status) => stream.send('cluster', status)));
    this.#messages(stream, isWanted);
  }

  onApplicationShutdown(): void {
    this.#streams.endAll();
  }

  #hello(stream: EventStream): void {
    let said = '';
    const say = () => {
      const hello = this.#streams.hello();
      if (said !== JSON.stringify(hello)) stream.send('hello', hello);
      said = JSON.stringify(hello);
    };
    say();
    stream.onEnd(this.authority.watch(say));
  }

  #messages(stream: EventStream, isWanted: (row: MessageRow) => boolean): void {
    let rows: MessageRow[] = [];
    let dropped = 0;
    const unlisten = this.feed.listen((fresh, leftOut) => {
      rows.push(...fresh.filter(isWanted));
      dropped += leftOut + Math.max(0, rows.length - MAX_ROWS);
      rows = rows.slice(-MAX_ROWS);
    });
    const timer = setInterval(() => {
      if (rows.length > 0 || dropped > 0) stream.send('messages', { rows: rows.map((row) => this.names.readable(row)), dropped });
      rows = [];
      dropped = 0;
    }, MESSAGES_EVERY_MS);
    stream.onEnd(() => {
      unlisten();
      clearInterval(timer);
    });
  }
}
