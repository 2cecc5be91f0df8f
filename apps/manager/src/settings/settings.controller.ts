import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  FUNCTION_OF_KIND,
  ImportPartSchema,
  isBuiltInScope,
  KNOWN_KINDS,
  MAX_IMPORT_PART,
  SETTING_ID,
  SETTING_KINDS,
  type SettingHistory,
  SettingHistorySchema,
  type SettingKey,
  type SettingKind,
  type SettingPage,
  SettingPageSchema,
  type SettingPut,
  SettingPutSchema,
  SettingRemovedSchema,
  type SettingsDifference,
  SettingsDifferenceSchema,
  type SettingsExport,
  SettingsExportSchema,
  type SettingsOverview,
  SettingsOverviewSchema,
  type SettingView,
  SettingViewSchema,
  settingSchemaOf,
} from '@yosugara/protocol';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { NeedsSetting } from '../access/needs.js';
import { forbidden } from '../auth/gate.js';
import { AllowsProbeToken, Asker, type Identity, NeedsActive, personOf } from '../auth/identity.js';
import { ApiRefusals, Bounded, Refuses } from '../http/api-docs.js';
import { Repeatable } from '../http/commands.js';
import { ApiRefusal } from '../http/errors.js';
import { demandedRevision } from '../http/if-match.js';
import { ImportStage } from './import-stage.js';
import { LiveSettings } from './live-settings.js';
import { readSetting } from './read-setting.js';
import { mistaken, unknownSetting } from './refusals.js';
import { SettingRights } from './setting-rights.js';
import { documentOf, historyOf, parseDocuments, SettingsService, viewOf } from './settings-service.js';
import { SETTINGS_TABLES, type SettingsTables } from './settings-tables.js';

const by = z.string().min(1).max(80).describe('Who asks, of whoever comes with the token instead of a login').optional();
const ByQuery = z.strictObject({ by });
const truth = z.enum(['true', 'false']).transform((text) => text === 'true');
const limit = (usual: number, most: number) => z.coerce.number().int().min(1).max(most).default(usual);
const text = z.string().min(1).max(256).optional();
const ListQuery = z.strictObject({
  text,
  enabled: truth.optional(),
  ownerRole: text,
  address: text,
  host: text,
  scope: text,
  after: text,
  limit: limit(200, 1_000),
});
const HistoryQuery = z.strictObject({
  after: z.coerce.number().int().min(1).max(999_999_999).describe('`next` of an earlier page').optional(),
  limit: limit(50, 500),
});
const ExportQuery = z.strictObject({
  kind: z.union([z.enum(SETTING_KINDS), z.array(z.enum(SETTING_KINDS))]).optional(),
  after: z.string().max(256).optional(),
  limit: limit(1_000, 1_000),
});
const PutSchema = z
  .strictObject({
    description: z.unknown().optional(),
    enabled: z.unknown().optional(),
    ownerRole: z.unknown().optional(),
    body: z.unknown(),
    by,
  })
  .meta({ id: 'SettingToPut' });
const importId = z.uuid().optional().describe('Of parts that were sent before');
const ImportSchema = z
  .strictObject({
    documents: z.array(z.unknown()).max(MAX_IMPORT_PART).default([]),
    import: importId,
    dryRun: z.boolean().default(false),
    deleteMissing: z
      .array(z.enum(SETTING_KINDS))
      .default([])
      .describe('Settings of these kinds that are not in the import are deleted'),
    by,
  })
  .meta({ id: 'SettingsImport' });
const PartSchema = z
  .strictObject({
    import: z.uuid(),
    part: z.int().min(0).max(100_000),
    documents: z.array(z.unknown()).max(MAX_IMPORT_PART),
    by,
  })
  .meta({ id: 'SettingsImportPart' });

/** What operators define (docs/operations.md): every kind under the same addresses. */
@ApiTags('settings')
@ApiRefusals()
@ApiBearerAuth()
@AllowsProbeToken()
@Controller('api/v1/settings')
export class SettingsController {
  constructor(
    @Inject(SETTINGS_TABLES) private readonly tables: SettingsTables,
    @Inject(SettingsService) private readonly service: SettingsService,
    @Inject(ImportStage) private readonly stage: ImportStage,
    @Inject(LiveSettings) private readonly live: LiveSettings,
  ) {}

  @Get()
  @Bounded('one row a kind')
  @NeedsSetting('read')
  @ApiOkResponse({ standardSchema: SettingsOverviewSchema })
  async overview(@Asker() { rights }: Identity): Promise<SettingsOverview> {
    const may = new SettingRights(rights);
    const counts = await this.tables.counts(may.readOwners);
    const kinds = KNOWN_KINDS.filter((kind) => may.readsKind(kind)).map((kind) => ({ kind, count: counts.get(kind) ?? 0 }));
    return { version: Math.max(0, this.live.snapshot.version), kinds };
  }

