import { join } from 'node:path';
import type { SettingSecrets } from '@yosugara/host-control/keys';
import type { Clock, Log } from '@yosugara/kernel';
import { EPOCH_OVER, type ManagerReport, STATE_LAYOUT, StatusSchema } from '@yosugara/protocol';
import { sourceProperties } from '@yosugara/runtime';
import type { FastifyInstance } from 'fastify';
import { externalOf } from './access/external.js';
import type { Agents } from './agents/agents.js';
import type { ManagerConfig } from './config.js';
import { Authority } from './control/authority.js';
import { askController, ControlLink, type ControlQuestion } from './control/client.js';
import { createApp } from './http/app.js';
import { type Listeners, openListeners } from './http/listeners.js';
import { Counted } from './ingest/counted.js';
import { LossWatch } from './ingest/loss-watch.js';
import { StandbyRetention } from './ingest/standby-retention.js';
import { IngestTracer } from './ingest/trace.js';
import type { JobsHandle } from './jobs/jobs-handle.js';
import { Lifecycle, type StartIngest } from './lifecycle.js';
import { StoredRows } from './messages/stored-rows.js';
import { MibLibrary } from './mibs/mib-library.js';
import { MibNames } from './mibs/mib-names.js';
import type { Operations } from './operations/operations.js';
import { StoredOperations } from './operations/stored-operations.js';
import { SecretKeeper } from './secrets/secret-keeper.js';
import { LiveSettings } from './settings/live-settings.js';
import type { ManagerStore } from './store/ports.js';
import type { ApiSettings } from './tokens.js';
import type { TriedOut } from './try-out/running.js';
import { startUpkeep } from './upkeep.js';
import { StoredSoFar, startWatching } from './watching.js';

export interface ManagerParts {
  readonly config: ManagerConfig;
  readonly store: ManagerStore;
  readonly startIngest: StartIngest;
  readonly clock: Clock;
  readonly log: Log;
  /** The controller wants this process gone. */
  readonly onOff: () => void;
  readonly loginsPerMinute?: number;
  /** Between two samples of how full everything is. */
  readonly capacityEveryMs?: number;
  /** Of what the store was opened with; missing: secrets lie in the clear. */
  readonly secrets?: SettingSecrets;
  /** Those that ingest uses, too. */
  readonly mibNames?: MibNames;
  /** What looks, judges and tells; missing: nothing does. */
  readonly operations?: Pick<Operations, 'live' | 'stored' | 'stats' | 'tell' | 'movedAtMs'> & TriedOut;
  /** For the API; missing: this process knows no jobs. */
  readonly jobs?: JobsHandle;
  /** Those that connect to this node; null or missing: it takes none. */
  readonly agents?: Agents | null;
}

export interface RunningManager {
  report(): ManagerReport;
  /** Ingest first, then the listeners with their connections, then the database. Safe to call twice. */
  stop(): Promise<void>;
}

const LOGINS_PER_MINUTE = 20;
const STATUS_DEADLINE_MS = 2_000;

