import { Controller, Get, Inject } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Clock } from '@yosugara/kernel';
import { type Overview, OverviewSchema } from '@yosugara/protocol';
import type { OverviewRows } from '@yosugara/store';
import { Needs } from '../access/needs.js';
import type { Rights } from '../access/rights.js';
import { type IsSeen, ownersOf } from '../access/seen.js';
import type { Agents } from '../agents/agents.js';
import { AllowsProbeToken, Asker, type Identity } from '../auth/identity.js';
import { ApiRefusals } from '../http/api-docs.js';
import type { SelfHandle } from '../self/self-handle.js';
import { selfViewOf } from '../self/self-view.js';
import { LiveSettings } from '../settings/live-settings.js';
import type { ManagerStore } from '../store/ports.js';
import { AGENTS, type ApiSettings, CLOCK, SELF, SETTINGS, STORE } from '../tokens.js';
import { jobsOf, MOST_LISTED, reachabilityOf, scopesOf, silentOf, tallyOf } from './overview.js';

/** However many consoles are open, the database is asked once in so long for all who see the same. */
const FRESH_MS = 2_000;
/** Different sights that are kept at once; the oldest is forgotten. */
const MOST_SIGHTS = 100;

interface Sight {
  readonly atMs: number;
  readonly wallMs: number;
  readonly rows: Promise<OverviewRows>;
}

/** One look at everything. */
@ApiTags('overview')
@ApiRefusals()
@ApiBearerAuth()
@AllowsProbeToken()
@Controller('api/v1/overview')
export class OverviewController {
  readonly #sights = new Map<string, Sight>();

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
  @Needs('event', 'read')
  @ApiOkResponse({ standardSchema: OverviewSchema })
  async show(@Asker() { rights }: Identity): Promise<Overview> {
    const isSeen: IsSeen = (setting) => setting !== undefined && rights.reaches(setting.ownerRole, 'read');
    const { wallMs, rows: coming } = this.#rows(rights, isSeen);
    const rows = await coming;
    const { snapshot } = this.live;
    return {
      ...{ at: new Date(wallMs).toISOString(), node: this.settings.node },
      ...{ open: tallyOf(rows.open), now: tallyOf(rows.now), scopes: [...scopesOf(snapshot, rows, isSeen)] },
      silent: silentOf(snapshot, rows.silent, isSeen),
      jobs: rights.may('job', 'read') ? jobsOf(rows.jobs) : null,
      agents: rights.may('agent', 'read') ? this.#agents() : null,
      self: rights.may('cluster', 'read') ? this.#self() : null,
    };
  }

  /** Of those whose roles read the same, one question. */
  #rows(rights: Rights, isSeen: IsSeen): Sight {
    const atMs = this.clock.monotonicMs();
    const seen = ownersOf(rights);
    const key = JSON.stringify(seen.ownerRoles?.toSorted() ?? null);
    const last = this.#sights.get(key);
    if (last !== undefined && atMs - last.atMs < FRESH_MS) return last;
    const query = { ...seen, reachability: reachabilityOf(this.live.snapshot, isSeen), limit: 2 * MOST_LISTED };
    const asked = { atMs, wallMs: this.clock.wallMs(), rows: this.store.operations.overview(query) };
    this.#sights.delete(key);
    this.#sights.set(key, asked);
    for (const oldest of this.#sights.keys()) {
      if (this.#sights.size <= MOST_SIGHTS) break;
      this.#sights.delete(oldest);
    }
    // What failed is not kept: whoever asks next asks again.
    asked.rows.catch(() => {
      if (this.#sights.get(key) === asked) this.#sights.delete(key);
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
