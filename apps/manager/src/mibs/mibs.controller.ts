import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { builtInModules, type MibType, NAMED_OID } from '@yosugara/operations';
import {
  DoneSchema,
  MAX_MIB_FILE,
  MAX_MIB_FILES,
  type MibDetail,
  MibDetailSchema,
  type MibList,
  MibListSchema,
  type MibLookup,
  MibLookupSchema,
  type MibModuleSummary,
  type MibUploaded,
  MibUploadedSchema,
} from '@yosugara/protocol';
import type { MibSummary } from '@yosugara/store';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Needs } from '../access/needs.js';
import { AllowsProbeToken, Asker, type Identity, NeedsActive, personOf } from '../auth/identity.js';
import { ApiRefusals, Bounded, LastWins, Refuses } from '../http/api-docs.js';
import { Repeatable } from '../http/commands.js';
import { ApiRefusal } from '../http/errors.js';
import type { Lifecycle } from '../lifecycle.js';
import type { AuditEntry } from '../store/ports.js';
import { type ApiSettings, LIFECYCLE, SETTINGS } from '../tokens.js';
import { MibLibrary } from './mib-library.js';
import { MibNames } from './mib-names.js';
import { MIB_TABLES, type MibTables } from './mib-tables.js';

const by = z.string().min(1).max(80).describe('Who asks, of whoever comes with the token instead of a login').optional();
const UploadSchema = z
  .strictObject({
    files: z
      .array(z.strictObject({ name: z.string().min(1).max(255), text: z.string().max(MAX_MIB_FILE) }))
      .min(1)
      .max(MAX_MIB_FILES),
    by,
  })
  .meta({ id: 'MibUpload' });
const RemoveQuery = z.strictObject({ by });
const NAME_OR_OID = new RegExp(`^(\\.?\\d{1,10}(\\.\\d{1,10}){0,127}|${NAMED_OID})$`);
const LookupQuery = z.strictObject({
  oid: z.string().max(1_024).regex(NAME_OR_OID, 'an OID, or a name such as ifDescr[3] or ifDescr.3'),
});
/** The answer says so when the compiler takes longer. */
const PATIENCE_MS = 25_000;
const MOST_TRAPS = 1_000;

/**
 * MIB modules: names of traps and of what they carry. Changed by the cluster's operators, or by `yosugara mib` on a node, whose token is that of
 * `yosugara messages`: who can read it could write the table itself.
 */
@ApiTags('mibs')
@ApiRefusals()
@ApiBearerAuth()
@Controller('api/v1/mibs')
export class MibsController {
  constructor(
    @Inject(MIB_TABLES) private readonly tables: MibTables,
    @Inject(LIFECYCLE) private readonly lifecycle: Lifecycle,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
    @Inject(MibLibrary) private readonly library: MibLibrary,
    @Inject(MibNames) private readonly names: MibNames,
  ) {}

  @Get()
  @Bounded('at most 4096 modules fit')
  @Needs('mib', 'read')
  @AllowsProbeToken()
  @ApiOkResponse({ standardSchema: MibListSchema })
  async list(): Promise<MibList> {
    const { wanted, compiled } = await this.tables.version();
    const modules = await this.tables.list();
    return { modules: modules.map(summaryOf), builtIn: [...builtInModules()], compiling: wanted !== compiled };
  }

