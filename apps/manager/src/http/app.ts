import fastifyCookie from '@fastify/cookie';
import fastifyHelmet, { type FastifyHelmetOptions } from '@fastify/helmet';
import { type DynamicModule, Module, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ThrottlerModule } from '@nestjs/throttler';
import type { Clock, Log } from '@yosugara/kernel';
import { MAX_IMPORT_PART_BYTES, MAX_MIB_UPLOAD_BYTES } from '@yosugara/protocol';
import { SettingsTimes } from '@yosugara/runtime';
import type { FastifyInstance } from 'fastify';
import { AccessController } from '../access/access.controller.js';
import { Accounts } from '../access/accounts.js';
import { type Asking, whileAsked } from '../access/asking.js';
import { type External, NOBODY_ELSE } from '../access/external.js';
import { KnownRoles } from '../access/known-roles.js';
import { Refusals } from '../access/refusals.js';
import { TokenUses } from '../access/token-uses.js';
import { TokensController } from '../access/tokens.controller.js';
import { UsersController } from '../access/users.controller.js';
import { Users } from '../access/users.js';
import { AgentsController } from '../agents/agents.controller.js';
import type { Agents } from '../agents/agents.js';
import { AuthController } from '../auth/auth.controller.js';
import { Gate } from '../auth/gate.js';
import { loginThrottle } from '../auth/login-throttle.js';
import { OidcController } from '../auth/oidc.controller.js';
import { PassController } from '../auth/pass.controller.js';
import { Sessions } from '../auth/sessions.js';
import { CalendarsController } from '../calendars/calendars.controller.js';
import { CapacityController } from '../capacity/capacity.controller.js';
import { Capacity } from '../capacity/capacity.js';
import { ClusterController } from '../cluster/cluster.controller.js';
import { type AskController, ClusterView } from '../cluster/cluster-view.js';
import type { Authority } from '../control/authority.js';
import { EventFeed } from '../events/event-feed.js';
import { EventStreamController } from '../events/event-stream.controller.js';
import { EventsController } from '../events/events.controller.js';
import { StatusesController } from '../events/statuses.controller.js';
import { Counted } from '../ingest/counted.js';
import { IngestController } from '../ingest/ingest.controller.js';
import { ReceiverView } from '../ingest/receiver-view.js';
import { IngestTracer } from '../ingest/trace.js';
import { InventoryController } from '../inventory/inventory.controller.js';
import { NodeInventoryController } from '../inventory/node-inventory.controller.js';
import { JobFeed } from '../jobs/job-feed.js';
import { JobSessionsController } from '../jobs/job-sessions.controller.js';
import { JobStreamController } from '../jobs/job-stream.controller.js';
import { JobsController } from '../jobs/jobs.controller.js';
import { JobsHandle } from '../jobs/jobs-handle.js';
import type { Lifecycle } from '../lifecycle.js';
import { nestLogger } from '../log.js';
import { MessageFeed } from '../messages/feed.js';
import { MessagesController } from '../messages/messages.controller.js';
import { StoredRows } from '../messages/stored-rows.js';
import { TailController } from '../messages/tail.controller.js';
import { MibLibrary } from '../mibs/mib-library.js';
import { MibNames } from '../mibs/mib-names.js';
import { MIB_TABLES } from '../mibs/mib-tables.js';
import { MibsController } from '../mibs/mibs.controller.js';
import { MonitorsController } from '../monitors/monitors.controller.js';
import type { Operations } from '../operations/operations.js';
import { StoredOperations } from '../operations/stored-operations.js';
import { OverviewController } from '../overview/overview.controller.js';
import { Cleaner } from '../retention/cleaner.js';
import { RetentionController } from '../retention/retention.controller.js';
import { RetentionRules } from '../retention/rules.js';
import { SecretKeeper } from '../secrets/secret-keeper.js';
import { SecretsController } from '../secrets/secrets.controller.js';
import { SelfController } from '../self/self.controller.js';
import type { SelfHandle } from '../self/self-handle.js';
import { FacilitiesController } from '../settings/facilities.controller.js';
import { ImportStage } from '../settings/import-stage.js';
import { LiveSettings } from '../settings/live-settings.js';
import { NodeSearchController } from '../settings/node-search.controller.js';
import { ReadController } from '../settings/read.controller.js';
import { SettingsController } from '../settings/settings.controller.js';
import { SettingsService } from '../settings/settings-service.js';
import { SETTINGS_TABLES } from '../settings/settings-tables.js';
import type { ManagerStore } from '../store/ports.js';
import { TakeOversController } from '../take-overs/take-overs.controller.js';
import {
  AGENTS,
  type ApiSettings,
  AUTHORITY,
  CLOCK,
  CONTROLLER,
  EXTERNAL,
  LIFECYCLE,
  LOG,
  OPERATIONS,
  SELF,
  SETTINGS,
  STORE,
} from '../tokens.js';
import type { TriedOut } from '../try-out/running.js';
import { TryOutController } from '../try-out/try-out.controller.js';
import { Commands } from './commands.js';
import { ErrorFilter } from './error-filter.js';
import { invalidInput } from './errors.js';
import { addressOfNow } from './former-addresses.js';
import { HealthController, originOf } from './health.controller.js';
import { MetricsController } from './metrics.controller.js';
import { openApiDocument } from './openapi.js';
import { ProbeController } from './probe.controller.js';
import { serveConsole } from './static.js';
import { StreamController } from './stream.controller.js';

