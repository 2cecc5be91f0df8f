import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Clock } from '@yosugara/kernel';
import {
  type IngestCounts,
  type IngestSource,
  type IngestSources,
  IngestSourcesSchema,
  type IngestSummary,
  IngestSummarySchema,
  type IngestTrace,
  IngestTraceSchema,
  type ReceiverReport,
  type ReceiverState,
  type ReceiversAnswer,
} from '@yosugara/protocol';
import { z } from 'zod';
import { Needs } from '../access/needs.js';
import { AllowsProbeToken } from '../auth/identity.js';
import type { Authority } from '../control/authority.js';
import { ApiRefusals, Bounded } from '../http/api-docs.js';
import { ApiRefusal } from '../http/errors.js';
import type { Lifecycle } from '../lifecycle.js';
import { instant, parseInstant } from '../messages/query.js';
import { COUNTS_KEPT_MS, type ManagerStore } from '../store/ports.js';
import { type ApiSettings, AUTHORITY, CLOCK, LIFECYCLE, SETTINGS, STORE } from '../tokens.js';
import { tellMissing } from './missing-records.js';
import { ReceiverView } from './receiver-view.js';
import { IngestTracer } from './trace.js';

const HOUR_MS = 3_600_000;
const DEFAULT_RANGE_MS = 24 * HOUR_MS;

const RangeQuery = { since: instant, until: instant };
const SummaryQuerySchema = z.strictObject(RangeQuery);
const SourcesQuerySchema = z.strictObject({
  ...RangeQuery,
  source: z.string().min(1).max(64).describe('This one only').optional(),
  limit: z.coerce.number().int().min(1).max(2_000).default(100),
});

const TraceQuerySchema = z.strictObject({
  id: z.string().min(3).max(120).describe('Id of a row; or journal:number, or node:number'),
});

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
  readonly said: { readonly from: string; readonly to: string; readonly countedSince: string };
}

/** What was received, what of it came to both nodes, and what did not (docs/visible-loss.md). On a Standby as far as it has replayed. */
@ApiTags('ingest')
@ApiRefusals()
@Controller('api/v1/ingest')
export class IngestController {
  constructor(
    @Inject(STORE) private readonly store: ManagerStore,
    @Inject(AUTHORITY) private readonly authority: Authority,
    @Inject(LIFECYCLE) private readonly lifecycle: Lifecycle,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly view: ReceiverView,
    private readonly tracer: IngestTracer,
  ) {}