  /** In pages, as `import` takes them; secrets are null, which leaves them as they are. Built-in scopes are no part of it. */
  @Get('export')
  @NeedsSetting('read')
  @ApiOkResponse({ standardSchema: SettingsExportSchema })
  async export(
    @Asker() { rights, login }: Identity,
    @Query({ schema: ExportQuery }) query: z.infer<typeof ExportQuery>,
  ): Promise<SettingsExport> {
    const may = new SettingRights(rights);
    const kinds = query.kind === undefined ? KNOWN_KINDS.filter((kind) => may.readsKind(kind)) : [query.kind].flat();
    const unread = kinds.find((kind) => !may.readsKind(kind));
    if (unread !== undefined) throw forbidden(`${FUNCTION_OF_KIND[unread]}: read`, login);
    const [afterKind, ...afterId] = query.after?.split('/') ?? [];
    const from = afterKind === undefined ? 0 : kinds.indexOf(afterKind as SettingKind);
    if (from < 0) throw new ApiRefusal(400, 'INVALID_INPUT', 'after: allowed is the `next` of an earlier page', 'after');
    const documents: unknown[] = [];
    for (const kind of kinds.slice(from)) {
      const after = kind === afterKind ? { after: afterId.join('/') } : {};
      const asked = query.limit - documents.length;
      const rows = await this.tables.list(kind, { ...after, ...ownersOf(may), limit: asked });
      for (const row of rows) if (!(row.kind === 'scope' && isBuiltInScope(row.id))) documents.push(documentOf(row));
      const last = rows.at(-1);
      if (last !== undefined && rows.length === asked) return { documents, next: `${last.kind}/${last.id}` };
    }
    return { documents, next: null };
  }

  /** The JSON Schema of a kind's body; `writeOnly` marks secrets. */
  @Get('schema/:kind')
  @NeedsSetting('read')
  @ApiOkResponse({ content: { 'application/json': { schema: { type: 'object' } } } })
  schema(@Param('kind') kind: string): object {
    const schema = settingSchemaOf(kindOf(kind));
    if (schema === null) throw new ApiRefusal(404, 'NOT_FOUND', `the kind ${kind} has no schema in this version`);
    return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  }

  /** All of it or nothing. `dryRun`: what would be added, changed field by field, and removed. */
  @Post('import')
  @Refuses('ID_TAKEN', 'BUILT_IN', 'SETTING_IN_USE', 'ROLE_IN_USE', 'IMPORT_GONE', 'IMPORT_TOO_LARGE', 'MORE_THAN_YOU_HAVE')
  @Repeatable('the same documents change nothing more')
  @NeedsSetting('add', 'modify')
  @HttpCode(200)
  @NeedsActive()
  @ApiOkResponse({ standardSchema: SettingsDifferenceSchema })
  async import(
    @Asker() asker: Identity,
    @Body({ schema: ImportSchema }) body: z.infer<typeof ImportSchema>,
  ): Promise<SettingsDifference> {
    const own = await parseDocuments(body.documents);
    const settings = body.import === undefined ? own : [...this.stage.take(body.import), ...own];
    const { dryRun, deleteMissing } = body;
    return await this.service.import(settings, { by: writerOf(asker, body.by), dryRun, deleteMissing });
  }

  /** Of an import that is too large for one request: checked now, done with `import`. */
  @Post('import/parts')
  @Refuses('IMPORT_UNDER_WAY', 'IMPORT_TOO_LARGE')
  @Repeatable('a part of the same number is the same part')
  @NeedsSetting('add', 'modify')
  @HttpCode(200)
  @NeedsActive()
  @ApiOkResponse({ standardSchema: ImportPartSchema })
  async part(
    @Asker() asker: Identity,
    @Body({ schema: PartSchema }) body: z.infer<typeof PartSchema>,
  ): Promise<{ documents: number }> {
    const settings = await parseDocuments(body.documents);
    return { documents: this.stage.add(body.import, body.part, personOf(asker, body.by), settings) };
  }