export interface AppParts {
  readonly store: ManagerStore;
  readonly stored: StoredRows;
  readonly counted: Counted;
  readonly tracer: IngestTracer;
  readonly authority: Authority;
  readonly lifecycle: Lifecycle;
  readonly askController: AskController;
  readonly mibs: { readonly names: MibNames; readonly library: MibLibrary };
  readonly liveSettings: LiveSettings;
  readonly times?: SettingsTimes;
  /** Missing: nothing is cleaned up by this process. */
  readonly retention?: { readonly rules: RetentionRules; readonly cleaner: Cleaner };
  readonly operations: Pick<Operations, 'stored' | 'stats'> & TriedOut;
  readonly self: SelfHandle;
  /** Missing: nobody keeps a history. */
  readonly capacity?: Capacity;
  /** null or missing: this node takes none. */
  readonly agents?: Agents | null;
  /** Missing: this process knows no jobs. */
  readonly jobs?: JobsHandle;
  /** Missing: secrets lie in the clear. */
  readonly secrets?: SecretKeeper;
  readonly settings: ApiSettings;
  /** Who knows people besides the database. */
  readonly external?: External;
  readonly clock: Clock;
  readonly log: Log;
}

const MAX_BODY_BYTES = 262_144;
/** What is uploaded; everything else is what somebody filled in. */
const LARGE_BODIES: ReadonlyMap<string, number> = new Map([
  ['/api/v1/mibs', MAX_MIB_UPLOAD_BYTES],
  ['/api/v1/settings/import', MAX_IMPORT_PART_BYTES],
  ['/api/v1/settings/import/parts', MAX_IMPORT_PART_BYTES],
  ['/api/v1/settings/read', MAX_IMPORT_PART_BYTES],
]);

@Module({})
class ManagerModule {
  static with(parts: AppParts): DynamicModule {
    return {
      module: ManagerModule,
      imports: [ThrottlerModule.forRoot(loginThrottle(parts.settings.loginsPerMinute))],
      controllers: [
        ...[AuthController, ClusterController, MessagesController, StreamController, ProbeController, HealthController],
        ...[IngestController, TailController, MetricsController, MibsController],
        ...[EventStreamController, EventsController, StatusesController],
        ...[SecretsController, SettingsController, FacilitiesController, NodeSearchController, CalendarsController],
        ...[JobStreamController, JobSessionsController, JobsController],
        ...[AccessController, UsersController, TokensController, OidcController, PassController],
        ...[
          MonitorsController,
          ReadController,
          SelfController,
          CapacityController,
          AgentsController,
          InventoryController,
          NodeInventoryController,
          OverviewController,
          RetentionController,
          TakeOversController,
          TryOutController,
        ],
      ],
      providers: [
        { provide: STORE, useValue: parts.store },
        { provide: StoredRows, useValue: parts.stored },
        { provide: Counted, useValue: parts.counted },
        { provide: IngestTracer, useValue: parts.tracer },
        { provide: AUTHORITY, useValue: parts.authority },
        { provide: LIFECYCLE, useValue: parts.lifecycle },
        { provide: CONTROLLER, useValue: parts.askController },
        { provide: MIB_TABLES, useValue: parts.store.mibs },
        { provide: MibNames, useValue: parts.mibs.names },
        { provide: MibLibrary, useValue: parts.mibs.library },
        { provide: SETTINGS_TABLES, useValue: parts.store.settings },
        { provide: LiveSettings, useValue: parts.liveSettings },
        { provide: SettingsTimes, useValue: parts.times ?? new SettingsTimes(parts.liveSettings.snapshot) },
        { provide: RetentionRules, useValue: parts.retention?.rules ?? null },
        { provide: Cleaner, useValue: parts.retention?.cleaner ?? null },
        { provide: SecretKeeper, useValue: parts.secrets ?? null },
        { provide: StoredOperations, useValue: parts.operations.stored },
        { provide: OPERATIONS, useValue: parts.operations },
        { provide: SELF, useValue: parts.self },
        { provide: Capacity, useValue: parts.capacity ?? null },
        { provide: AGENTS, useValue: { agents: parts.agents ?? null } },
        { provide: JobsHandle, useValue: parts.jobs ?? new JobsHandle(null) },
        { provide: SettingsService, useValue: settingsService(parts) },
        { provide: ImportStage, useValue: new ImportStage(parts.clock) },
        { provide: SETTINGS, useValue: parts.settings },
        { provide: EXTERNAL, useValue: parts.external ?? NOBODY_ELSE },
        { provide: CLOCK, useValue: parts.clock },
        { provide: LOG, useValue: parts.log },
        { provide: APP_GUARD, useClass: Gate },
        { provide: APP_INTERCEPTOR, useClass: Commands },
        { provide: APP_FILTER, useClass: ErrorFilter },
        { provide: KnownRoles, useValue: new KnownRoles(parts.liveSettings) },
        { provide: TokenUses, useValue: new TokenUses(parts.store, parts.authority, parts.clock, parts.log) },
        { provide: Refusals, useValue: new Refusals(parts.store, parts.authority, parts.settings.node, parts.clock, parts.log) },
        Sessions,
        { provide: Accounts, useFactory: accountsOf(parts), inject: [Sessions, KnownRoles] },
        { provide: Users, useFactory: usersOf(parts), inject: [Sessions, KnownRoles] },
        ClusterView,
        MessageFeed,
        EventFeed,
        JobFeed,
        ReceiverView,
      ],
    };
  }
}