  @Get('summary')
  @Bounded('a row a node, a receiver and a minute of the time asked for')
  @Needs('message', 'read')
  @AllowsProbeToken()
  @ApiOkResponse({ standardSchema: IngestSummarySchema })
  async summary(@Query({ schema: SummaryQuerySchema }) query: z.infer<typeof SummaryQuerySchema>): Promise<IngestSummary> {
    const range = await this.#range(query);
    const nowMs = this.clock.wallMs();
    const { mode, epoch } = this.authority.now();
    const [total, minutes, receivers, positions] = await Promise.all([
      this.store.counts.total(range.fromMs, range.toMs),
      this.store.counts.minutes(nowMs - HOUR_MS, nowMs + HOUR_MS),
      this.view.receivers(),
      this.store.counts.positions(),
    ]);
    const missing = tellMissing(positions, this.lifecycle.missing());
    return {
      ...range.said,
      ...{ answeredBy: this.settings.node, mode, epoch, behind: this.lifecycle.report(false).ingestBehind ?? null, missing },
      total: this.#named(total),
      receivers: receivers.map(({ node, report }) => ({ node, state: report === null ? null : stateOf(report) })),
      minutes: minutes.map(({ at, received, onlyAt }) => ({ at, received: this.#all(received), onlyAt: this.#all(onlyAt) })),
    };
  }

  @Get('sources')
  @Bounded('those that sent most, at most `limit`; `more` says how many are left out')
  @Needs('message', 'read')
  @AllowsProbeToken()
  @ApiOkResponse({ standardSchema: IngestSourcesSchema })
  async sources(@Query({ schema: SourcesQuerySchema }) query: z.infer<typeof SourcesQuerySchema>): Promise<IngestSources> {
    const { limit, source } = query;
    const range = await this.#range(query);
    const [{ found, sources }, receivers] = await Promise.all([
      this.store.counts.sources({ fromMs: range.fromMs, toMs: range.toMs, limit, source }),
      this.view.receivers(),
    ]);
    const counted = sources.map(({ source: name, ...counts }) => this.#sourceOf(name, counts, receivers));
    const known = new Set(sources.map((each) => each.source));
    // Of these nothing was taken in; they are here for what was refused.
    const refused = new Set(
      receivers.flatMap(({ report }) =>
        (report?.sources ?? [])
          .filter(
            (each) =>
              Object.keys(each.refused).length > 0 && !known.has(each.address) && (source ?? each.address) === each.address,
          )
          .map(({ address }) => address),
      ),
    );
    // With all that is counted in hand, one that is not among them has no counts; else it may be one that was left out.
    const only = found > sources.length ? [] : [...refused].map((name) => this.#sourceOf(name, NOTHING, receivers));
    return { ...range.said, nodes: [...this.settings.dataNodes], sources: [...counted, ...only], more: found - sources.length };
  }

  /** One message's way from the socket to the row, as this node can tell it: its journal, its copy of the other node's, its database. */
  @Get('trace')
  @Bounded('one message')
  @Needs('message', 'read')
  @AllowsProbeToken()
  @ApiOkResponse({ standardSchema: IngestTraceSchema })
  async trace(@Query({ schema: TraceQuerySchema }) { id }: z.infer<typeof TraceQuerySchema>): Promise<IngestTrace> {
    const found = await this.tracer.trace(id);
    if (found === null)
      throw new ApiRefusal(
        404,
        'NOT_FOUND',
        `${id}: neither a row nor a record of a journal on ${this.settings.node} is known`,
        'id',
      );
    return found;
  }

  /** Whole hours that hold what was asked for and is kept. */
  async #range(query: { since?: string | undefined; until?: string | undefined }): Promise<Range> {
    const nowMs = this.clock.wallMs();
    const at = (text: string | undefined) => (text === undefined ? undefined : parseInstant(text, nowMs)?.getTime());
    const beganMs = await this.store.counts.countedSinceMs();
    const keptMs = Math.floor((nowMs - COUNTS_KEPT_MS) / HOUR_MS) * HOUR_MS;
    const countedMs = Math.max(beganMs, keptMs);
    const fromMs = Math.floor((at(query.since) ?? nowMs - DEFAULT_RANGE_MS) / HOUR_MS) * HOUR_MS;
    const toMs = Math.max(fromMs + HOUR_MS, Math.ceil((at(query.until) ?? nowMs + 1) / HOUR_MS) * HOUR_MS);
    const text = (ms: number) => new Date(ms).toISOString();
    return { fromMs, toMs, said: { from: text(fromMs), to: text(toMs), countedSince: text(countedMs) } };
  }

  /** Every data node has a number, also that of which there is none. */
  #all(counts: Readonly<Record<string, number>>): Record<string, number> {
    return { ...Object.fromEntries(this.settings.dataNodes.map((node) => [node, 0])), ...counts };
  }

  #named({ received, matched, onlyAt, unpaired }: IngestCounts): IngestCounts {
    return { received: this.#all(received), matched, onlyAt: this.#all(onlyAt), unpaired: this.#all(unpaired) };
  }

  #sourceOf(source: string, counts: IngestCounts, receivers: ReceiversAnswer['receivers']): IngestSource {
    const only = Object.values(counts.onlyAt).reduce((sum, each) => sum + each, 0);
    const compared = counts.matched + only;
    const atReceiver = receivers.flatMap(({ node, report }) => {
      const line = report?.sources?.find(({ address }) => address === source);
      if (line === undefined) return [];
      const { received, refused, slowed, cut = 0, since = null } = line;
      return [[node, { since, received, refused, slowed, cut }] as const];
    });
    return {
      ...{ source, ...this.#named(counts), oneSided: compared === 0 ? null : only / compared },
      atReceiver: Object.fromEntries(atReceiver),
    };
  }
}

const NOTHING: IngestCounts = { received: {}, matched: 0, onlyAt: {}, unpaired: {} };

export function stateOf(report: ReceiverReport): ReceiverState {
  const { since = null, received, journalBytes, behindPeer, peerLink, kernelDrops = 0, refused = {} } = report;
  return {
    ...{ since, received, journalBytes, behindPeer, peerLink, kernelDrops, refused },
    journalFull: report.refusedFull ?? null,
    journalBacklog: report.refusedBacklog ?? null,
    sourcesLeftOut: report.sourcesLeftOut ?? null,
    ...(report.listenersAway === undefined ? {} : { listenersAway: report.listenersAway }),
    listeners: (report.listeners ?? []).map((listener) => {
      const { protocol, address, port, listener: whose, received: taken, refusedBy, connections } = listener;
      return {
        ...{ protocol, address, port, listener: whose, received: taken, refused: refusedBy, connections },
        ...{ since: listener.since ?? null, kernelDrops: listener.kernelDrops ?? null },
      };
    }),
  };
}