  @Get(':kind')
  @NeedsSetting('read')
  @ApiOkResponse({ standardSchema: SettingPageSchema })
  async list(
    @Asker() { rights }: Identity,
    @Param('kind') kind: string,
    @Query({ schema: ListQuery }) query: z.infer<typeof ListQuery>,
  ): Promise<SettingPage> {
    const { host, ...others } = query;
    const known = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined));
    const wanted = {
      ...known,
      ...ownersOf(new SettingRights(rights)),
      limit: query.limit,
      ...(host === undefined ? {} : { hostName: host }),
    };
    const rows = await this.tables.list(kindOf(kind), wanted);
    return { rows: rows.map(viewOf), next: rows.length < query.limit ? null : (rows.at(-1)?.id ?? null) };
  }

  @Get(':kind/:id')
  @NeedsSetting('read')
  @ApiOkResponse({ standardSchema: SettingViewSchema, headers: { ETag: { description: 'its revision' } } })
  async show(
    @Asker() { rights }: Identity,
    @Param('kind') kind: string,
    @Param('id') id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SettingView> {
    const key = keyOf(kind, id);
    const setting = await this.tables.get(key);
    if (setting === null || !new SettingRights(rights).reads(key.kind, setting.ownerRole)) throw unknownSetting(key);
    reply.header('etag', `"${setting.revision}"`);
    return viewOf(setting);
  }

  /** Secrets that are null or not there stay as they are; `""` removes one. */
  @Put(':kind/:id')
  @Refuses('ID_TAKEN', 'BUILT_IN', 'MORE_THAN_YOU_HAVE')
  @NeedsSetting('add', 'modify')
  @NeedsActive()
  @ApiHeader({ name: 'if-match', required: false, description: 'the revision that it was made from, or *: it must be there' })
  @ApiHeader({ name: 'if-none-match', required: false, description: '*: it must be new' })
  @ApiOkResponse({ standardSchema: SettingPutSchema })
  async put(
    @Asker() asker: Identity,
    @Param('kind') kind: string,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Body({ schema: PutSchema }) { by, ...body }: z.infer<typeof PutSchema>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SettingPut> {
    const { ownerRole = new SettingRights(asker.rights).usualOwner() } = body;
    const parsed = readSetting({ ...body, ...(ownerRole === undefined ? {} : { ownerRole }), kind: kindOf(kind), id });
    if (!parsed.ok) throw mistaken(parsed.mistakes);
    const done = await this.service.put(parsed.setting, writerOf(asker, by), demandedRevision(ifMatch, ifNoneMatch));
    reply.header('etag', `"${done.revision}"`);
    return done;
  }

  /** 409 while others refer to it; they are named. */
  @Delete(':kind/:id')
  @Refuses('SETTING_IN_USE', 'ROLE_IN_USE', 'BUILT_IN')
  @NeedsSetting('modify')
  @NeedsActive()
  @ApiHeader({ name: 'if-match', required: true })
  @ApiOkResponse({ standardSchema: SettingRemovedSchema })
  async remove(
    @Asker() asker: Identity,
    @Param('kind') kind: string,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Query({ schema: ByQuery }) query: z.infer<typeof ByQuery>,
  ): Promise<{ version: number }> {
    return await this.service.remove(keyOf(kind, id), writerOf(asker, query.by), demandedRevision(ifMatch));
  }

  /** Newest first. */
  @Get(':kind/:id/history')
  @NeedsSetting('read')
  @ApiOkResponse({ standardSchema: SettingHistorySchema })
  async history(
    @Asker() { rights }: Identity,
    @Param('kind') kind: string,
    @Param('id') id: string,
    @Query({ schema: HistoryQuery }) query: z.infer<typeof HistoryQuery>,
  ): Promise<SettingHistory> {
    const key = keyOf(kind, id);
    // One more, to compare the oldest with.
    const revisions = await this.tables.history(key, query.limit + 1, query.after);
    // Whose it is now, or was last, whichever page is asked for.
    const newest = query.after === undefined ? revisions : await this.tables.history(key, 2);
    const owner = newest.find(({ setting }) => setting !== null)?.setting?.ownerRole;
    if (newest.length === 0 || !new SettingRights(rights).reads(key.kind, owner ?? '')) throw unknownSetting(key);
    return historyOf(key.kind, revisions, query.limit);
  }
}

const writerOf = (asker: Identity, by: string | undefined) => ({ name: personOf(asker, by), rights: asker.rights });
const ownersOf = ({ readOwners }: SettingRights) => (readOwners === null ? {} : { owners: readOwners });

function kindOf(kind: string): SettingKind {
  const known = SETTING_KINDS.find((each) => each === kind);
  if (known === undefined)
    throw new ApiRefusal(
      404,
      'NOT_FOUND',
      `there is no kind of settings called ${kind}; there are ${SETTING_KINDS.join(', ')}`,
      'kind',
    );
  return known;
}

function keyOf(kind: string, id: string): SettingKey {
  const key = { kind: kindOf(kind), id };
  if (!SETTING_ID.test(id)) throw unknownSetting(key);
  return key;
}