const settingsService = ({ store, liveSettings, authority, lifecycle, settings }: AppParts) =>
  new SettingsService({
    tables: store.settings,
    live: liveSettings,
    authority,
    lifecycle,
    people: store.people,
    node: settings.node,
  });

const accountsOf =
  ({ store, settings, authority, clock, log, self, external = NOBODY_ELSE }: AppParts) =>
  (sessions: Sessions, roles: KnownRoles) =>
    new Accounts({
      ...{ store, settings, authority, sessions, roles, directory: external.directory, clock, log },
      tell: async (result) => await self.tell(result),
    });
const usersOf =
  ({ store, settings, authority }: AppParts) =>
  (sessions: Sessions, roles: KnownRoles) =>
    new Users({ store, node: settings.node, authority, sessions, roles });

/** The API and the console, ready to handle requests; listening is somebody else's (listeners.ts). */
export async function createApp(parts: AppParts): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    routerOptions: { maxParamLength: 200 },
    rewriteUrl: ({ url = '/' }) => addressOfNow(url),
  });
  const app = await NestFactory.create<NestFastifyApplication>(ManagerModule.with(parts), adapter, {
    logger: nestLogger(parts.log),
    abortOnError: false,
  });
  app.useGlobalPipes(new StandardSchemaValidationPipe({ exceptionFactory: invalidInput }));
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  fastify.addHook('onRoute', (route) => {
    const limit = route.method === 'POST' ? LARGE_BODIES.get(route.url) : undefined;
    if (limit !== undefined) route.bodyLimit = limit;
  });
  const asking = new WeakMap<object, Asking>();
  fastify.addHook('onRequest', (request, _reply, done) => {
    const who: Asking = { address: request.ip, came: 'nobody' };
    asking.set(request, who);
    whileAsked(who, done);
  });
  // Whoever reads a body goes on from the socket's own thread of events.
  fastify.addHook('preValidation', (request, _reply, done) => whileAsked(asking.get(request)!, done));
  await fastify.register(fastifyCookie);
  await fastify.register(fastifyHelmet, helmetOf(parts.settings));
  // Before anything answers: streams take the headers that are there when they begin.
  fastify.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store');
    // It means something over TLS only; a proxy that ends TLS adds it. Other ports and other names are none of ours.
    if (request.protocol === 'https') reply.header('strict-transport-security', 'max-age=31536000');
  });
  let document: object | undefined;
  // Made when first asked for: start-up and take-over do not wait for it.
  fastify.get('/api/openapi.json', async () => (document ??= openApiDocument(app)));
  await serveConsole(fastify, parts.settings.staticDir);
  const uses = app.get(TokenUses);
  uses.start();
  fastify.addHook('onClose', async () => uses.stop());
  await app.init();
  await fastify.ready();
  return app;
}

/** What a Vite build with Mantine needs, and nothing more: scripts from files of our own, styles also written by scripts. */
const helmetOf = ({ others }: ApiSettings): FastifyHelmetOptions => ({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      baseUri: ["'none'"],
      // Whether the other node serves is asked by the page itself, where no address goes with the Master.
      connectSrc: ["'self'", ...others.flatMap((other) => [originOf('http', other), originOf('https', other)])],
      fontSrc: ["'self'", 'data:'],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      imgSrc: ["'self'", 'data:'],
      objectSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
    },
  },
  // These mean something over TLS only.
  strictTransportSecurity: false,
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  referrerPolicy: { policy: 'same-origin' },
});