  /** Modules of the same name are replaced. What could not be understood is told with its line, and the rest of it counts. */
  @Post()
  @Refuses('MIB_STORE_FULL', 'DEADLINE')
  @Repeatable('modules of the same name are replaced')
  @Needs('mib', 'add')
  @HttpCode(200)
  @NeedsActive()
  @AllowsProbeToken()
  @ApiOkResponse({ standardSchema: MibUploadedSchema })
  async upload(
    @Asker() asker: Identity,
    @Body({ schema: UploadSchema }) body: z.infer<typeof UploadSchema>,
  ): Promise<MibUploaded> {
    const login = personOf(asker, body.by);
    const done = await this.library.upload(body.files, login, this.#entry(login, 'mib.upload', {}), PATIENCE_MS);
    const stored = await this.tables.list(done.modules.map(({ name }) => name));
    return {
      modules: stored.map((module) => ({ ...summaryOf(module), problems: [...module.problems] })),
      completed: [...done.completed],
      refused: done.refused.map(({ file, problems }) => ({ file, problems: [...problems] })),
      compiled: done.compiled,
    };
  }

  /** What an OID is called, or which OID a name has. */
  @Get('lookup')
  @Needs('mib', 'read')
  @AllowsProbeToken()
  @ApiOkResponse({ standardSchema: MibLookupSchema })
  async lookUp(@Query({ schema: LookupQuery }) query: z.infer<typeof LookupQuery>): Promise<MibLookup> {
    const mibs = this.names.now();
    const oid = this.#numbersOf(query.oid);
    // A notification may be known with or without the 0 before its last arc.
    const notification = mibs.notification(oid);
    const found = notification !== null ? { node: notification, index: '' } : mibs.resolve(oid);
    if (found === null) return { oid, node: null, index: '', called: oid };
    const { node, index } = found;
    const description = node.description ?? (await this.tables.descriptionOf(node.module, node.oid));
    const type = node.type === null ? null : typeOf(node.type);
    return {
      ...{ oid, index, called: notification?.name ?? mibs.nameOf(oid) },
      node: { ...node, type, objects: [...node.objects], description },
    };
  }

  @Get(':name')
  @Needs('mib', 'read')
  @AllowsProbeToken()
  @ApiOkResponse({ standardSchema: MibDetailSchema })
  async show(@Param('name') name: string): Promise<MibDetail> {
    const [module] = await this.tables.list([name]);
    if (module === undefined) throw unknown(name);
    const [importedBy, traps] = await Promise.all([this.tables.importersOf(name), this.tables.notificationsOf(name, MOST_TRAPS)]);
    return {
      ...summaryOf(module),
      ...{ imports: [...module.imports], importedBy: [...importedBy], problems: [...module.problems] },
      traps: traps.map((trap) => ({ ...trap, objects: [...trap.objects] })),
    };
  }

  /** The text as it was uploaded. */
  @Get(':name/source')
  @Needs('mib', 'read')
  @AllowsProbeToken()
  @ApiOkResponse({ content: { 'text/plain': { schema: { type: 'string' } } } })
  async source(@Param('name') name: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const source = await this.tables.source(name);
    if (source === null) throw unknown(name);
    reply.type('text/plain; charset=utf-8');
    return source;
  }

  /** 409 while other modules import from it; they are named. */
  @Delete(':name')
  @LastWins('a module is replaced as a whole')
  @Refuses('MIB_IN_USE', 'DEADLINE')
  @Needs('mib', 'modify')
  @NeedsActive()
  @AllowsProbeToken()
  @ApiOkResponse({ standardSchema: DoneSchema })
  async remove(
    @Asker() asker: Identity,
    @Param('name') name: string,
    @Query({ schema: RemoveQuery }) query: z.infer<typeof RemoveQuery>,
  ): Promise<{ ok: true }> {
    const entry = this.#entry(personOf(asker, query.by), 'mib.delete', { module: name });
    if (!(await this.library.remove(name, entry, PATIENCE_MS))) throw unknown(name);
    return { ok: true };
  }

  #numbersOf(nameOrOid: string): string {
    if (/^[.\d]/.test(nameOrOid)) return nameOrOid.replace(/^\./, '');
    const oid = this.names.now().oidOf(nameOrOid);
    if (oid !== null) return oid;
    const [name = ''] = nameOrOid.split(/[.[]/, 1);
    if (this.names.now().named(name) !== null)
      throw new ApiRefusal(
        404,
        'NOT_FOUND',
        `${nameOrOid} is no instance of the table of ${name}, as far as its module is here`,
        'oid',
      );
    throw new ApiRefusal(404, 'NOT_FOUND', `no module that is here defines ${name}`, 'oid');
  }

  #entry(login: string, action: string, detail: AuditEntry['detail']): AuditEntry {
    const { epoch } = this.lifecycle.demandWritable();
    return { login, action, detail, node: this.settings.node, epoch };
  }
}

const unknown = (name: string) => new ApiRefusal(404, 'NOT_FOUND', `there is no uploaded MIB module ${name}`);

function summaryOf(module: MibSummary): MibModuleSummary {
  const { name, file, bytes, uploadedBy, state, missing, problems, objects, notifications } = module;
  return {
    ...{ name, file, bytes, uploadedBy, state, objects, notifications },
    digest: module.digest.toString('hex'),
    uploadedAt: module.uploadedAt.toISOString(),
    missing: [...missing],
    errors: problems.filter((problem) => problem.severity === 'error').length,
    warnings: problems.filter((problem) => problem.severity === 'warning').length,
  };
}

/** Without what serves for instances only. */
const typeOf = ({ base, name, hint, labels }: MibType) => ({ base, name, hint, labels: labels === null ? null : [...labels] });
