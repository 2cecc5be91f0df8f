import { Controller, Get, Inject } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Clock } from '@yosugara/kernel';
import { type Overview, OverviewSchema } from '@yosugara/protocol';
import type { OverviewRows } from '@yosugara/store';
import { NeedsEverything } from '../access/needs.js';
import type { Agents } from '../agents/agents.js';
import { AllowsProbeToken } from '../auth/identity.js';
import { ApiRefusals } from '../http/api-docs.js';
import type { SelfHandle } from '../self/self-handle.js';
import { selfViewOf } from '../self/self-view.js';
import { LiveSettings } from '../settings/live-settings.js';
import type { ManagerStore } from '../store/ports.js';
import { AGENTS, type ApiSettings, CLOCK, SELF, SETTINGS, STORE } from '../tokens.js';
import { MOST_LISTED, reachabilityOf, scopesOf, silentOf, tallyOf } from './overview.js';

/** However many consoles are open, the database is asked once in so long. */
const FRESH_MS = 2_000;

/** One look at everything. */
@ApiTags('overview')
@ApiRefusals()
@ApiBearerAuth()
@AllowsProbeToken()
@Controller('api/v1/overview')
export class OverviewController {
  #last: { readonly atMs: number; readonly wallMs: number; readonly rows: Promise<OverviewRows> } | null = null;

  constructor(
    @Inject(STORE) private readonly store: ManagerStore,
    @Inject(LiveSettings) private readonly live: LiveSettings,
    @Inject(SELF) private readonly self: SelfHandle,
    @Inject(AGENTS) private readonly held: { readonly agents: Agents | null },
    @Inject(SETTINGS) private readonly settings: ApiSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** What is wrong where, what runs, who does not answer, and how the manager itself is. */
  @Get()
  @NeedsEverything('event', 'read')
  @ApiOkResponse({ standardSchema: OverviewSchema })
  async show(): Promise<Overview> {
    const { wallMs, rows: coming } = this.#rows();
    const rows = await coming;
    const { snapshot } = this.live;
    const { late, ...jobs } = rows.jobs;
    return {
      ...{ at: new Date(wallMs).toISOString(), node: this.settings.node },
      ...{ open: tallyOf(rows.open), scopes: [...scopesOf(snapshot, rows)], silent: silentOf(snapshot, rows.silent) },
      jobs: { ...jobs, states: { ...jobs.states }, late: late.slice(0, MOST_LISTED), moreLate: late.length > MOST_LISTED },
      ...{ agents: this.#agents(), self: this.#self() },
    };
  }

  #rows() {
    const atMs = this.clock.monotonicMs();
    if (this.#last !== null && atMs - this.#last.atMs < FRESH_MS) return this.#last;
    const query = { reachability: reachabilityOf(this.live.snapshot), limit: 2 * MOST_LISTED };
    const asked = { atMs, wallMs: this.clock.wallMs(), rows: this.store.operations.overview(query) };
    this.#last = asked;
    // What failed is not kept: whoever asks next asks again.
    asked.rows.catch(() => {
      if (this.#last === asked) this.#last = null;
    });
    return asked;
  }

  #agents(): Overview['agents'] {
    const { agents } = this.held;
    if (agents === null) return null;
    const inside = new Set(agents.links.agents().map(({ agent }) => agent));
    const known = agents.register.all().filter(({ revokedAt }) => revokedAt === null);
    const away = known.filter(({ id }) => !inside.has(id)).map(({ id }) => id);
    return { known: known.length, connected: inside.size, away: away.slice(0, MOST_LISTED) };
  }

  #self(): Overview['self'] {
    const { at, watches } = selfViewOf(this.self.view(), this.settings.node);
    const bad = watches.filter(({ level }) => level !== 'ok').slice(0, MOST_LISTED);
    return {
      ...{ at, worst: bad[0]?.level ?? 'ok' },
      bad: bad.map(({ watch, item, level, since, says }) => ({ watch, item, level, since, says })),
    };
  }
}
