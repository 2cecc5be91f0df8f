import { Controller, Get, Headers, Inject, Query, type StreamableFile } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  type AccessOverview,
  AccessOverviewSchema,
  type AuditPage,
  AuditPageSchema,
  type AuditQuery,
  AuditQuerySchema,
  type AuditRow,
  BUILT_IN_ROLES,
  FUNCTION_MODES,
  FUNCTIONS,
  isGivenRole,
} from '@yosugara/protocol';
import type { AuditLine, AuditSearch } from '@yosugara/store';
import { ApiRefusals, Bounded } from '../http/api-docs.js';
import { csvAnswer, csvLine, wantsCsv } from '../http/csv.js';
import { LiveSettings } from '../settings/live-settings.js';
import type { ManagerStore } from '../store/ports.js';
import { STORE } from '../tokens.js';
import { Needs } from './needs.js';

const CAME = ['session', 'token', 'host', 'nobody'] as const;
const TABLE_PAGE = 1_000;
/** Of one table. */
const MOST_TABLE_ROWS = 100_000;

/** What rights there are, and what was done with them. */
@ApiTags('access')
@ApiRefusals()
@ApiBearerAuth()
@Controller('api/v1')
export class AccessController {
  constructor(
    @Inject(STORE) private readonly store: ManagerStore,
    @Inject(LiveSettings) private readonly live: LiveSettings,
  ) {}

  @Get('access')
  @Bounded('one row a role')
  @Needs('access', 'read')
  @ApiOkResponse({ standardSchema: AccessOverviewSchema })
  async overview(): Promise<AccessOverview> {
    const users = await this.store.people.read(async (people) => await people.users.countByRole());
    const builtIn = Object.entries(BUILT_IN_ROLES).map(([id, body]) => ({
      id,
      builtIn: true,
      enabled: true,
      body,
    }));
    const own = [...this.live.snapshot.all('role').values()].map(({ id, enabled, body }) => ({
      id,
      builtIn: false,
      enabled,
      body,
    }));
    const roles = [...builtIn, ...own.sort((one, other) => (one.id < other.id ? -1 : 1))];
    return {
      functions: FUNCTIONS.map((id) => ({ id, modes: [...FUNCTION_MODES[id]] })),
      roles: roles.map((role) => ({ ...role, given: isGivenRole(role.id), users: users.get(role.id) ?? 0 })),
    };
  }

  /** Newest first; on a Standby as far as it has replayed. */
  @Get('audit')
  @Needs('audit', 'read')
  @ApiOkResponse({ standardSchema: AuditPageSchema })
  async audit(
    @Query({ schema: AuditQuerySchema }) query: AuditQuery,
    @Headers('accept') accept?: string,
  ): Promise<AuditPage | StreamableFile> {
    const { format, from, to, ...rest } = query;
    const search = {
      ...rest,
      from: from === undefined ? undefined : new Date(from),
      to: to === undefined ? undefined : new Date(to),
    };
    if (wantsCsv(format, accept)) return csvAnswer('audit', this.#table(search));
    const found = await this.store.auditLog.search(search);
    return { rows: found.map(rowOf), next: found.length < query.limit ? null : (found.at(-1)?.id ?? null) };
  }

  async *#table(search: AuditSearch): AsyncIterable<string> {
    yield csvLine(['id', 'at', 'who', 'by', 'from', 'action', 'object', 'done', 'detail', 'node', 'epoch']);
    let after = search.after;
    for (let rows = 0; rows < MOST_TABLE_ROWS; ) {
      const found = await this.store.auditLog.search({ ...search, after, limit: TABLE_PAGE });
      for (const line of found) {
        const { id, at, who, by, from, action, object, done, detail, node, epoch } = rowOf(line);
        yield csvLine([id, at, who, by, from, action, object, String(done), JSON.stringify(detail), node, epoch]);
      }
      rows += found.length;
      if (found.length < TABLE_PAGE) return;
      after = found.at(-1)!.id;
    }
  }
}

const rowOf = ({ id, at, actor, action, target, detail, epoch, came, address, node, done }: AuditLine): AuditRow => ({
  ...{ id, at: at.toISOString(), who: actor, from: address, action, object: target, done, detail, epoch },
  by: CAME.find((each) => each === came) ?? null,
  node: node ?? (detail as { node?: string } | null)?.node ?? '',
});
