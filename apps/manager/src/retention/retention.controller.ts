import { Body, Controller, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Clock } from '@yosugara/kernel';
import {
  CleanUpAcceptedSchema,
  type CleanUpPreview,
  CleanUpPreviewSchema,
  type CleanUpQuestion,
  CleanUpQuestionSchema,
  CleanUpRequestSchema,
  type CleanUpRuns,
  CleanUpRunsSchema,
  RETAINED,
  RETENTION_ID,
  RetainedSchema,
  RetentionDaysSchema,
  type RetentionView,
  RetentionViewSchema,
} from '@yosugara/protocol';
import type { Kept } from '@yosugara/store';
import { z } from 'zod';
import { Needs, NeedsEverything } from '../access/needs.js';
import { Asker, type Identity, NeedsActive } from '../auth/identity.js';
import type { Authority } from '../control/authority.js';
import { ApiRefusals, Bounded, Refuses } from '../http/api-docs.js';
import { Repeatable } from '../http/commands.js';
import { ApiRefusal } from '../http/errors.js';
import { LiveSettings } from '../settings/live-settings.js';
import type { ManagerStore } from '../store/ports.js';
import { type ApiSettings, AUTHORITY, CLOCK, SETTINGS, STORE } from '../tokens.js';
import { Cleaner } from './cleaner.js';
import { RetentionRules } from './rules.js';

/** Sizes are read from the disk; however many ask, once in so long. */
const FRESH_MS = 5_000;
const DAY_MS = 86_400_000;
const EDITABLE: ReadonlySet<string> = new Set(Object.keys(RetentionDaysSchema.shape));

const RunsQuerySchema = z.strictObject({
  kind: RetainedSchema.optional(),
  after: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

/** What is kept, how long, and what is deleted. How long is changed as the setting `retention`, id `cluster`. */
@ApiTags('retention')
@ApiRefusals()
@ApiBearerAuth()
@Controller('api/v1/retention')
export class RetentionController {
  #last: { readonly atMs: number; readonly kept: Promise<readonly Kept[]>; readonly bytes: Promise<number> } | null = null;

  constructor(
    @Inject(STORE) private readonly store: ManagerStore,
    @Inject(LiveSettings) private readonly live: LiveSettings,
    @Inject(RetentionRules) private readonly rules: RetentionRules,
    @Inject(Cleaner) private readonly cleaner: Cleaner,
    @Inject(AUTHORITY) private readonly authority: Authority,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  @Bounded('one row a kind')
  @Needs('cluster', 'read')
  @ApiOkResponse({ standardSchema: RetentionViewSchema })
  async show(): Promise<RetentionView> {
    const { kept: keeping, bytes } = this.#kept();
    const [kept, databaseBytes, last, looks] = await Promise.all([
      keeping,
      bytes,
      this.store.retention.last(),
      this.store.retention.looks(),
    ]);
    const setting = this.live.snapshot.get('retention', RETENTION_ID);
    const days = this.rules.kept();
    const nowMs = this.clock.wallMs();
    return {
      ...{ at: new Date(nowMs).toISOString(), node: this.settings.node },
      setting:
        setting === undefined ? null : { revision: setting.revision, enabled: setting.enabled, body: setting.body as never },
      ...{ isOpen: this.rules.isOpen(nowMs), running: this.cleaner.running, waiting: [...this.cleaner.waiting], databaseBytes },
      kinds: kept.map(({ oldestMs, tables, ...each }) => ({
        ...{ ...each, tables: [...tables], oldest: oldestMs === null ? null : new Date(oldestMs).toISOString() },
        ...days[each.kind],
        ...{ fileDays: this.rules.file[each.kind], isEditable: EDITABLE.has(each.kind) },
        ...{ last: last.get(each.kind) ?? null, lookedAt: looks.get(each.kind)?.toISOString() ?? null },
      })),
    };
  }

  /** What would go if it were cleaned up now, with the days of the setting or with others. */
  @Post('preview')
  @Repeatable('it changes nothing')
  @HttpCode(200)
  @Needs('cluster', 'read')
  @ApiOkResponse({ standardSchema: CleanUpPreviewSchema })
  async preview(@Body({ schema: CleanUpQuestionSchema }) { kinds, days }: CleanUpQuestion): Promise<CleanUpPreview> {
    const kept = this.rules.kept(days);
    const nowMs = this.clock.wallMs();
    const found: CleanUpPreview['kinds'] = [];
    for (const kind of kinds ?? RETAINED) {
      const its = kept[kind].days;
      if (its === null) continue;
      const beforeMs = nowMs - its * DAY_MS;
      const preview = await this.store.retention.preview(kind, beforeMs);
      if (preview !== null)
        found.push({ kind, days: its, before: new Date(beforeMs).toISOString(), ...preview, parts: [...preview.parts] });
    }
    return { kinds: found };
  }

  /** Deletes now what is older than it is kept, whatever the time of day; how far it is, is in `running` and in the runs. */
  @Post('clean-up')
  @Repeatable('a kind that waits already waits once')
  @Refuses('NOT_BY_DAYS')
  @HttpCode(202)
  @NeedsEverything('cluster', 'execute')
  @NeedsActive()
  @ApiAcceptedResponse({ standardSchema: CleanUpAcceptedSchema })
  async cleanUp(
    @Asker() asker: Identity,
    @Body({ schema: CleanUpRequestSchema }) { kinds }: z.infer<typeof CleanUpRequestSchema>,
  ): Promise<z.infer<typeof CleanUpAcceptedSchema>> {
    const kept = this.rules.kept();
    const never = kinds.find((kind) => kept[kind].days === null);
    if (never !== undefined) throw new ApiRefusal(409, 'NOT_BY_DAYS', `${never} is not kept by days`, 'kinds');
    const { epoch } = this.authority.demand('active');
    const { node } = this.settings;
    await this.store.audit({ login: asker.login, action: 'retention.clean-up', detail: { kinds }, node, epoch }, () => {
      this.authority.demand('active', epoch);
    });
    this.cleaner.ask(kinds, asker.login);
    return { waiting: [...this.cleaner.waiting] };
  }

  /** What clean-ups did, newest first: those that deleted something, failed, or were asked for. */
  @Get('runs')
  @Needs('cluster', 'read')
  @ApiOkResponse({ standardSchema: CleanUpRunsSchema })
  async runs(@Query({ schema: RunsQuerySchema }) { kind, after, limit }: z.infer<typeof RunsQuerySchema>): Promise<CleanUpRuns> {
    const rows = await this.store.retention.runs(kind ?? null, after ?? null, limit);
    return { rows: [...rows], next: rows.length < limit ? null : String(rows.at(-1)!.number) };
  }

  #kept() {
    const atMs = this.clock.monotonicMs();
    if (this.#last !== null && atMs - this.#last.atMs < FRESH_MS) return this.#last;
    const asked = { atMs, kept: this.store.retention.kept(), bytes: this.store.databaseBytes() };
    this.#last = asked;
    // What failed is not kept: whoever asks next asks again.
    Promise.all([asked.kept, asked.bytes]).catch(() => {
      if (this.#last === asked) this.#last = null;
    });
    return asked;
  }
}