/** The whole process but for signals and exit. Passive until the controller says otherwise. */
export async function startManager(parts: ManagerParts): Promise<RunningManager> {
  const { config, store, clock, log, operations, jobs, agents = null, capacityEveryMs } = parts;
  const authority = new Authority(clock, Number(process.env[EPOCH_OVER] ?? 0));
  const stored = new StoredRows();
  const counted = new Counted();
  const dataNodes = dataNodesOf(config);
  const losses = new LossWatch({ authority, store, nodes: dataNodes, clock, log });
  let listeners: Listeners | null = null;
  const report = () => {
    const agentsTrust = agents?.trust() ?? null;
    const told = agentsTrust === null ? {} : { agentsTrust };
    const keys = secrets === null ? {} : { keys: secrets.report() };
    return { ...lifecycle.report(listeners?.vip?.isOpen === true), oneSided: [...losses.oneSided], ...told, ...keys };
  };
  const storedSoFar = new StoredSoFar();
  const link = new ControlLink(config.controlSocket, authority, report, log);
  const changed = () => link.changed();
  const lifecycle = new Lifecycle({
    authority,
    store,
    startIngest: parts.startIngest,
    onStored: (rows) => {
      storedSoFar.take(rows);
      stored.tell(rows);
    },
    onCounted: (tallies) => counted.add(tallies),
    firstLogin: config.secrets.firstLogin,
    log,
    onOff: parts.onOff,
    onChange: changed,
  });
  const secrets = keeperOf(parts, authority, () => lifecycle.isReady());
  const receiverSocket = join(config.stateDir, STATE_LAYOUT.receiverSocket);
  const retention = new StandbyRetention({ authority, store, receiverSocket, log });
  const names = parts.mibNames ?? new MibNames(store.mibs, log);
  const library = new MibLibrary({ tables: store.mibs, names, authority, isReady: () => lifecycle.isReady(), clock, log });
  const liveSettings = operations?.live ?? new LiveSettings(store.settings, log);
  // Connections are being made while Nest builds the application.
  link.open();
  lifecycle.start();
  retention.start();
  library.start();
  liveSettings.start();
  losses.start();
  secrets?.start();
  const ask = async (question: ControlQuestion, deadlineMs: number) =>
    await askController(config.controlSocket, question, deadlineMs);
  const common = { config, store, authority, lifecycle, liveSettings, operations, ask, clock, log };
  const { times, ...upkeep } = startUpkeep(common);
  const watching = startWatching({ ...common, retention, storedSoFar, jobs, agents, capacityEveryMs });
  agents?.start(authority);
  const external = await externalOf(config.config.access);
  const app = await createApp({
    store,
    external,
    stored,
    counted,
    tracer: tracerOf(config, store, dataNodes),
    authority,
    lifecycle,
    mibs: { names, library },
    liveSettings,
    times,
    retention: upkeep,
    operations: {
      stored: operations?.stored ?? new StoredOperations(),
      stats: () => operations?.stats() ?? null,
      look: (monitor, facility) => operations?.look?.(monitor, facility) ?? null,
      test: (result, entry, over) => operations?.test?.(result, entry, over) ?? null,
    },
    askController: ask,
    self: watching.self,
    capacity: watching.capacity,
    ...(jobs === undefined ? {} : { jobs }),
    agents,
    settings: apiSettingsOf(parts, dataNodes),
    ...(secrets === null ? {} : { secrets }),
    clock,
    log,
  });
  listeners = openListeners(config, app.getHttpAdapter().getInstance() as unknown as FastifyInstance, authority, log, changed);
  let stopping: Promise<void> | null = null;
  const stop = async () => {
    // Its last words may take a while; what serves does not wait for them.
    const silent = watching.stop();
    retention.stop();
    await library.stop();
    liveSettings.stop();
    await upkeep.stop();
    await secrets?.stop();
    losses.stop();
    agents?.stop();
    await lifecycle.stop();
    link.close();
    listeners?.close();
    authority.close();
    await app.close();
    await silent;
    await store.close();
  };
  return {
    report,
    stop: async () => {
      stopping ??= stop();
      await stopping;
    },
  };
}

/** In another site no receiver runs. */
function dataNodesOf({ config }: ManagerConfig): readonly string[] {
  return config.cluster.members
    .filter(({ kind }) => kind === 'data')
    .map(({ id }) => id)
    .sort();
}

/** Consoles to which somebody goes by hand, or the page by itself: with an address of the Master's own nobody has to. */
function othersOf({ node, vip, port, config }: ManagerConfig): readonly string[] {
  if (vip !== null) return [];
  return config.cluster.members
    .filter(({ id, kind }) => kind === 'data' && id !== node)
    .map(({ address }) => `${address.includes(':') ? `[${address}]` : address}:${port}`);
}

/** null: this process was given no keys. */
function keeperOf(
  { config, store, secrets, clock, log }: ManagerParts,
  authority: Authority,
  isReady: () => boolean,
): SecretKeeper | null {
  const { keys: ring, controlSocket } = config;
  if (secrets === undefined || ring === undefined) return null;
  return new SecretKeeper({
    ...{ node: config.node, ring, codec: secrets, tables: store.secrets, authority, isReady, clock, log },
    status: async () => StatusSchema.parse(await askController(controlSocket, { method: 'status' }, STATUS_DEADLINE_MS)),
    members: config.config.cluster.members.flatMap(({ id, kind }) => (kind === 'witness' ? [] : [id])),
  });
}

function tracerOf(
  { node, stateDir, config, keys }: ManagerConfig,
  { traces }: ManagerStore,
  dataNodes: readonly string[],
): IngestTracer {
  const peer = dataNodes.find((each) => each !== node) ?? '';
  return new IngestTracer({ node, peer, stateDir, keys, sources: sourceProperties(config.receiver), traces });
}

function apiSettingsOf({ config, loginsPerMinute }: ManagerParts, dataNodes: readonly string[]): ApiSettings {
  const { secrets, config: file } = config;
  return {
    node: config.node,
    sessionKey: secrets.sessionKey,
    probeToken: secrets.probeToken,
    metricsToken: secrets.metricsToken ?? null,
    dataNodes,
    others: othersOf(config),
    staticDir: config.staticDir,
    loginsPerMinute: loginsPerMinute ?? LOGINS_PER_MINUTE,
    clusterId: file.cluster.id,
    access: file.access,
    journals: file.journal.encryption,
  };
}
