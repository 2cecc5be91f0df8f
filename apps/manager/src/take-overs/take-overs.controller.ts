import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Clock } from '@yosugara/kernel';
import {
  type ClusterLag,
  ClusterLagSchema,
  type RecoverReport,
  type TakeOverRow,
  type TakeOvers,
  TakeOversSchema,
  takeOverKind,
} from '@yosugara/protocol';
import type { StoredTakeOver } from '@yosugara/store';
import { z } from 'zod';
import { Needs } from '../access/needs.js';
import { ApiRefusals, Bounded } from '../http/api-docs.js';
import type { ManagerStore } from '../store/ports.js';
import { CLOCK, STORE } from '../tokens.js';

const ListQuerySchema = z.strictObject({
  after: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(20),
});
const LagQuerySchema = z.strictObject({ hours: z.coerce.number().int().min(1).max(840).default(6) });

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const MOST_POINTS = 400;
const MOST_RECOVERS = 500;

/** Past changes of Master and how far the Standby was behind: of the database, so that both nodes tell the same. */
@ApiTags('cluster')
@ApiRefusals()
@ApiBearerAuth()
@Controller('api/v1/cluster')
export class TakeOversController {
  constructor(
    @Inject(STORE) private readonly store: ManagerStore,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Newest first, each with the recover that brought the old Master back. */
  @Get('take-overs')
  @Needs('cluster', 'read')
  @ApiOkResponse({ standardSchema: TakeOversSchema })
  async list(@Query({ schema: ListQuerySchema }) { after, limit }: z.infer<typeof ListQuerySchema>): Promise<TakeOvers> {
    const found = await this.store.takeOvers.list(after ?? null, limit);
    const oldest = found.at(-1);
    const recovers = oldest === undefined ? [] : await this.store.takeOvers.recovers(new Date(oldest.at), MOST_RECOVERS);
    return { rows: found.map((row) => rowOf(row, recovers)), next: found.length < limit ? null : String(oldest!.epoch) };
  }

  /** The most of each step, of each node. */
  @Get('lag')
  @Bounded('at most 400 points a node')
  @Needs('cluster', 'read')
  @ApiOkResponse({ standardSchema: ClusterLagSchema })
  async lag(@Query({ schema: LagQuerySchema }) { hours }: z.infer<typeof LagQuerySchema>): Promise<ClusterLag> {
    const stepMs = Math.max(1, Math.ceil((hours * HOUR_MS) / MINUTE_MS / MOST_POINTS)) * MINUTE_MS;
    const toMs = Math.ceil(this.clock.wallMs() / stepMs) * stepMs;
    const fromMs = toMs - Math.ceil((hours * HOUR_MS) / stepMs) * stepMs;
    const minutes = await this.store.takeOvers.lag(new Date(fromMs), new Date(toMs), stepMs);
    const nodes = [...new Set(minutes.map(({ node }) => node))].map((node) => ({
      node,
      points: minutes
        .filter((each) => each.node === node)
        .map(({ atMs, walBytes, journal, inSync }) => ({ at: new Date(atMs).toISOString(), walBytes, journal, inSync })),
    }));
    return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), stepMs, nodes };
  }
}

function rowOf(row: StoredTakeOver, recovers: readonly RecoverReport[]): TakeOverRow {
  const kind = takeOverKind(row);
  const isBack = ({ node, startedAt, state }: RecoverReport) => node === row.from && startedAt >= row.at && state === 'done';
  return {
    ...{ ...row, kind, loss: kind === 'forced' || kind === 'away' ? 'accepted' : 'none' },
    recover: row.from === row.owner ? null : (recovers.find(isBack) ?? null),
  };
}
